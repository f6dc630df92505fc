/**
 * `node bench/peers/fetch.mjs`: brings the peers' programs, as Debian packages that are unpacked into the user's cache folder and not
 * installed. Packages of newer Debian suites come through an apt configuration of our own; the system's is only read. Once fetched,
 * programs are found without a network.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder, installedPackages, installedSuite, newerSuites, peerPackages } from './programs.mjs'

function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  if (result.error !== undefined) throw result.error
  if (result.status !== 0) throw new Error(`${command} ${args[0]}: ${result.stderr.trim().split('\n').at(-1)}`)
  return result.stdout
}

/** Of the package `debian-archive-keyring`, which every Debian has. */
const debianKeys = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The mirror that this system gets Debian from. */
function debianMirror() {
  const targets = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
  const mirror = targets.split('\n').find((uri) => /\/debian\/?$/.test(uri))
  if (mirror === undefined) throw new Error('this system has no Debian among its package sources')
  return mirror
}

/** Options that turn every path of apt away from the system, after its lists are there. */
function ownAptOptions(suite) {
  const folder = join(cacheFolder(), 'apt', suite)
  for (const part of ['etc/preferences.d', 'etc/apt.conf.d', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(folder, part), { recursive: true })
  }
  const sources = join(folder, 'etc/sources.list')
  writeFileSync(sources, `deb [signed-by=${debianKeys}] ${debianMirror()} ${suite} main\n`)
  writeFileSync(join(folder, 'state/status'), '')
  const options = [
    `Dir::Etc=${join(folder, 'etc')}`,
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::status=${join(folder, 'state/status')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
  ].flatMap((option) => ['-o', option])
  run('apt-get', ['update', '-qq', ...options], folder)
  return options
}

function fetchPackage(name, suite, options) {
  const folder = join(cacheFolder(), suite)
  mkdirSync(folder, { recursive: true })
  const arriving = mkdtempSync(join(folder, 'arriving-'))
  try {
    run('apt-get', ['download', '-qq', ...options, name], arriving)
    const [file] = readdirSync(arriving)
    const target = join(folder, decodeURIComponent(file).replace(/\.deb$/, ''))
    if (!existsSync(target)) run('dpkg', ['-x', file, target], arriving)
    console.log(`${name}, ${suite}: ${target}`)
  } finally {
    rmSync(arriving, { recursive: true, force: true })
  }
}

let failed = 0
for (const suite of [installedSuite, ...newerSuites]) {
  try {
    const options = suite === installedSuite ? [] : ownAptOptions(suite)
    for (const name of suite === installedSuite ? installedPackages : peerPackages) fetchPackage(name, suite, options)
  } catch (error) {
    failed++
    console.error(`SKIPPED ${suite}: ${error.message}`)
  }
}
process.exitCode = failed === 0 ? 0 : 1

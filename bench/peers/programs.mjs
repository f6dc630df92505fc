/**
 * Where the peers' programs are: named by an environment variable, unpacked into the cache by `fetch.mjs`, or on the PATH. A peer
 * whose program is not found is skipped, and the table says so.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The Debian suite that the machine runs, as a folder of the cache. */
export const installedSuite = 'installed'
/** The newest first: one whose libraries the machine does not have gives way to the next. */
export const newerSuites = ['sid', 'trixie']
export const peerPackages = ['victoria-metrics', 'prometheus']
/** Only of the suite that the machine runs. */
export const installedPackages = [...peerPackages, 'influxdb']

/** The command has the name of its package. */
export const peerPrograms = {
  vm: { product: 'VictoriaMetrics', command: 'victoria-metrics', variable: 'BIN_VM', suites: newerSuites },
  prom: { product: 'Prometheus', command: 'prometheus', variable: 'BIN_PROM', suites: newerSuites },
  'vm-old': { product: 'VictoriaMetrics', command: 'victoria-metrics', variable: 'BIN_VM_OLD', suites: [installedSuite] },
  'prom-old': { product: 'Prometheus', command: 'prometheus', variable: 'BIN_PROM_OLD', suites: [installedSuite] },
}

/** Measured by `bench/influx.mjs` alone: it takes neither remote write nor OTLP. */
export const influxProgram = {
  product: 'InfluxDB',
  command: 'influxd',
  packageName: 'influxdb',
  variable: 'BIN_INFLUX',
  suites: [installedSuite],
}

export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bellwether-bench')
}

/** `{ name, product, path, version }`, or `{ name, product, missing }` with the reason in words. */
export function findPeer(name, program = peerPrograms[name]) {
  const { product, command, packageName = command, variable, suites } = program
  const given = process.env[variable]
  if (given !== undefined && !runs(given)) return { name, product, missing: `${variable}=${given} cannot be run` }
  const path =
    given ??
    suites.flatMap((suite) => unpacked(command, packageName, suite)).find(runs) ??
    (suites === newerSuites ? null : onPath(command))
  if (path === null) return { name, product, missing: `no program: set ${variable}, or run \`node bench/peers/fetch.mjs\`` }
  return { name, product, path, version: versionOf(path) }
}

/** The unpacked packages of a suite, newest first: `<cache>/<suite>/<package>_<version>_<architecture>/usr/bin/<command>`. */
function unpacked(command, packageName, suite) {
  const folder = join(cacheFolder(), suite)
  return namesIn(folder)
    .filter((name) => name.startsWith(`${packageName}_`))
    .sort(new Intl.Collator('en', { numeric: true }).compare)
    .map((name) => join(folder, name, 'usr/bin', command))
    .toReversed()
}

function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function onPath(command) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, command)).find(runs) ?? null
}

/** Executable, and its libraries are there. */
function runs(path) {
  try {
    accessSync(path, constants.X_OK)
    return spawnSync(path, ['--help']).status !== 127
  } catch {
    return false
  }
}

/** Debian's VictoriaMetrics does not know its own version; the folder that it was unpacked into does, or the package database. */
function versionOf(path) {
  const said = spawnSync(path, ['--version'], { encoding: 'utf8' })
  const printed = /version (\d[\w.]*)/.exec(`${said.stdout}${said.stderr}`)?.[1]
  return printed ?? /_(\d+(?:\.\d+)+)/.exec(path)?.[1] ?? debianVersion(path) ?? 'unknown'
}

function debianVersion(path) {
  const owner = spawnSync('dpkg-query', ['-W', '-f=${Version}', path.split('/').at(-1)], { encoding: 'utf8' })
  return owner.status === 0 ? /^[\d.]+/.exec(owner.stdout)?.[0] : undefined
}

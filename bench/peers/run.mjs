/**
 * `npm run bench:peers -- --short` (or `--long`): the same work into Bellwether and each peer in alternation on this machine, and one
 * table. See bench/README.md for what is measured how, and `--help` for the options.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from '../../scripts/build.mjs'
import { machineNow, revision } from './machine.mjs'
import { parseOptions } from './options.mjs'
import { findPeer, peerPrograms } from './programs.mjs'
import { measureWorkload } from './measure.mjs'
import { profileWorkloads } from './profile.mjs'
import { rewriteSection } from './readme-section.mjs'
import { renderReport } from './report.mjs'
import { ownProgram } from '../program.mjs'

const here = dirname(fileURLToPath(import.meta.url))

/** What is there to be measured: `{ peers, skipped: [{ peer, reason }] }`. */
function chooseServers(options) {
  const peers = []
  const skipped = []
  for (const name of options.peers) {
    if (name === 'bellwether') peers.push({ name, product: 'Bellwether', version: revision(options.program), program: options.program })
    else {
      const peer = findPeer(name)
      if (peer.missing === undefined) peers.push(peer)
      else skipped.push({ peer: name, reason: peer.missing })
    }
  }
  return { peers, skipped }
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { loads: {} }
  }
}

async function measureAll(options, log) {
  const { peers, skipped } = chooseServers(options)
  for (const { peer, reason } of skipped) log(`SKIPPED ${peer}: ${reason}`)
  const kept = options.add ? readResults(options.out) : { loads: {} }
  const report = { form: options.form, loads: kept.loads }
  for (const name of options.loads) {
    const startedMs = Date.now()
    const machine = machineNow()
    const measured = await measureWorkload(name, { ...options, peers }, log)
    const servers = peers.map(({ name: server, product, version }) => ({ server, product, version }))
    report.loads[name] = {
      ...measured,
      servers,
      skipped: [...skipped, ...measured.skipped],
      machine,
      tookSec: (Date.now() - startedMs) / 1000,
    }
    mkdirSync(dirname(options.out), { recursive: true })
    writeFileSync(options.out, `${JSON.stringify(report, null, 1)}\n`)
  }
  return report
}

/** Shows it, and puts it into the README when that was asked for. */
function publish(section, text, options) {
  console.log(text)
  if (options.readme) rewriteSection(join(here, '..', 'README.md'), `peers ${section}`, text)
}

const options = parseOptions(process.argv.slice(2), {
  peers: ['bellwether', ...Object.keys(peerPrograms)],
  ownProgram,
  results: join(here, 'results'),
})
const log = (line) => console.error(line)
if (options.render) {
  const report = readResults(options.out)
  publish(report.form, renderReport(report), options)
} else {
  if (options.program === ownProgram && options.build && !(await build({ quiet: true }))) process.exit(1)
  if (options.profile) publish('profile', await profileWorkloads(options, log), options)
  else {
    const report = await measureAll(options, log)
    publish(report.form, renderReport(report), options)
    log(`\nkept in ${options.out}`)
  }
}

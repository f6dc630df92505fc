/** One workload on all servers: loads in alternation, then the queries on the servers of the last run, all of them up together. */
import { compareAnswers, summarize } from './answers.mjs'
import { endServer, runLoad } from './ingest-run.mjs'
import { millionQueries } from './million.mjs'
import { runQueries } from './query-run.mjs'
import { querySet } from './query-set.mjs'
import { prepare, workloadOf } from './workloads.mjs'

/** More series than a project may have by default, for the load that has them. */
const ownEnvironment = { million: { BELLWETHER_SERIES_MAX: '1200000' } }

/** Whose answers the others are compared with: the first that is there. */
const referenceOrder = ['prom', 'prom-old', 'vm', 'vm-old', 'bellwether']

/**
 * `{ about, samples, series, runs: [{ server, run, … }], skipped, queries, answers, memory, texts, later }`, plain data; `later` is what
 * servers did by themselves after their load, CPU s a million samples (Bellwether: rollups).
 */
export async function measureWorkload(name, options, log) {
  const workload = prepare(workloadOf(name, options.form), { endMs: options.endMs ?? Date.now() })
  const asks = workload.queries === true || workload.million === true
  const peers = options.peers
    .filter((peer) => options.peersOf(name).includes(peer.name))
    .map((peer) => (peer.name === 'bellwether' ? { ...peer, environment: ownEnvironment[name] } : peer))
  const state = { runs: [], skipped: [], servers: [] }
  try {
    for (let run = 0; run < options.runs; run++) {
      for (const peer of peers) {
        if (state.skipped.some((skip) => skip.peer === peer.name)) continue
        await loadOnce({ peer, workload, run, keep: asks && run === options.runs - 1 }, { options, state, log })
      }
    }
    const { about, samples, series } = workload
    const measured = { about, samples, series, runs: state.runs, skipped: state.skipped }
    return asks
      ? { ...measured, ...(await askAll(workload, { options, state, log })) }
      : { ...measured, queries: [], answers: [], memory: [] }
  } finally {
    for (const { server } of state.servers) await endServer(server)
  }
}

async function loadOnce({ peer, workload, run, keep }, { options, state, log }) {
  const outcome = await runLoad(peer, workload, { connections: options.connections, keep })
  if (outcome.skipped !== undefined) {
    state.skipped.push({ peer: peer.name, reason: outcome.skipped })
    log(`SKIPPED ${peer.name}, ${workload.name}: ${outcome.skipped}`)
    return
  }
  const { result } = outcome
  if (outcome.server !== undefined) state.servers.push({ server: outcome.server, restedSec: outcome.server.account.cpuSec() })
  state.runs.push({ server: peer.name, run, ...result })
  const cpu = `${result.steadyCpuSec.toFixed(2)} CPU s/M steady, ${result.allCpuSec.toFixed(2)} all`
  const loss = result.lossProblems.length === 0 ? 'nothing lost' : `LOST: ${result.lossProblems.join('; ')}`
  const errors = result.failures === 0 ? '' : `, ${result.failures} requests failed: ${result.errors[0]}`
  const rest = `peak ${result.peakRssMib.toFixed(0)} MiB, ${result.bytesPerSample.toFixed(2)} B a sample`
  log(`${workload.name} ${peer.name} run ${run + 1}: ${cpu}, ${(result.ratePerSec / 1e6).toFixed(2)} M/s, ${rest}, ${loss}${errors}`)
}

/** Waits until servers have done what they do later, and asks them in alternation. */
async function askAll(workload, { options, state, log }) {
  const later = []
  for (const { server, restedSec } of state.servers) {
    const isDone = await server.finishLater()
    const cpuSec = ((server.account.cpuSec() - restedSec) / workload.samples) * 1e6
    if (server.name === 'bellwether')
      later.push({ server: server.name, cpuSec, isDone, bytesPerSample: growth(server, state) / workload.samples })
  }
  const servers = state.servers.map(({ server }) => server)
  const all = workload.million === true ? millionQueries(workload) : querySet(workload)
  const queries = all.filter(({ name }) => options.only === null || options.only.test(name))
  const { runs: passes, calls, seconds: secMax } = options
  const rows = await runQueries(servers, queries, { passes, calls, secMax })
  const memory = servers.map((server) => ({ server: server.name, ...server.account.memoryMib(), peak: server.account.takePeakMib() }))
  const answers = queries.flatMap(({ name }) => compareQuery(name, rows, log))
  // The answers themselves are too much to keep; what was seen in them is kept.
  return { queries: rows.map((row) => ({ ...row, answer: undefined })), answers, memory, texts: queries.map(textOf), later }
}

/** Bytes that the directory has grown by since the server was ready, in its last run. */
function growth(server, { runs }) {
  const disk = server.disk()
  return disk.allBytes - (disk.replacedBytes ?? 0) - runs.findLast((run) => run.server === server.name).emptyDiskBytes
}

function textOf({ name, query }) {
  return { name, query }
}

function compareQuery(name, rows, log) {
  const first = rows.filter((row) => row.query === name && row.answer !== null && row.answer !== undefined)
  const reference = referenceOrder.map((server) => first.find((row) => row.server === server)).find((row) => row !== undefined)
  for (const row of rows) if (row.query === name && row.error !== null) log(`${row.server} does not answer ${name}: ${row.error}`)
  if (reference === undefined) return []
  return first.map(({ server, answer }) => ({
    query: name,
    server,
    reference: reference.server,
    ...summarize(answer),
    ...compareAnswers(reference.answer, answer),
  }))
}

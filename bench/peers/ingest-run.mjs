/**
 * One load into one server on an empty folder: start, rest, load, flush, rest, merge, rest; then whether everything is still there.
 * The server is left running for queries when `keep` is set.
 */
import { findLoss } from './loss.mjs'
import { sendBodies } from './load.mjs'
import { refusalOf, startServer } from './servers.mjs'

/**
 * Resolves to `{ result }`, with `server` when it is kept, or to `{ skipped }` with the reason.
 */
export async function runLoad(peer, workload, { connections, keep = false }) {
  const server = await startServer(peer)
  let isKept = false
  try {
    const refusal = await refusalOf(server, workload.kind, workload.headers)
    if (refusal !== null) return { skipped: refusal }
    const result = await measure(server, workload, connections)
    isKept = keep
    return isKept ? { result, server } : { result }
  } finally {
    if (!isKept) await endServer(server)
  }
}

/** Merges of the largest load, and work that began meanwhile, end before this. */
const restMsMax = 150_000

/** Stops it and removes its folder. */
export async function endServer(server) {
  await server.stop()
  server.scratch.remove()
}

async function measure(server, workload, connections) {
  const { account } = server
  await account.settle({ quietMs: 1000 })
  const empty = { memory: account.memoryMib(), diskBytes: server.disk().allBytes }
  account.takePeakMib()
  const target = { url: server.url, path: server.paths[workload.kind], headers: workload.headers, connections, inStep: workload.inStep }

  const startSec = account.cpuSec()
  const warm = await sendBodies(
    workload.bodies.filter(({ step }) => step < workload.warmSteps),
    target,
  )
  const warmSec = account.cpuSec()
  const steady = await sendBodies(
    workload.bodies.filter(({ step }) => step >= workload.warmSteps),
    target,
  )
  const steadySec = account.cpuSec()
  await server.flush()
  const flushed = await account.settle({ waitMsMax: restMsMax })
  const restedSec = account.cpuSec()
  if (server.merge !== null) await server.merge()
  const merged = server.merge === null || (await account.settle({ waitMsMax: restMsMax }))
  const mergedSec = account.cpuSec()

  const acknowledged = warm.acknowledged + steady.acknowledged
  const perMillion = (sec, samples) => (sec / samples) * 1e6
  const disk = server.disk()
  const peakRssMib = account.takePeakMib()
  const memory = account.memoryMib()
  const rolledSamples = await server.rolledSamples()
  const loss = await findLoss(server, workload)
  return {
    samples: workload.samples,
    acknowledged,
    ratePerSec: steady.acknowledged / (steady.wallMs / 1000),
    steadyCpuSec: perMillion(steadySec - warmSec, steady.acknowledged),
    restedCpuSec: perMillion(restedSec - startSec, acknowledged),
    allCpuSec: perMillion(mergedSec - startSec, acknowledged),
    p50Ms: steady.p50Ms,
    p95Ms: steady.p95Ms,
    emptyRssMib: empty.memory.rss,
    emptyPssMib: empty.memory.pss,
    peakRssMib,
    idleRssMib: memory.rss,
    idlePssMib: memory.pss,
    disk,
    emptyDiskBytes: empty.diskBytes,
    bytesPerSample: (disk.allBytes - (disk.replacedBytes ?? 0) - empty.diskBytes) / acknowledged,
    wholeBytesPerSample: disk.allBytes / acknowledged,
    rolledShare: rolledSamples === null ? null : rolledSamples / acknowledged,
    cameToRest: flushed && merged,
    refusals: warm.refusals + steady.refusals,
    failures: warm.failures + steady.failures,
    errors: [...warm.errors, ...steady.errors],
    lossProblems: loss.problems,
  }
}

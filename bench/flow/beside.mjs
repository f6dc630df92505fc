/**
 * Metrics that come in beside what is measured: a process of its own sends 20,000 samples a second of 10,000 series by remote write. What they
 * cost the program alone is measured first, so that it can be taken out of what both cost together.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { processTree, roleOf } from '../process-tree.mjs'
import { startSenders } from './senders.mjs'

const samplesPerSec = 20_000
const connections = 10
const hosts = 100
/** Series are new at first, and the first segments are written. */
const warmSec = 10
const aloneSec = 15

/** CPU seconds of the tree by role, those of all as `all`. */
export function cpuByRole(pid) {
  const sums = { all: 0 }
  for (const { pid: each, cpuSec, endedSec } of processTree(pid)) {
    const role = roleOf(each, pid)
    sums[role] = (sums[role] ?? 0) + cpuSec
    sums.all += cpuSec + endedSec
  }
  return sums
}

/** Nothing beside: what `startBeside` gives where nobody asked for it. */
export const nothingBeside = { costSec: () => 0, stop: async () => undefined }

/**
 * Starts sending and says what it costs alone. `costSec(elapsedSec, role)` is what it costs in so much time; `stop` ends it and prints what was
 * taken.
 */
export async function startBeside({ url, pid }) {
  const senders = await startSenders({ url, kind: 'remoteWrite', connections, hosts, run: Date.now() })
  await senders.rate(samplesPerSec)
  await sleep(warmSec * 1000)
  await senders.tally()
  const before = cpuByRole(pid)
  const startedMs = performance.now()
  await sleep(aloneSec * 1000)
  const elapsedSec = (performance.now() - startedMs) / 1000
  const after = cpuByRole(pid)
  const alone = await senders.tally()
  const perSec = Object.fromEntries(Object.entries(after).map(([role, sec]) => [role, (sec - (before[role] ?? 0)) / elapsedSec]))
  console.log(
    `beside: ${Math.round(alone.acknowledged / elapsedSec)} samples/s of ${senders.series} series, alone ${(perSec.all * 100).toFixed(1)} % of a core`,
  )
  return {
    costSec: (seconds, role = 'all') => (perSec[role] ?? 0) * seconds,
    async stop() {
      const { acknowledged, heldBack, errors } = await senders.tally()
      console.log(`beside: ${acknowledged} samples since, ${heldBack} held back, ${errors} errors`)
      await senders.stop()
      senders.close()
    },
  }
}

/** The parent's side of a process of senders. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { LatencyCounts } from './latency-counts.mjs'

const program = fileURLToPath(new URL('sender-process.mjs', import.meta.url))

/** Starts a process with `connections` senders of `hosts` times ten series each. */
export async function startSenders(facts) {
  const child = fork(program, [], { execArgv: [] })
  const waiting = new Map()
  let lastId = 0
  child.on('message', ({ id, result }) => {
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  const ask = (command, more) =>
    new Promise((resolve) => {
      waiting.set(++lastId, resolve)
      child.send({ id: lastId, command, facts: more })
    })
  const about = await ask('open', facts)
  return {
    ...about,
    pid: child.pid,
    rate: (perSecond) => ask('rate', { perSecond }),
    churn: (round) => ask('churn', { round }),
    async tally() {
      const { acked, refused, ...counts } = await ask('tally')
      return { ...counts, acked: new LatencyCounts().merge(acked), refused: new LatencyCounts().merge(refused) }
    },
    stop: () => ask('stop'),
    ledger: () => ask('ledger'),
    close: () => child.disconnect(),
  }
}

/** Several tallies as one. */
export function sumTallies(tallies) {
  const sum = {
    acknowledged: 0,
    requests: 0,
    heldBack: 0,
    withoutRetryAfter: 0,
    errors: 0,
    firstError: null,
    statuses: {},
    acked: new LatencyCounts(),
    refused: new LatencyCounts(),
  }
  for (const tally of tallies) {
    for (const key of ['acknowledged', 'requests', 'heldBack', 'withoutRetryAfter', 'errors']) sum[key] += tally[key]
    sum.firstError ??= tally.firstError
    for (const [status, count] of Object.entries(tally.statuses)) sum.statuses[status] = (sum.statuses[status] ?? 0) + count
    sum.acked.merge(tally.acked.toJSON())
    sum.refused.merge(tally.refused.toJSON())
  }
  return sum
}

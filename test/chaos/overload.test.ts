/**
 * More at a time than the program has memory for, from senders that do not wait: refusals are orderly, health and queries are answered,
 * everything acknowledged is there, and one sender alone is let in again at once. How fast it all is, bench/overload.mjs measures.
 */
import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { otlpProtobuf } from '../../apps/server/src/protocols/testing/otlp-bodies.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { until } from '../support/wait.ts'

const metricName = 'overload_samples'
const senderCount = 120
/** Half a megabyte a body: all of them together are more than a project may hold on the smallest machine. */
const pointsPerBody = 2000
const padding = 'a label value that is longer than most '.repeat(6)
const overloadMs = 6_000
/** A sender that does not heed `Retry-After`. */
const impatientMs = 50

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** Acknowledged times, and the number of every answer. */
interface Sender {
  readonly acknowledged: Map<number, number>
  readonly sent: Map<number, number>
  readonly answers: Answer[]
}

function bodyOf(sender: number, timeMs: number, value: number): Buffer {
  const points = Array.from({ length: pointsPerBody }, (_, slot) => ({
    attributes: [
      ['sender', String(sender)],
      ['slot', String(slot)],
      ['padding', padding],
    ] as const,
    timeMs,
    double: value,
  }))
  return otlpProtobuf({ metrics: [{ kind: 'gauge', name: metricName, points }] })
}

function post(running: RunningBellwether, agent: Agent, body: Buffer): Promise<Answer> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-length': body.length,
    authorization: `Bearer ${running.ingestKey}`,
  }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${running.url}/v1/metrics`, { method: 'POST', agent, headers }, (incoming) => {
      incoming.on('error', reject).on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, retryAfter: incoming.headers['retry-after'] })
      })
      incoming.resume()
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function sendUntil(running: RunningBellwether, index: number, deadlineMs: number): Promise<Sender> {
  const sender: Sender = { acknowledged: new Map(), sent: new Map(), answers: [] }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let lastMs = 0
  for (let value = 1; performance.now() < deadlineMs; value++) {
    const timeMs = Math.max(Date.now(), lastMs + 1)
    lastMs = timeMs
    sender.sent.set(timeMs, value)
    const answer = await post(running, agent, bodyOf(index, timeMs, value))
    sender.answers.push(answer)
    if (answer.status === 200) sender.acknowledged.set(timeMs, value)
    else await sleep(impatientMs)
  }
  agent.destroy()
  return sender
}

/** Asks for health and for a small query until `over`; gives the statuses. */
async function askMeanwhile(running: RunningBellwether, over: Promise<unknown>): Promise<{ health: Set<number>; queries: Set<string> }> {
  const asked = { health: new Set<number>(), queries: new Set<string>() }
  const state = { isOver: false }
  void over.finally(() => (state.isOver = true))
  while (!state.isOver) {
    for (const path of ['/health/live', '/health/ready']) asked.health.add((await fetch(new URL(path, running.url))).status)
    asked.queries.add((await asker(running.url, running.adminToken)('/api/v1/query', { query: `count(${metricName}{slot="0"})` })).status)
    await sleep(100)
  }
  return asked
}

test('three times too much is refused in an orderly way', { timeout: 120_000 }, async () => {
  await using running = await startBellwether({
    // 240,000 series of one metric are more than it may have by default; what a limit drops is another story.
    environment: { BELLWETHER_SELF_WATCH: 'off', BELLWETHER_MEMORY_MAX: '512MiB', BELLWETHER_SERIES_PER_METRIC_MAX: '1000000' },
  })
  const fromMs = Date.now()
  const deadlineMs = performance.now() + overloadMs
  const sending = Promise.all(Array.from({ length: senderCount }, (_, index) => sendUntil(running, index, deadlineMs)))
  const asked = await askMeanwhile(running, sending)
  const senders = await sending
  const answers = senders.flatMap((sender) => sender.answers)

  expect(asked).toEqual({ health: new Set([200]), queries: new Set(['success']) })
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]))
  for (const { retryAfter } of answers.filter(({ status }) => status === 503)) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)

  const agent = new Agent({ keepAlive: true })
  await until(
    'one sender alone to be let in',
    async () => (await post(running, agent, bodyOf(senderCount, Date.now(), 1))).status === 200,
    10_000,
  )
  agent.destroy()
  await checkStored(running, senders, fromMs)
})

/** One series of every sender: what was acknowledged is there, and nothing that was never sent. */
async function checkStored(running: RunningBellwether, senders: readonly Sender[], fromMs: number): Promise<void> {
  const untilSec = Date.now() / 1000 + 5
  const query = `${metricName}{slot="${pointsPerBody - 1}"}[${Math.ceil(untilSec - fromMs / 1000) + 5}s]`
  const answer = await asker(running.url, running.adminToken)('/api/v1/query', { query, time: String(untilSec) })
  expect(answer.status, answer.error).toBe('success')
  const found = new Map<number, Map<number, number>>()
  for (const [labels, points] of comparable(answer)) {
    const sender = Number(new Map(JSON.parse(labels) as [string, string][]).get('sender'))
    found.set(sender, new Map(points.map(([timeSec, value]) => [Math.round(timeSec * 1000), Number(value)])))
  }
  let expected = 0
  senders.forEach(({ acknowledged, sent }, sender) => {
    const there = found.get(sender) ?? new Map<number, number>()
    expected += acknowledged.size
    const lost = [...acknowledged].filter(([timeMs, value]) => there.get(timeMs) !== value)
    const invented = [...there].filter(([timeMs, value]) => sent.get(timeMs) !== value)
    expect({ sender, lost, invented }).toEqual({ sender, lost: [], invented: [] })
  })
  expect(expected).toBeGreaterThan(0)
}

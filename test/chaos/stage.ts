/**
 * One fault from begin to end: load on a warm installation, readiness watched, the fault, the recovery, and what became of the
 * samples. The store can only be read while the program is down, so the counting is done for several faults at once when time is
 * short, and after each one otherwise.
 */
import { expect } from 'vitest'
import { asker } from '../support/prometheus-api.ts'
import { until } from '../support/wait.ts'
import type { Installation } from './installation.ts'
import { loadMetric, type LoadProtocol } from './load-bodies.ts'
import { Load } from './load.ts'
import type { Outcome } from './outcomes.ts'
import { readStore, tally, type StoredRequests, type Tally } from './tally.ts'
import { TruthWatch } from './truth.ts'

/** Samples, log records or spans of one request. */
const slots = 400
const senders = { 'remote-write': 2, otlp: 2, 'otlp-logs': 2, 'otlp-traces': 2 } as const

/** How far readiness may be from the truth, ms. */
export interface TruthLimits {
  readonly wronglyReadyMsMax: number
  readonly wronglyNotReadyMsMax: number
}

/** Of the slowest of several faults of one sort. */
export interface Noticed {
  /** From the fault to the first word that the program is not ready; null when there was none. */
  readonly toldMs: number | null
  /** From the end of the fault until the program was ready and answered. */
  readonly recoveryMs: number
}

/** What a fault is expected to cost, and what it was found to cost. */
export interface Played {
  readonly outcome: Omit<Outcome, 'tally'>
  readonly load: Load
  readonly limits: TruthLimits
  /** Samples that the fault destroyed. */
  readonly destroyed: number
  /** By sender: what a query counted before the program was stopped. */
  readonly queried: ReadonlyMap<number, number>
}

export class Stage implements AsyncDisposable {
  readonly installation: Installation
  readonly load: Load
  readonly watch: TruthWatch
  readonly #beganMs = performance.now()

  constructor(installation: Installation) {
    this.installation = installation
    this.load = new Load(installation.running, { senders, slots })
    this.watch = new TruthWatch(installation)
  }

  /** Nothing to send to; the senders wait. */
  pause(): void {
    this.load.target = null
  }

  async restart(): Promise<void> {
    this.load.target = await this.installation.start()
  }

  /** To be called when the fault is over and the program is well. */
  async finish(scenario: string, noticed: Noticed, found: { destroyed?: number; limits: TruthLimits }): Promise<Played> {
    const { installation, load, watch } = this
    const wellMs = performance.now()
    await load.goesOn(10)
    await until('the log to be caught up', async () => (await installation.metric('bellwether_ingest_queue_oldest_seconds')) < 3, 120_000)
    const caughtUpMs = performance.now() - wellMs
    await load.stop()
    const outcome = { scenario, ...noticed, truth: watch.since(this.#beganMs), caughtUpMs }
    return { outcome, load, limits: found.limits, destroyed: found.destroyed ?? 0, queried: await countByQuery(installation, load) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load.stop()
    await this.watch[Symbol.asyncDispose]()
  }
}

/** Protocols whose data a query of metrics sees. */
const samplesOf: ReadonlySet<LoadProtocol> = new Set(['remote-write', 'otlp'])

async function countByQuery({ running }: Installation, { sent, protocols }: Load): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for (const [sender, requests] of sent) {
    // Logs and spans are seen once they are in the store, where they are counted.
    if (!samplesOf.has(protocols.get(sender) ?? 'otlp')) continue
    const times = [...requests.keys()]
    const fromMs = times[0] ?? 0
    const toMs = times.at(-1) ?? 0
    const query = `sum(count_over_time(${loadMetric}{sender="${sender}"}[${Math.ceil((toMs - fromMs) / 1000) + 5}s]))`
    const answer = await asker(running.url, running.adminToken)('/api/v1/query', { query, time: String(toMs / 1000 + 1) })
    expect(answer.status, answer.error).toBe('success')
    const [result] = answer.data?.result ?? []
    counts.set(sender, typeof result === 'object' ? Number(result.value?.[1]) : 0)
  }
  return counts
}

/** Stops the program and counts: everything acknowledged is there, once, with its value, but for what a fault destroyed. */
export async function settle(installation: Installation, all: readonly Played[]): Promise<Outcome[]> {
  const { code } = await installation.stop()
  expect(code).toBe(0)
  const { requests: stored, spans, countedSpans } = await readStore(installation.dataDir, slots)
  // What is counted beside the spans is written with them, so it is as exact as they are.
  expect.soft(countedSpans, 'spans as the operations count them').toBe(spans)
  return all.map((played) => {
    const counted = tally(played.load, stored)
    check(played, counted, stored)
    return { ...played.outcome, tally: counted }
  })
}

function check({ outcome: { scenario, truth }, limits, destroyed, queried }: Played, counted: Tally, stored: StoredRequests): void {
  expect.soft(truth.wronglyReadyMs, `${scenario}: ready was told while it did not answer`).toBeLessThan(limits.wronglyReadyMsMax)
  expect.soft(truth.wronglyNotReadyMs, `${scenario}: not ready was told while it answered`).toBeLessThan(limits.wronglyNotReadyMsMax)
  const { doubled, kept, invented, halves } = counted
  expect.soft({ scenario, doubled, kept, invented, halves }).toEqual({ scenario, doubled: 0, kept: 0, invented: 0, halves: 0 })
  expect.soft(counted.acknowledged, scenario).toBeGreaterThan(50 * slots)
  expect.soft(counted.found, scenario).toBe(counted.acknowledged - counted.lost + counted.unansweredFound)
  // What a fault destroyed had been acknowledged, or was just being sent.
  expect.soft(counted.lost, `${scenario}: lost`).toBeLessThanOrEqual(destroyed)
  expect.soft(counted.lost, `${scenario}: lost`).toBeGreaterThanOrEqual(destroyed - counted.unanswered)
  const inStore = new Map<number, number>()
  for (const [key, { different }] of stored) {
    const sender = Number(key.split('/')[0])
    if (queried.has(sender)) inStore.set(sender, (inStore.get(sender) ?? 0) + different)
  }
  expect.soft([...queried].sort(byNumber), `${scenario}: what a query saw`).toEqual([...inStore].sort(byNumber))
}

function byNumber([a]: readonly [number, number], [b]: readonly [number, number]): number {
  return a - b
}

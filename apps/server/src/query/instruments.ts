/** What queries count about themselves. */
import { Counter, Gauge, Histogram, type Registry } from '../kernel/instruments.ts'
import type { QueryClass } from './limits.ts'
import type { Turnstile } from './turnstile.ts'

export interface QueryInstruments {
  /** One query ended. `outcome`: `ok` or the code of the error. */
  ended(
    queryClass: QueryClass,
    outcome: string,
    cost: { readonly totalMs: number; readonly queuedMs: number; readonly samples: number },
  ): void
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function createQueryInstruments(registry: Registry, turnstiles: Readonly<Record<QueryClass, Turnstile>>): QueryInstruments {
  const registers = [registry]
  const queries = new Counter({
    name: 'bellwether_queries_total',
    help: 'Queries by class and outcome.',
    labelNames: ['class', 'outcome'],
    registers,
  })
  const samples = new Counter({
    name: 'bellwether_query_samples_total',
    help: 'Samples read by queries.',
    labelNames: ['class'],
    registers,
  })
  const seconds = new Histogram({
    name: 'bellwether_query_duration_seconds',
    help: 'Time from a query to its result, waiting included.',
    labelNames: ['class'],
    buckets: secondsBuckets,
    registers,
  })
  const waited = new Histogram({
    name: 'bellwether_query_queue_duration_seconds',
    help: 'Time a query waited for its turn.',
    labelNames: ['class'],
    buckets: secondsBuckets,
    registers,
  })
  const gauge = (name: string, help: string, read: (turnstile: Turnstile) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['class'],
      registers,
      collect() {
        for (const [queryClass, turnstile] of Object.entries(turnstiles)) this.set({ class: queryClass }, read(turnstile))
      },
    })
  gauge('bellwether_queries_running', 'Queries evaluated now.', (turnstile) => turnstile.running)
  gauge('bellwether_queries_queued', 'Queries waiting for their turn.', (turnstile) => turnstile.queued)
  return {
    ended(queryClass, outcome, cost) {
      queries.inc({ class: queryClass, outcome })
      samples.inc({ class: queryClass }, cost.samples)
      seconds.observe({ class: queryClass }, cost.totalMs / 1000)
      waited.observe({ class: queryClass }, cost.queuedMs / 1000)
    },
  }
}

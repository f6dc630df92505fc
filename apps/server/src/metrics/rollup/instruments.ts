/** What rollups count about themselves. */
import { Counter, Gauge, type Registry } from '../../kernel/instruments.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RollupMarks } from './marks.ts'

export interface RollupInstruments {
  readonly rounds: Counter
  readonly failures: Counter
  readonly seconds: Counter
  readonly samples: Counter
  readonly rows: Counter<'table'>
  readonly lateBuckets: Counter
}

export function createRollupInstruments(registry: Registry, marks: RollupMarks, clock: Pick<Clock, 'nowMs'>): RollupInstruments {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
  gauge('bellwether_rollup_lag_seconds', 'Age of the newest bucket that queries may be answered from.', () =>
    Number.isFinite(marks.closedMs) ? Math.max(0, clock.nowMs() - marks.closedMs) / 1000 : 0,
  )
  gauge('bellwether_rollup_late_buckets', 'Buckets that late samples came into and that wait to be made again.', () => marks.lateCount)
  gauge('bellwether_rollup_late_samples', 'Samples that came into buckets made before, since the start.', () => marks.lateSamples)
  return {
    rounds: counter('bellwether_rollup_rounds_total', 'Rounds in which buckets were made.'),
    failures: counter('bellwether_rollup_failures_total', 'Rounds that failed and were repeated.'),
    seconds: counter('bellwether_rollup_busy_seconds_total', 'Time spent in making buckets, waiting for the engine included.'),
    samples: counter('bellwether_rollup_samples_total', 'Samples read to make buckets.'),
    rows: new Counter({ name: 'bellwether_rollup_rows_total', help: 'Rows of rollups written.', labelNames: ['table'], registers }),
    lateBuckets: counter('bellwether_rollup_late_buckets_made_total', 'Late buckets that were made (again).'),
  }
}

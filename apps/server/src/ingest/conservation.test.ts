/** The counters hold their law whatever order things happen in, and their metrics say the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createInstruments } from '../kernel/instruments.ts'
import { createConservation } from './conservation.ts'
import { conservationReasonsMax } from './limits.ts'
import { createIngestMetrics } from './metrics.ts'
import type { Conservation } from './ports.ts'

const logCounts = {
  appendedRecords: 9,
  appendedBytes: 1000,
  flushes: 4,
  failedFlushes: 1,
  damagedFiles: 2,
  damagedPlaces: 3,
  damagedBytes: 50,
  tornBytes: 60,
}

const tenant = { organizationId: 1, projectId: 2 }

/** What may happen to `rows` rows, each leaving the law intact. */
const fates: readonly ((counters: Conservation, projectId: number, rows: number) => void)[] = [
  (counters, projectId, rows) => {
    const to = { organizationId: 1, projectId }
    counters.received(to, 'metrics', rows, rows * 10)
    counters.refused(to, 'metrics', 'too_old', rows)
  },
  (counters, projectId, rows) => {
    const to = { organizationId: 1, projectId }
    counters.received(to, 'metrics', rows, 0)
    counters.dropped(to, 'metrics', 'sampled', rows)
  },
  (counters, projectId, rows) => {
    const to = { organizationId: 1, projectId }
    counters.received(to, 'metrics', rows, 0)
    counters.queued(to, 'metrics', rows)
  },
  (counters, projectId, rows) => {
    const to = { organizationId: 1, projectId }
    counters.recovered(to, 'metrics', rows)
    counters.stored(to, 'metrics', rows)
  },
  (counters, projectId, rows) => {
    const to = { organizationId: 1, projectId }
    counters.recovered(to, 'metrics', rows)
    counters.buried(to, 'metrics', rows)
  },
]

const steps = fc.array(fc.tuple(fc.nat(fates.length - 1), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 100_000 })), {
  maxLength: 200,
})

describe('the law', () => {
  test('holds after any sequence of whole movements', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const counters = createConservation()
        for (const [fate, projectId, rows] of sequence) fates[fate]?.(counters, projectId, rows)
        expect(counters.balance()).toEqual([])
        for (const row of counters.rows()) {
          const named = [...Object.values(row.refused), ...Object.values(row.dropped)].reduce((sum, count) => sum + count, 0)
          expect(row.received).toBe(row.stored + named + row.queued)
        }
      }),
    )
  })

  test('one forgotten movement shows, with project and size', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (sequence, rows) => {
        const counters = createConservation()
        for (const [fate, projectId, count] of sequence) fates[fate]?.(counters, projectId, count)
        counters.received({ organizationId: 9, projectId: 9 }, 'metrics', rows, 0)
        expect(counters.balance()).toEqual([{ organizationId: 9, projectId: 9, kind: 'metrics', difference: rows }])
      }),
    )
  })
})

test('reasons are bounded: further ones are counted as other', () => {
  const counters = createConservation()
  for (let at = 0; at < conservationReasonsMax + 20; at++) {
    counters.received(tenant, 'metrics', 1, 0)
    counters.refused(tenant, 'metrics', `reason_${at}`, 1)
  }
  const refused = counters.rows()[0]?.refused ?? {}
  expect(Object.keys(refused)).toHaveLength(conservationReasonsMax + 1)
  expect(refused['other']).toBe(20)
  expect(counters.balance()).toEqual([])
})

test('the metrics say what the counters say', async () => {
  const registry = createInstruments()
  const metrics = createIngestMetrics(registry)
  const counters = createConservation(metrics.conservation)
  metrics.watchLog({
    backlog: () => ({ segments: 2, records: 3, rows: 44, sizeBytes: 555, sizeBytesMax: 9999, oldestMs: 1500 }),
    counts: () => logCounts,
  })
  counters.received(tenant, 'metrics', 100, 2000)
  counters.refused(tenant, 'metrics', 'too_old', 7)
  counters.queued(tenant, 'metrics', 93)
  counters.stored(tenant, 'metrics', 50)
  counters.buried(tenant, 'metrics', 3)
  counters.leftOut(tenant, 'metrics', 'attributes_limit', 12)
  metrics.writer.inserted('samples', 50, 120)
  metrics.writer.retried('engine.timeout')
  metrics.writer.buried(3)
  const text = await registry.metrics()
  const labels = 'organization="1",project="2",kind="metrics"'
  for (const line of [
    `bellwether_ingest_received_total{${labels}} 100`,
    `bellwether_ingest_received_bytes_total{${labels}} 2000`,
    `bellwether_ingest_stored_total{${labels}} 50`,
    `bellwether_ingest_refused_total{${labels},reason="too_old"} 7`,
    `bellwether_ingest_dropped_total{${labels},reason="dead_letter"} 3`,
    `bellwether_ingest_left_out_total{${labels},reason="attributes_limit"} 12`,
    'bellwether_ingest_log_failed_flushes_total 1',
    'bellwether_ingest_log_damaged_files_total 2',
    'bellwether_ingest_queue_rows 44',
    'bellwether_ingest_queue_bytes 555',
    'bellwether_ingest_queue_oldest_seconds 1.5',
    'bellwether_ingest_insert_retries_total{code="engine.timeout"} 1',
    'bellwether_ingest_dead_letter_rows_total 3',
    'bellwether_ingest_insert_seconds_count{table="samples"} 1',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
})

/** Ingest's own metrics. Names are a contract with the dashboards and rules of the self-watcher. */
import type { Registry } from '../kernel/instruments.ts'
import { Counter, Gauge, Histogram } from '../kernel/instruments.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { ConservationSink } from './conservation.ts'
import type { IngestLog, Kind } from './ports.ts'
import type { WriterObserver } from './writer/writer.ts'

export interface IngestMetrics {
  readonly conservation: ConservationSink
  readonly writer: WriterObserver
  /** Reads the log whenever the metrics are read. */
  watchLog(log: Pick<IngestLog, 'backlog'>): void
}

const tenantLabels = ['organization', 'project', 'kind']

function labelsOf(tenant: Tenant, kind: Kind): Record<string, string> {
  return { organization: String(tenant.organizationId), project: String(tenant.projectId), kind }
}

function counter(registry: Registry, name: string, help: string, labelNames: string[]): Counter {
  return new Counter({ name, help, labelNames, registers: [registry] })
}

/** One per registry: a second call on the same one throws. */
export function createIngestMetrics(registry: Registry): IngestMetrics {
  const received = counter(registry, 'bellwether_ingest_received_total', 'Data points received.', tenantLabels)
  const receivedBytes = counter(registry, 'bellwether_ingest_received_bytes_total', 'Bytes received, as sent.', tenantLabels)
  const stored = counter(registry, 'bellwether_ingest_stored_total', 'Data points inserted into the engine.', tenantLabels)
  const refused = counter(registry, 'bellwether_ingest_refused_total', 'Data points refused; the sender was told.', [
    ...tenantLabels,
    'reason',
  ])
  const dropped = counter(registry, 'bellwether_ingest_dropped_total', 'Data points accepted and left out.', [...tenantLabels, 'reason'])
  const retries = counter(registry, 'bellwether_ingest_insert_retries_total', 'Steps of the writer that failed and were repeated.', [
    'code',
  ])
  const deadLetterRows = counter(registry, 'bellwether_ingest_dead_letter_rows_total', 'Data points moved to the dead letters.', [])
  const insertedRows = counter(registry, 'bellwether_ingest_inserted_rows_total', 'Rows inserted, by table.', ['table'])
  const insertSeconds = new Histogram({
    name: 'bellwether_ingest_insert_seconds',
    help: 'Duration of one successful insert.',
    labelNames: ['table'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  return {
    conservation: {
      received(tenant, kind, rows, bytes) {
        const labels = labelsOf(tenant, kind)
        // A raw record that held fewer points than its door counted takes some back; a counter cannot.
        received.inc(labels, Math.max(0, rows))
        receivedBytes.inc(labels, Math.max(0, bytes))
      },
      stored: (tenant, kind, rows) => stored.inc(labelsOf(tenant, kind), rows),
      refused: (tenant, kind, reason, rows) => refused.inc({ ...labelsOf(tenant, kind), reason }, rows),
      dropped: (tenant, kind, reason, rows) => dropped.inc({ ...labelsOf(tenant, kind), reason }, rows),
    },
    writer: {
      inserted(table, rows, durationMs) {
        insertedRows.inc({ table }, rows)
        insertSeconds.observe({ table }, durationMs / 1000)
      },
      retried: (code) => retries.inc({ code }),
      buried: (rows) => deadLetterRows.inc(rows),
    },
    watchLog: (log) => watchLog(registry, log),
  }
}

function watchLog(registry: Registry, log: Pick<IngestLog, 'backlog'>): void {
  function gauge(name: string, help: string, read: () => number): void {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) })
  }
  gauge('bellwether_ingest_queue_rows', 'Data points in the log and not inserted.', () => log.backlog().rows)
  gauge('bellwether_ingest_queue_segments', 'Segments in the log and not inserted.', () => log.backlog().segments)
  gauge('bellwether_ingest_queue_bytes', 'Bytes in the log and not inserted.', () => log.backlog().sizeBytes)
  gauge('bellwether_ingest_queue_bytes_max', 'Size at which the log refuses data.', () => log.backlog().sizeBytesMax)
  gauge('bellwether_ingest_queue_oldest_seconds', 'Age of the oldest data in the log.', () => log.backlog().oldestMs / 1000)
}

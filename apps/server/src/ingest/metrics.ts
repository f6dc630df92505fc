/** Ingest's own metrics. Names are a contract with the dashboards and rules of the self-watcher. */
import type { Registry } from '../kernel/instruments.ts'
import { Counter, Gauge, Histogram } from '../kernel/instruments.ts'
import type { ConservationSink, Movement } from './conservation.ts'
import type { IngestLog } from './ports.ts'
import type { SpoolCounts } from './log/spool-options.ts'
import type { WriterObserver } from './writer/writer.ts'

/** A log, and what its files went through when it is a spool. */
export type WatchedLog = Pick<IngestLog, 'backlog'> & { counts?(): SpoolCounts }

export interface IngestMetrics {
  readonly conservation: ConservationSink
  readonly writer: WriterObserver
  /** Reads the log whenever the metrics are read. A log that is not a spool has no counts of files. */
  watchLog(log: WatchedLog): void
}

const tenantLabels = ['organization', 'project', 'kind']

function labelsOf({ tenant, kind, reason }: Movement): Record<string, string> {
  const labels = { organization: String(tenant.organizationId), project: String(tenant.projectId), kind }
  return reason === null ? labels : { ...labels, reason }
}

type MakeCounter = (facts: { name: string; help: string; labelNames: string[] }) => Counter

/** One per registry: a second call on the same one throws. */
export function createIngestMetrics(registry: Registry): IngestMetrics {
  const counter: MakeCounter = (facts) => new Counter({ ...facts, registers: [registry] })
  const received = counter({ name: 'bellwether_ingest_received_total', help: 'Data points received.', labelNames: tenantLabels })
  const receivedBytes = counter({
    name: 'bellwether_ingest_received_bytes_total',
    help: 'Bytes received, as sent.',
    labelNames: tenantLabels,
  })
  const stored = counter({
    name: 'bellwether_ingest_stored_total',
    help: 'Data points inserted into the engine.',
    labelNames: tenantLabels,
  })
  const refused = counter({
    name: 'bellwether_ingest_refused_total',
    help: 'Data points refused; the sender was told.',
    labelNames: [...tenantLabels, 'reason'],
  })
  const dropped = counter({
    name: 'bellwether_ingest_dropped_total',
    help: 'Data points accepted and left out.',
    labelNames: [...tenantLabels, 'reason'],
  })
  const leftOut = counter({
    name: 'bellwether_ingest_left_out_total',
    help: 'Attributes, events and links that log records and spans were stored without.',
    labelNames: [...tenantLabels, 'reason'],
  })
  const retries = counter({
    name: 'bellwether_ingest_insert_retries_total',
    help: 'Steps of the writer that failed and were repeated.',
    labelNames: ['code'],
  })
  const deadLetterRows = counter({
    name: 'bellwether_ingest_dead_letter_rows_total',
    help: 'Data points moved to the dead letters.',
    labelNames: [],
  })
  const insertedRows = counter({ name: 'bellwether_ingest_inserted_rows_total', help: 'Rows inserted, by table.', labelNames: ['table'] })
  const insertSeconds = new Histogram({
    name: 'bellwether_ingest_insert_seconds',
    help: 'Duration of one successful insert.',
    labelNames: ['table'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  return {
    conservation(movement) {
      const labels = labelsOf(movement)
      // A raw record that held fewer points than its door counted takes some back; a counter cannot.
      if (movement.type === 'received') {
        received.inc(labels, Math.max(0, movement.rows))
        receivedBytes.inc(labels, Math.max(0, movement.bytes))
      } else if (movement.type === 'stored') stored.inc(labels, movement.rows)
      else if (movement.type === 'refused') refused.inc(labels, movement.rows)
      else if (movement.type === 'left_out') leftOut.inc(labels, movement.rows)
      else dropped.inc(labels, movement.rows)
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

const logCounts: readonly { count: keyof SpoolCounts; name: string; help: string }[] = [
  { count: 'appendedRecords', name: 'appended_records', help: 'Records made durable.' },
  { count: 'appendedBytes', name: 'appended_bytes', help: 'Bytes made durable.' },
  { count: 'flushes', name: 'flushes', help: 'Writes with their fsync, failed ones included.' },
  { count: 'failedFlushes', name: 'failed_flushes', help: 'Writes or fsyncs that failed; their records were refused.' },
  { count: 'damagedFiles', name: 'damaged_files', help: 'Segment files in which something could not be read.' },
  { count: 'damagedPlaces', name: 'damaged_places', help: 'Places in segment files that could not be read.' },
  { count: 'damagedBytes', name: 'damaged_bytes', help: 'Bytes in segment files that could not be read.' },
  { count: 'tornBytes', name: 'torn_bytes', help: 'Bytes of unfinished writes cut off at start.' },
]

function watchLog(registry: Registry, log: WatchedLog): void {
  for (const { count, name, help } of 'counts' in log ? logCounts : []) {
    const made: Counter = new Counter({
      name: `bellwether_ingest_log_${name}_total`,
      help,
      registers: [registry],
      collect() {
        made.reset()
        made.inc(log.counts?.()[count] ?? 0)
      },
    })
  }
  function gauge(name: string, help: string, read: () => number): void {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) })
  }
  const lanes: Gauge = new Gauge({
    name: 'bellwether_ingest_lane_bytes',
    help: 'Bytes in the log and not inserted, by lane.',
    labelNames: ['lane'],
    registers: [registry],
    collect() {
      for (const lane of ['ready', 'raw', 'low'] as const) lanes.set({ lane }, log.backlog([lane]).sizeBytes)
    },
  })
  gauge('bellwether_ingest_queue_rows', 'Data points in the log and not inserted.', () => log.backlog().rows)
  gauge('bellwether_ingest_queue_segments', 'Segments in the log and not inserted.', () => log.backlog().segments)
  gauge('bellwether_ingest_queue_bytes', 'Bytes in the log and not inserted.', () => log.backlog().sizeBytes)
  gauge('bellwether_ingest_queue_bytes_max', 'Size at which the log refuses data.', () => log.backlog().sizeBytesMax)
  gauge('bellwether_ingest_queue_oldest_seconds', 'Age of the oldest data in the log.', () => log.backlog().oldestMs / 1000)
}

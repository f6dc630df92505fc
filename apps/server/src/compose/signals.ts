/**
 * Logs and spans on the path of all data: handlers for the writer, ingest for the doors. What happens to every batch, and which rows are
 * derived from it, is put together here, in the order in which it happens.
 */
import { BlockPool, type BalancedConservation, type KindHandler, type LogRecord, type Spool } from '../ingest/index.ts'
import { LogsBatch, logsSchema } from '../logs/index.ts'
import type { EventBatches, EventDoor } from '../protocols/index.ts'
import { SignalHandler, SignalIngest, type DerivedRows, type SignalBatch, type SignalObserver, type SignalStage } from '../signals/index.ts'
import { SpansBatch, spansSchema } from '../traces/index.ts'

/** Most memory that stays for the next inserts: what a full segment's take. */
const insertBytesKeptMax = 96 * 1024 * 1024

/** What the parts do with a kind of signal. */
export interface SignalParts {
  readonly stages: readonly SignalStage[]
  readonly derived: readonly DerivedRows[]
  readonly observers: readonly SignalObserver[]
  /** Those of them that also see what waited unread. */
  readonly processed?: readonly SignalObserver[]
}

export interface SignalsDeps {
  readonly logs: SignalParts
  readonly spans: SignalParts
  /** Days that rows of a batch are kept. */
  readonly prepare: EventBatches['prepare']
  /** Null until the doors are built: nothing is decoded before. */
  readonly door: () => EventDoor | null
}

export interface Signals {
  /** For the writer. */
  handlers(conservation: BalancedConservation): readonly KindHandler[]
  /** For the doors, once the log is open. */
  ingest(path: { log: Spool; conservation: BalancedConservation }): { logs: SignalIngest; spans: SignalIngest }
  readonly batches: EventBatches
}

export function composeSignals(deps: SignalsDeps): Signals {
  const decodeRaw = (record: LogRecord, batch: SignalBatch, batchId: number): SignalBatch => {
    const door = deps.door()
    if (door === null) throw new Error('a raw record came before the decoders were built')
    return door.decodeRaw(record, batch, batchId)
  }
  return {
    batches: { prepare: deps.prepare },
    handlers(conservation) {
      const common = { decodeRaw, conservation, pool: new BlockPool(insertBytesKeptMax) }
      const logs = new SignalHandler({ ...deps.logs, ...common, schema: logsSchema, createBatch: () => new LogsBatch() })
      // Exceptions of spans are log records too.
      const spans = { ...deps.spans, ...common, schema: spansSchema, createBatch: () => new SpansBatch(), beside: logs }
      return [logs, new SignalHandler(spans)]
    },
    ingest: ({ log, conservation }) => ({
      logs: new SignalIngest({ ...deps.logs, log, conservation }),
      spans: new SignalIngest({ ...deps.spans, log, conservation }),
    }),
  }
}

/**
 * Takes decoded batches of a kind: what happens to every batch happens (stages), one log record is written, and when it is durable whoever
 * wants to see the rows at once (a live tail) is told. received = refused + dropped + queued holds per batch.
 */
import type { Conservation, IngestLog } from '../ingest/index.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { SignalBatch } from './batch.ts'
import { encodeSignalRecord } from './record/encode.ts'
import { signalRecordFormat } from './schema.ts'

/** Changes every batch before it is written: scrubs, finds patterns, counts. Waits for nothing and costs little. */
export interface SignalStage {
  apply(batch: SignalBatch): void
}

/** Sees every batch once it is durable. The batch is its own again when this returns. */
export interface SignalObserver {
  accepted(batch: SignalBatch): void
}

export interface SignalIngestDeps {
  readonly log: Pick<IngestLog, 'append'>
  readonly conservation: Conservation
  readonly stages: readonly SignalStage[]
  readonly observers: readonly SignalObserver[]
}

export class SignalIngest {
  readonly #deps: SignalIngestDeps

  constructor(deps: SignalIngestDeps) {
    this.#deps = deps
  }

  /**
   * Resolves once all of the batch is durable. `wireBytes`: of the body as it came. Errors: those of the log; nothing was kept then, and
   * the rows are counted as refused.
   */
  async accept(batch: SignalBatch, wireBytes: number): Promise<void> {
    const { log, conservation, stages, observers } = this.#deps
    const { tenant, schema } = batch
    const { kind } = schema
    conservation.received(tenant, kind, batch.received, wireBytes)
    for (const [reason, rows] of batch.refused) conservation.refused(tenant, kind, reason, rows)
    for (const stage of stages) stage.apply(batch)
    for (const [reason, rows] of batch.dropped) conservation.dropped(tenant, kind, reason, rows)
    const { rows } = batch
    if (rows === 0) return
    try {
      await log.append('ready', { kind, tenant, rows, format: signalRecordFormat, payload: encodeSignalRecord(batch) })
    } catch (error) {
      refused(conservation, { tenant, kind, rows }, error)
      throw error
    }
    conservation.queued(tenant, kind, rows)
    for (const [reason, parts] of batch.leftOut()) conservation.leftOut(tenant, kind, reason, parts)
    for (const observer of observers) observer.accepted(batch)
  }
}

function refused(
  conservation: Conservation,
  { tenant, kind, rows }: { tenant: Tenant; kind: SignalBatch['schema']['kind']; rows: number },
  error: unknown,
): void {
  const code = isAppError(error) ? error.code : 'log_failed'
  conservation.refused(tenant, kind, code.slice(code.indexOf('.') + 1), rows)
}

/**
 * Takes decoded batches of a kind: what happens to every batch happens (stages), one log record is written, and when it is durable whoever
 * wants to see the rows at once (a live tail) is told. received = refused + dropped + queued holds per body. What is work comes in steps, for
 * the caller to do at the project's turn; what waits for the log is apart from it.
 */
import type { Conservation, IngestLog } from '../ingest/index.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { Steps } from '../kernel/steps.ts'
import type { SignalBatch } from './batch.ts'
import { encodeSignalRecord } from './record/encode.ts'
import { joinParts } from './record/parts.ts'
import { signalPartsFormat, signalRecordFormat } from './schema.ts'

/** Changes every batch before it is written: scrubs, finds patterns, counts. Waits for nothing and costs little. */
export interface SignalStage {
  apply(batch: SignalBatch): void
  /** The same in steps, of a stage that costs by what a batch holds. */
  steps?(batch: SignalBatch): Steps
}

/** Sees every batch once it is durable. The batch is its own again when this returns. */
export interface SignalObserver {
  accepted(batch: SignalBatch): void
}

/** A batch with its rows as they will be in the log; null when nothing is left of them. */
export interface SignalPart {
  readonly batch: SignalBatch
  readonly payload: Uint8Array | null
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

  /** What happens to every batch, a stage a step. Nothing is counted yet: the body may turn out not to be readable. */
  *prepare(batch: SignalBatch): Steps<SignalPart> {
    for (const stage of this.#deps.stages) {
      if (stage.steps === undefined) stage.apply(batch)
      else yield* stage.steps(batch)
      yield
    }
    return { batch, payload: batch.rows === 0 ? null : encodeSignalRecord(batch) }
  }

  /**
   * Resolves once all parts of a body, at least one, are durable, as one record. `wireBytes`: of the body as it came. Errors: those of the
   * log; nothing was kept then, and the rows are counted as refused.
   */
  async accept(parts: readonly SignalPart[], wireBytes: number): Promise<void> {
    const { log, conservation } = this.#deps
    const [first] = parts
    if (first === undefined) throw new Error('a body has at least one part')
    const { tenant, schema } = first.batch
    const { kind } = schema
    let [received, rows] = [0, 0]
    for (const { batch } of parts) {
      received += batch.received
      rows += batch.rows
    }
    conservation.received(tenant, kind, received, wireBytes)
    for (const { batch } of parts) {
      for (const [reason, count] of batch.refused) conservation.refused(tenant, kind, reason, count)
      for (const [reason, count] of batch.dropped) conservation.dropped(tenant, kind, reason, count)
    }
    if (rows === 0) return
    const payloads = parts.flatMap(({ payload }) => (payload === null ? [] : [payload]))
    const format = payloads.length === 1 ? signalRecordFormat : signalPartsFormat
    try {
      await log.append('ready', { kind, tenant, rows, format, payload: joinParts(payloads) })
    } catch (error) {
      refused(conservation, { tenant, kind, rows }, error)
      throw error
    }
    conservation.queued(tenant, kind, rows)
    for (const { batch } of parts) for (const [reason, count] of batch.leftOut()) conservation.leftOut(tenant, kind, reason, count)
  }

  /** Tells those who want to see the rows, an observer and part a step; to be done once they are durable. */
  *tell(parts: readonly SignalPart[]): Steps {
    for (const { batch, payload } of parts) {
      if (payload === null) continue
      for (const observer of this.#deps.observers) {
        observer.accepted(batch)
        yield
      }
    }
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

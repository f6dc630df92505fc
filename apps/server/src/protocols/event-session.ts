/** One body being decoded into rows of logs and spans, and the sessions that are used again. */
import type { Tenant } from '../kernel/scope.ts'
import { LogsBatch } from '../logs/index.ts'
import { idleBatchesMax, idleBatchRowsMax, type SignalBatch } from '../signals/index.ts'
import { SpansBatch } from '../traces/index.ts'

export interface EventBatches {
  /** Tells a batch that was begun how long its rows are kept. */
  prepare(batch: SignalBatch): void
}

export class EventSession {
  readonly logs: LogsBatch
  readonly spans: SpansBatch
  /** As screens name it; goes into the column `source`. */
  protocolName = ''
  tenant: Tenant = { organizationId: 0, projectId: 0 }
  /** Time of receipt, ms since 1970. */
  nowMs = 0
  readonly #batches: EventBatches

  constructor(batches: EventBatches, logs = new LogsBatch(), spans = new SpansBatch()) {
    this.#batches = batches
    this.logs = logs
    this.spans = spans
  }

  /** About the memory that the rows hold until they are durable. */
  get sizeBytes(): number {
    return this.logs.sizeBytes * 2 + this.spans.sizeBytes * 2
  }

  /** `batchId`: of a body that may be read again; random otherwise. */
  begin(tenant: Tenant, protocolName: string, nowMs: number, batchId?: number): void {
    this.tenant = tenant
    this.protocolName = protocolName
    this.nowMs = nowMs
    for (const batch of [this.logs, this.spans]) {
      if (batchId === undefined) batch.begin(tenant, nowMs)
      else batch.begin(tenant, nowMs, batchId)
      this.#batches.prepare(batch)
    }
  }
}

export class SessionPool {
  readonly #batches: EventBatches
  readonly #idle: EventSession[] = []

  constructor(batches: EventBatches) {
    this.#batches = batches
  }

  take(tenant: Tenant, protocolName: string, nowMs: number): EventSession {
    const session = this.#idle.pop() ?? new EventSession(this.#batches)
    session.begin(tenant, protocolName, nowMs)
    return session
  }

  give(session: EventSession): void {
    if (this.#idle.length >= idleBatchesMax || session.logs.rows + session.spans.rows > idleBatchRowsMax) return
    this.#idle.push(session)
  }

  /** A session whose rows go into a batch of somebody else's. */
  around(batch: SignalBatch): EventSession {
    return batch instanceof LogsBatch
      ? new EventSession(this.#batches, batch)
      : new EventSession(this.#batches, undefined, batch instanceof SpansBatch ? batch : undefined)
  }
}

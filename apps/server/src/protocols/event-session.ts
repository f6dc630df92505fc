/**
 * One body being decoded into rows of logs and spans, and the sessions that are used again. A large body becomes several parts, so that no
 * piece of work on it is long: when a part is full its rows are made ready to be stored, and the rows that follow go into a further batch.
 */
import { randomInt } from 'node:crypto'
import type { Tenant } from '../kernel/scope.ts'
import { LogsBatch } from '../logs/index.ts'
import { idleBatchesMax, idleBatchRowsMax, type SignalBatch, type SignalPart } from '../signals/index.ts'
import { SpansBatch } from '../traces/index.ts'

export interface EventBatches {
  /** Tells a batch that was begun how long its rows are kept. */
  prepare(batch: SignalBatch): void
}

/** Rows, or whatever else a decoder counts, between two pauses that it offers: less than a slice, also of large ones. */
const stepsMask = 0xff

export class EventSession {
  /** As screens name it; goes into the column `source`. */
  protocolName = ''
  tenant: Tenant = { organizationId: 0, projectId: 0 }
  /** Time of receipt, ms since 1970. */
  nowMs = 0
  /** Made ready to be stored, in their order. */
  readonly parts: Record<'logs' | 'spans', SignalPart[]> = { logs: [], spans: [] }
  readonly #batches: EventBatches
  /** Everything goes into the batches as they are: what waited unread is one record, whose owner has the batch. */
  readonly #isWhole: boolean
  #logs: LogsBatch
  #spans: SpansBatch
  #steps = 0
  #partsBytes = 0

  constructor(batches: EventBatches, whole: { readonly logs?: LogsBatch; readonly spans?: SpansBatch } | null = null) {
    this.#batches = batches
    this.#isWhole = whole !== null
    this.#logs = whole?.logs ?? new LogsBatch()
    this.#spans = whole?.spans ?? new SpansBatch()
  }

  /** Where rows go now: after a pause it may be another batch, which continues the one before. */
  get logs(): LogsBatch {
    return this.#logs
  }

  get spans(): SpansBatch {
    return this.#spans
  }

  /** About the memory that the rows hold until they are durable. */
  get sizeBytes(): number {
    return this.#partsBytes + 2 * (this.#logs.sizeBytes + this.#spans.sizeBytes)
  }

  /** Asked by decoders after each row, and after whatever else a body may have many of: whether they should offer a pause. */
  isDue(): boolean {
    return (++this.#steps & stepsMask) === 0 || this.isPartFull
  }

  get isPartFull(): boolean {
    return !this.#isWhole && (this.#logs.isPartFull || this.#spans.isPartFull)
  }

  begin(tenant: Tenant, protocolName: string, nowMs: number, batchId: number): void {
    this.tenant = tenant
    this.protocolName = protocolName
    this.nowMs = nowMs
    this.parts.logs.length = this.parts.spans.length = 0
    this.#partsBytes = 0
    for (const batch of [this.#logs, this.#spans]) {
      batch.begin(tenant, nowMs, batchId)
      this.#batches.prepare(batch)
    }
  }

  /** Rows received, those refused among them; once all parts are made ready. */
  received(): { logs: number; spans: number } {
    const sum = (parts: readonly SignalPart[]): number => parts.reduce((total, { batch }) => total + batch.received, 0)
    return { logs: sum(this.parts.logs), spans: sum(this.parts.spans) }
  }

  /** The batches are parts from now on; the rows that follow go into others. */
  turnPage(): void {
    this.#partsBytes = this.sizeBytes
    const [logs, spans] = [this.#logs, this.#spans]
    if (logs.received > 0) (this.#logs = new LogsBatch()).continue(logs)
    if (spans.received > 0) (this.#spans = new SpansBatch()).continue(spans)
  }
}

export class SessionPool {
  readonly #batches: EventBatches
  readonly #idle: EventSession[] = []
  /** Counts up, so that rows of one time are read in the order in which they came; from anywhere, so that no two programs count alike. */
  #batchId = randomInt(0x1_0000_0000)

  constructor(batches: EventBatches) {
    this.#batches = batches
  }

  take(tenant: Tenant, protocolName: string, nowMs: number): EventSession {
    const session = this.#idle.pop() ?? new EventSession(this.#batches)
    this.#batchId = (this.#batchId + 1) >>> 0
    session.begin(tenant, protocolName, nowMs, this.#batchId)
    return session
  }

  give(session: EventSession): void {
    if (this.#idle.length >= idleBatchesMax || session.logs.rows + session.spans.rows > idleBatchRowsMax) return
    // Of a long body the parts before the last go with it.
    session.parts.logs.length = session.parts.spans.length = 0
    this.#idle.push(session)
  }

  /** A session whose rows go into a batch of somebody else's. */
  around(batch: SignalBatch): EventSession {
    return new EventSession(
      this.#batches,
      batch instanceof LogsBatch ? { logs: batch } : batch instanceof SpansBatch ? { spans: batch } : {},
    )
  }
}

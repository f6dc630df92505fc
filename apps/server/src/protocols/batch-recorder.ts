/** From a decoded session to durable samples and what is said about them: sources, refusals, counters. Shared by all protocols of the door. */
import type { Conservation } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { CostSink, MetricsIngest } from '../metrics/index.ts'
import type { ByteLease } from './body/byte-budget.ts'
import type { Intake } from './body/intake.ts'
import { measured } from './body/measured.ts'
import { DropNotes, type DropNotesTarget } from './decode/drop-notes.ts'
import { DecodeSession, type DecodeState } from './decode/session.ts'

export interface BatchRecorderDeps {
  readonly metrics: MetricsIngest
  readonly conservation: Conservation
  /** Who sends, for the screens. */
  readonly sources: { note(tenant: Tenant, protocol: string, points: number, atMs: number): void }
  /** Refusals in words, for the screens. */
  readonly refusedSamples: DropNotesTarget
  readonly clock: Pick<Clock, 'nowMs'>
  /** Told what decoding takes of this thread. */
  readonly cost?: CostSink
}

/** What is recorded. */
export interface RecordedPart {
  readonly tenant: Tenant
  /** As screens and counters name it: `otlp-http`, `otlp-grpc`, `remote-write`, `scrape`. */
  readonly protocolName: string
  readonly bytes: Uint8Array
  /** Holds the bytes, and what they become; whoever opened it disposes of it, and not before all has settled. */
  readonly lease: ByteLease
}

/** What became of a body; for the answer. All of it is durable. */
export interface MetricsOutcome {
  /** As the protocol counts: an OTLP histogram point is one. */
  readonly pointsReceived: number
  readonly pointsRefused: number
  /** Points by reason. */
  readonly refused: ReadonlyMap<string, number>
  /** First refusals in words, at most 5. */
  readonly examples: readonly string[]
  /** Points accepted and left out by a rule, by reason; not among those received. */
  readonly dropped: ReadonlyMap<string, number>
  /** Points that were stored before, left out; among those received. */
  readonly duplicates: number
  /** Protocols of lines: number of the first line refused, from 1; 0 when none was. */
  readonly firstRefusedLine: number
  readonly samplesWritten: number
  readonly histogramsWritten: number
  readonly exemplarsWritten: number
}

/** Sessions kept for the next request; more at a time are made and let go. */
const idleSessionsMax = 16
/** A session whose batch grew beyond this many samples (20 bytes each) is let go after use. */
const idleBatchSamplesMax = 262_144
/** What a sample holds until it is durable: 20 bytes in its batch, 28 in the record. */
const sampleBytes = 48
/** The same of a native histogram, roughly: objects, a few dozen buckets, the record. */
const histogramBytes = 2048

export class BatchRecorder {
  readonly #deps: BatchRecorderDeps
  readonly #state: DecodeState
  readonly #nowMs: () => number
  readonly #drops: DropNotes
  readonly #idle: DecodeSession[] = []

  /** `nowMs`: of samples, see decode/latest-now.ts. */
  constructor(deps: BatchRecorderDeps, state: DecodeState, nowMs: () => number) {
    this.#deps = deps
    this.#state = state
    this.#nowMs = nowMs
    this.#drops = new DropNotes(deps.refusedSamples)
  }

  begin(tenant: Tenant): DecodeSession {
    const session = this.#idle.pop() ?? new DecodeSession(this.#state)
    session.begin(tenant, this.#nowMs())
    return session
  }

  end(session: DecodeSession): void {
    if (this.#idle.length >= idleSessionsMax || session.batch.seriesRefs.length > idleBatchSamplesMax) return
    session.batch.reset(session.batch.tenant)
    this.#idle.push(session)
  }

  /** Counts what the batch holds of memory until it is durable. */
  hold({ lease }: RecordedPart, { batch }: DecodeSession): void {
    lease.hold(batch.sampleCount * sampleBytes + batch.histogramCount * histogramBytes)
  }

  /** A session that `fill` fills in its turn, made durable. Errors: as of `MetricsDoor.record`. */
  async record<T>(intake: Intake, part: RecordedPart, fill: (session: DecodeSession) => T): Promise<T> {
    const session = this.begin(part.tenant)
    try {
      const filled = await this.#fillInTurn(intake, { part, session }, fill)
      this.hold(part, session)
      await this.accept(part, session)
      return filled
    } finally {
      this.end(session)
    }
  }

  /** Errors: those of `MetricsIngest.accept`, with all undone that decoding remembered. */
  async accept(body: RecordedPart, session: DecodeSession): Promise<MetricsOutcome> {
    const { batch } = session
    const samples = batch.sampleCount - session.addedSamples
    const histograms = batch.histogramCount - session.addedHistograms
    const exemplars = batch.exemplars.length
    const refusedBefore = batch.refusedTotal
    try {
      await this.#deps.metrics.accept(batch, body.bytes.byteLength)
    } catch (error) {
      session.undo()
      throw error
    }
    this.#note(body, session)
    this.countDropped(body.tenant, session)
    return {
      dropped: new Map(session.dropped),
      duplicates: batch.duplicates,
      firstRefusedLine: session.firstRefusedLine,
      pointsReceived: batch.pointsReceived,
      pointsRefused: batch.refusedTotal,
      refused: new Map(batch.refused),
      examples: batch.refusedExamples.filter((example) => example !== ''),
      samplesWritten: Math.max(samples - (batch.refusedTotal - refusedBefore), 0),
      histogramsWritten: histograms,
      exemplarsWritten: exemplars,
    }
  }

  /** What was left out is not in the batch, which is counted elsewhere. */
  countDropped(tenant: Tenant, session: DecodeSession): void {
    if (session.dropped.size === 0) return
    this.#deps.conservation.received(tenant, 'metrics', session.droppedTotal, 0)
    for (const [reason, points] of session.dropped) this.#deps.conservation.dropped(tenant, 'metrics', reason, points)
  }

  /** A body none of which could be read counts as one refused point: how many it had nobody knows. */
  countLost(body: RecordedPart, error: unknown): void {
    if (!isAppError(error)) return
    const { conservation, refusedSamples, clock } = this.#deps
    const reason = reasonOf(error)
    conservation.received(body.tenant, 'metrics', 1, body.bytes.byteLength)
    conservation.refused(body.tenant, 'metrics', reason, 1)
    refusedSamples.note(body.tenant, body.protocolName, reason, error.publicText, clock.nowMs())
  }

  async #fillInTurn<T>(
    intake: Intake,
    { part, session }: { part: RecordedPart; session: DecodeSession },
    fill: (session: DecodeSession) => T,
  ): Promise<T> {
    using _turn = await intake.turn(part.tenant, part.bytes.byteLength)
    using _cost = measured(this.#deps.cost, part.tenant)
    try {
      return fill(session)
    } catch (error) {
      session.undo()
      throw error
    }
  }

  #note(body: RecordedPart, session: DecodeSession): void {
    const { batch, exampleReasons } = session
    const { sources, refusedSamples, clock } = this.#deps
    const nowMs = clock.nowMs()
    const stored = batch.pointsReceived - batch.refusedTotal
    if (stored > 0) sources.note(body.tenant, body.protocolName, stored, nowMs)
    this.#drops.note(body, session.droppedExamples, nowMs)
    if (batch.refused.size === 0) return
    // What `accept` refused beside that has its own reason, the last one.
    const lastReason = [...batch.refused.keys()].at(-1) ?? ''
    batch.refusedExamples.forEach((example, index) => {
      if (example !== '') refusedSamples.note(body.tenant, body.protocolName, exampleReasons[index] ?? lastReason, example, nowMs)
    })
  }
}

/** `body.too_large` → `too_large`. */
export function reasonOf(error: unknown): string {
  return isAppError(error) ? error.code.slice(error.code.indexOf('.') + 1) : 'log_failed'
}

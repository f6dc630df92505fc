/**
 * Bodies of logs and spans to durable rows: what `MetricsDoor` is to samples, on the same admission, intake, turns and lanes. A body may hold
 * both (an envelope of Sentry's does). Protocol answers are made from what it returns.
 */
import type { Conservation, IngestLog, Kind, LogRecord } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { CostSink } from '../metrics/index.ts'
import { examplesMax, type SignalBatch, type SignalIngest } from '../signals/index.ts'
import { type RecordedPart, reasonOf } from './batch-recorder.ts'
import { type ContentEncoding, decompress, decompressSync, isDecompressedElsewhere } from './body/decompress.ts'
import type { Turn } from './body/fair-turns.ts'
import { inSlices } from './body/in-slices.ts'
import { bodyMalformed, bodyTooLarge } from './errors.ts'
import { type EventBatches, type EventSession, SessionPool } from './event-session.ts'
import { allSteps, type Steps } from '../kernel/steps.ts'
import type { RouteDoor } from './http.ts'
import type { MetricsDoor } from './metrics-door.ts'
import { DecodeError } from './protobuf/cursor.ts'
import { type EventProtocol, isEventProtocol, parseRawFormat } from './raw-formats.ts'
import { UnreadBodies, type UnreadBodiesDeps } from './unread-bodies.ts'

/**
 * Turns a plain body into rows of the session's batches; offers a pause where the session is due for one, and looks for its batches anew after
 * it. Steps throw `DecodeError` or an `AppError` for a body that cannot be read at all.
 */
export type EventDecode = (plain: Uint8Array, session: EventSession) => Steps

export interface EventDecoder {
  /** What its bodies are counted as while nobody has read them. */
  readonly kind: Exclude<Kind, 'metrics'>
  readonly decode: EventDecode
  /** Bodies that become objects many times their size have a smaller bound. */
  readonly isJson: boolean
}

export type EventDecoders = Readonly<Partial<Record<EventProtocol, EventDecoder>>>

export interface EventDoorDeps {
  /** The door of metrics: admission and intake are the same for all. */
  readonly front: RouteDoor & Pick<MetricsDoor, 'inTurn'>
  readonly decoders: EventDecoders
  readonly batches: EventBatches
  readonly logs: Pick<SignalIngest, 'prepare' | 'accept' | 'tell'>
  readonly spans: Pick<SignalIngest, 'prepare' | 'accept' | 'tell'>
  readonly conservation: Conservation
  readonly log: Pick<IngestLog, 'append'>
  readonly sources: UnreadBodiesDeps['sources']
  readonly refusedSamples: UnreadBodiesDeps['refusedSamples']
  readonly clock: Pick<Clock, 'nowMs'>
  readonly cost?: CostSink
  readonly lanes?: UnreadBodiesDeps['lanes']
}

/** One body as a listener hands it over. */
export interface EventBody extends RecordedPart {
  readonly lane: 'ready' | 'raw' | 'low'
  readonly format: EventProtocol
  readonly encoding: ContentEncoding
}

/** What became of a body; for the answer. All of it is durable. */
export interface EventOutcome {
  /** Rows as the protocol counts. */
  readonly received: number
  readonly refused: number
  readonly refusedByReason: ReadonlyMap<string, number>
  /** First refusals in words, at most 5. */
  readonly examples: readonly string[]
  readonly logs: number
  readonly spans: number
}

const nothing: EventOutcome = { received: 0, refused: 0, refusedByReason: new Map(), examples: [], logs: 0, spans: 0 }

export class EventDoor {
  /** What routes stand on. */
  readonly front: EventDoorDeps['front']
  readonly #deps: EventDoorDeps
  readonly #pool: SessionPool
  readonly #unread: UnreadBodies

  constructor(deps: EventDoorDeps) {
    this.#deps = deps
    this.front = deps.front
    this.#pool = new SessionPool(deps.batches)
    const { front } = deps
    this.#unread = new UnreadBodies({
      ...deps,
      limits: front.limits,
      intake: front.intake,
      inTurn: (tenant, sizeBytes, work) => front.inTurn(tenant, sizeBytes, work),
    })
  }

  /**
   * Resolves once everything that could be stored is durable. Errors: `body.*` (nothing was stored; send no more of it), those of the log
   * and `protocols.busy` (nothing was stored; try again).
   */
  async ingest(body: EventBody): Promise<EventOutcome> {
    const decoder = this.#decoderOf(body.format)
    if (body.lane === 'low' && (await this.#unread.enters(body))) {
      await this.#unread.append({ ...body, kind: decoder.kind }, withReceipt(this.#deps.clock.nowMs(), body.bytes))
      return nothing
    }
    const session = await this.#decodeInTurn(body, decoder)
    try {
      return await this.#accept(body, session, decoder.kind)
    } finally {
      this.#pool.give(session)
    }
  }

  /**
   * For what is no body of a format that may wait unread (syslog, an envelope): `fill` makes the rows at the project's turn, and all of them
   * become durable. Errors: those of the log and `protocols.busy` (nothing was stored); what `fill` throws.
   */
  async record(part: RecordedPart, fill: (session: EventSession) => Steps | void): Promise<EventOutcome> {
    const session = this.#pool.take(part.tenant, part.protocolName, this.#deps.clock.nowMs())
    try {
      {
        using turn = await this.front.intake.turn(part.tenant, part.bytes.byteLength)
        await this.#fillInSlices(turn, part, session, fill)
      }
      // Of an envelope the kind that it mostly holds.
      const { logs, spans } = session.received()
      return await this.#accept(part, session, logs >= spans ? 'logs' : 'spans')
    } finally {
      this.#pool.give(session)
    }
  }

  /**
   * For `SignalHandlerDeps.decodeRaw`: decodes a record of the lanes `raw` and `low` into `batch`. What cannot be read is counted there as
   * refused; never throws for bad bytes. Gives the batch of what it held of the other kind.
   */
  decodeRaw(record: LogRecord, batch: SignalBatch, batchId: number): SignalBatch {
    const { tenant, rows } = record
    const { receivedMs, bytes } = withoutReceipt(record.payload)
    const format = parseRawFormat(record.format)
    const session = this.#pool.around(batch)
    session.begin(tenant, 'low', receivedMs, batchId)
    try {
      if (format === null || !isEventProtocol(format.protocol))
        throw new AppError(bodyMalformed, { publicText: `The raw format ${record.format} is not known.` })
      const decoder = this.#decoderOf(format.protocol)
      allSteps(decoder.decode(decompressSync(bytes, format.encoding, this.#plainBytesMax(decoder)), session))
    } catch (error) {
      if (!isAppError(error) && !(error instanceof DecodeError)) throw error
      session.begin(tenant, 'low', receivedMs, batchId)
      batch.refuse(isAppError(error) ? reasonOf(error) : 'malformed', isAppError(error) ? error.publicText : error.message, rows)
    }
    this.#unread.note(
      record,
      {
        pointsReceived: batch.received,
        refusedTotal: batch.refusedTotal,
        refused: batch.refused,
        refusedExamples: batch.examples.map(({ text }) => text),
      },
      batch.examples.map(({ reason }) => reason),
    )
    return batch === session.logs ? session.spans : session.logs
  }

  #decoderOf(format: EventProtocol): EventDecoder {
    const decoder = this.#deps.decoders[format]
    if (decoder === undefined) throw new Error(`no decoder for ${format}`)
    return decoder
  }

  #plainBytesMax({ isJson }: EventDecoder): number {
    const { limits } = this.front
    return isJson ? limits.jsonBytesMax : limits.decompressedBytesMax
  }

  /** Bodies that other threads decompress would all become large together, so there is a number of them at a time. */
  async #decodeInTurn(body: EventBody, decoder: EventDecoder): Promise<EventSession> {
    const { intake } = this.front
    const size = body.bytes.byteLength
    if (!isDecompressedElsewhere(body.encoding)) {
      using turn = await intake.turn(body.tenant, size)
      return await this.#decode(turn, { body, decoder }, () => decompressSync(body.bytes, body.encoding, this.#plainBytesMax(decoder)))
    }
    using _elsewhere = await intake.turnElsewhere(body.tenant, size)
    const plain = await this.#plain(body, decoder)
    using turn = await intake.turn(body.tenant, size)
    return await this.#decode(turn, { body, decoder }, () => plain)
  }

  async #plain(body: EventBody, decoder: EventDecoder): Promise<Uint8Array> {
    try {
      this.#checkSize(body)
      return await decompress(body.bytes, body.encoding, this.#plainBytesMax(decoder))
    } catch (error) {
      this.#countLost(body, decoder, error)
      throw error
    }
  }

  async #decode(turn: Turn, { body, decoder }: Decoded, plain: () => Uint8Array): Promise<EventSession> {
    const session = this.#pool.take(body.tenant, body.protocolName, this.#deps.clock.nowMs())
    try {
      this.#checkSize(body)
      await this.#fillInSlices(turn, body, session, () => decoder.decode(plain(), session))
      return session
    } catch (error) {
      this.#pool.give(session)
      const shaped =
        error instanceof DecodeError
          ? new AppError(bodyMalformed, { publicText: `The request body cannot be read: ${error.message}.`, cause: error })
          : error
      this.#countLost(body, decoder, shaped)
      throw shaped
    }
  }

  /** Rows are decoded and made ready to be stored, part by part; then the session has all of its parts. */
  // oxlint-disable-next-line max-params -- when, for whom, into what, how
  async #fillInSlices(turn: Turn, part: RecordedPart, session: EventSession, fill: (session: EventSession) => Steps | void): Promise<void> {
    const worker = { tenant: part.tenant, cost: this.#deps.cost }
    await inSlices(turn, worker, this.#filling(session, part.lease, fill))
  }

  *#filling(session: EventSession, lease: RecordedPart['lease'], fill: (session: EventSession) => Steps | void): Steps {
    let heldBytes = 0
    const hold = (): void => {
      const { sizeBytes } = session
      lease.hold(sizeBytes - heldBytes)
      heldBytes = sizeBytes
    }
    for (const _ of fill(session) ?? []) {
      yield
      if (!session.isPartFull) continue
      yield* this.#finishPart(session)
      session.turnPage()
      hold()
    }
    yield
    yield* this.#finishPart(session)
    hold()
  }

  *#finishPart(session: EventSession): Steps {
    for (const kind of kinds) {
      const batch = session[kind]
      if (batch.received > 0) session.parts[kind].push(yield* this.#deps[kind].prepare(batch))
    }
  }

  #checkSize({ bytes }: EventBody): void {
    const { compressedBytesMax } = this.front.limits
    if (bytes.byteLength > compressedBytesMax)
      throw new AppError(bodyTooLarge, { publicText: `The request body is larger than ${compressedBytesMax} bytes.` })
  }

  /** `main`: what must be kept for the body to be taken. */
  async #accept(part: RecordedPart, session: EventSession, main: 'logs' | 'spans'): Promise<EventOutcome> {
    const { parts } = session
    const second = main === 'logs' ? 'spans' : 'logs'
    // Bytes count once, of a body without a row too.
    if (parts[main].length === 0) parts[main].push({ batch: session[main], payload: null })
    await this.#deps[main].accept(parts[main], part.bytes.byteLength)
    if (parts[second].length > 0) await this.#acceptBeside(second, session)
    await this.#tell(part.tenant, session)
    const outcome = outcomeOf(session)
    const { sources, refusedSamples, clock } = this.#deps
    const nowMs = clock.nowMs()
    const rows = outcome.logs + outcome.spans
    if (rows > 0) sources.note(part.tenant, part.protocolName, rows, nowMs)
    for (const { batch } of [...parts.logs, ...parts.spans])
      for (const { reason, text } of batch.examples) refusedSamples.note(part.tenant, part.protocolName, reason, text, nowMs)
    return outcome
  }

  /**
   * What comes beside the rows that are durable already: the sender must not send all of it again because of these. They are counted as
   * refused, and the answer says so.
   */
  async #acceptBeside(kind: 'logs' | 'spans', session: EventSession): Promise<void> {
    const parts = session.parts[kind]
    try {
      await this.#deps[kind].accept(parts, 0)
    } catch (error) {
      if (!isAppError(error)) throw error
      const rows = parts.reduce((sum, { batch }) => sum + batch.rows, 0)
      const batch = session[kind]
      batch.begin(session.tenant, session.nowMs)
      batch.refuse(reasonOf(error), error.publicText, rows)
      session.parts[kind] = [{ batch, payload: null }]
    }
  }

  /** Those who see rows once they are durable do so at the project's turn as well: rules and tails may cost more than decoding. */
  async #tell(tenant: Tenant, session: EventSession): Promise<void> {
    using turn = await this.front.intake.turnAgain(tenant)
    await inSlices(turn, { tenant, cost: this.#deps.cost }, this.#telling(session))
  }

  *#telling({ parts }: EventSession): Steps {
    for (const kind of kinds) if (parts[kind].length > 0) yield* this.#deps[kind].tell(parts[kind])
  }

  /** A body none of which could be read counts as one refused row: how many it had nobody knows. */
  #countLost({ tenant, protocolName, bytes }: RecordedPart, { kind }: EventDecoder, error: unknown): void {
    if (!isAppError(error)) return
    const { conservation, refusedSamples, clock } = this.#deps
    const reason = reasonOf(error)
    conservation.received(tenant, kind, 1, bytes.byteLength)
    conservation.refused(tenant, kind, reason, 1)
    refusedSamples.note(tenant, protocolName, reason, error.publicText, clock.nowMs())
  }
}

interface Decoded {
  readonly body: EventBody
  readonly decoder: EventDecoder
}

const kinds = ['logs', 'spans'] as const

function outcomeOf({ parts }: EventSession): EventOutcome {
  const rows = { logs: 0, spans: 0 }
  let [received, refused] = [0, 0]
  const refusedByReason = new Map<string, number>()
  const examples: string[] = []
  for (const kind of kinds)
    for (const { batch } of parts[kind]) {
      rows[kind] += batch.rows
      received += batch.received
      refused += batch.refusedTotal
      for (const [reason, count] of batch.refused) refusedByReason.set(reason, (refusedByReason.get(reason) ?? 0) + count)
      for (const { text } of batch.examples) if (examples.length < examplesMax) examples.push(text)
    }
  return { received, refused, refusedByReason, examples, ...rows }
}

const receiptBytes = 8

/** A body as it waits unread: the time of its receipt (ms since 1970, a double) before it, for rows without a time of their own. */
function withReceipt(nowMs: number, bytes: Uint8Array): Uint8Array {
  const payload = Buffer.allocUnsafe(receiptBytes + bytes.byteLength)
  payload.writeDoubleLE(nowMs)
  payload.set(bytes, receiptBytes)
  return payload
}

function withoutReceipt(payload: Uint8Array): { receivedMs: number; bytes: Uint8Array } {
  if (payload.byteLength < receiptBytes) return { receivedMs: 0, bytes: payload }
  const view = new DataView(payload.buffer, payload.byteOffset, receiptBytes)
  return { receivedMs: view.getFloat64(0, true), bytes: payload.subarray(receiptBytes) }
}

/**
 * Bodies of metrics to durable samples: admission, decompression, decoding, `MetricsIngest.accept`. All listeners of a process share
 * one door, because delta totals and start times live in it. Protocol answers are made from what it returns.
 */
import type { Admission, Admitted, AdmissionRequest, Conservation, IngestLog, LogRecord } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { CostSink, MetricsBatch, MetricsIngest } from '../metrics/index.ts'
import { type ContentEncoding, decompress, decompressSync, isDecompressedElsewhere } from './body/decompress.ts'
import type { ByteLease } from './body/byte-budget.ts'
import { Intake } from './body/intake.ts'
import { measured } from './body/measured.ts'
import { DropNotes } from './decode/drop-notes.ts'
import { createLatestNow } from './decode/latest-now.ts'
import { DecodeSession, type DecodeState, createDecodeState } from './decode/session.ts'
import { bodyMalformed, bodyTooLarge } from './errors.ts'
import { type ProtocolLimits, defaultProtocolLimits } from './limits.ts'
import { type IntakeInstruments, createIntakeInstruments } from './metrics.ts'
import { InfluxDecoder } from './influx/decode.ts'
import { type InfluxRequest, withRequest, withoutRequest } from './influx/request.ts'
import { OtlpDecoder } from './otlp/decode.ts'
import { otlpJsonToProtobuf } from './otlp/json.ts'
import { DecodeError } from './protobuf/cursor.ts'
import { type RawProtocol, parseRawFormat, rawFormat } from './raw-formats.ts'
import { RemoteWrite1Decoder } from './remote-write/decode-v1.ts'
import { RemoteWrite2Decoder } from './remote-write/decode-v2.ts'
import { UnreadBodies, type UnreadBodiesDeps } from './unread-bodies.ts'

export interface MetricsDoorDeps {
  readonly admission: Admission
  readonly metrics: MetricsIngest
  readonly conservation: Conservation
  /** Who sends, for the screens. */
  readonly sources: { note(tenant: Tenant, protocol: string, points: number, atMs: number): void }
  /** Refusals in words, for the screens. */
  readonly refusedSamples: { note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void }
  /** Where bodies of the lanes `raw` and `low` go. */
  readonly log: Pick<IngestLog, 'append'>
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly logger: Logger
  readonly limits?: ProtocolLimits
  /** Which lane a project's bodies take when they are here. */
  readonly lanes?: UnreadBodiesDeps['lanes']
  /** Told what decoding takes of this thread. */
  readonly cost?: CostSink
  /** Where the intake's own metrics go; without it there are none. */
  readonly instruments?: Registry
}

/** One body as a listener hands it over. */
export interface MetricsBody {
  readonly tenant: Tenant
  readonly lane: Admitted['lane']
  /** As screens and counters name it: `otlp-http`, `otlp-grpc`, `remote-write`. */
  readonly protocolName: string
  readonly format: RawProtocol
  readonly encoding: ContentEncoding
  readonly bytes: Uint8Array
  /** Of format `influx`: what the request says beside its body. */
  readonly influx?: InfluxRequest
  /** Holds the bytes, and what they become; whoever opened it disposes of it, and not before `ingest` has settled. */
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

export class MetricsDoor {
  readonly limits: ProtocolLimits
  /** What may be under way at the same time, over all listeners. */
  readonly intake: Intake
  readonly #deps: MetricsDoorDeps
  readonly #state: DecodeState
  readonly #otlp: OtlpDecoder
  readonly #remoteWrite1: RemoteWrite1Decoder
  readonly #remoteWrite2: RemoteWrite2Decoder
  readonly #influx: InfluxDecoder
  readonly #idle: DecodeSession[] = []
  readonly #latestNow: () => number
  readonly #instruments: IntakeInstruments | null
  /** Projects whose refusals were put into words in the present second. */
  readonly #told = new Set<number>()
  #toldSec = 0
  readonly #unread: UnreadBodies
  readonly #drops: DropNotes

  constructor(deps: MetricsDoorDeps) {
    this.#deps = deps
    this.#drops = new DropNotes(deps.refusedSamples)
    this.#latestNow = createLatestNow(deps.clock)
    this.limits = deps.limits ?? defaultProtocolLimits
    this.#unread = new UnreadBodies({ ...deps, limits: this.limits })
    this.intake = new Intake(this.limits, deps.clock)
    this.#instruments = deps.instruments === undefined ? null : createIntakeInstruments(deps.instruments, this.intake)
    this.#state = createDecodeState(this.limits)
    deps.metrics.series.holdsRefs(this.#state.memory)
    this.#otlp = new OtlpDecoder(deps.metrics.series, this.limits)
    this.#remoteWrite1 = new RemoteWrite1Decoder(deps.metrics.series)
    this.#remoteWrite2 = new RemoteWrite2Decoder(deps.metrics.series, this.limits)
    this.#influx = new InfluxDecoder(deps.metrics.series)
  }

  get logger(): Logger {
    return this.#deps.logger
  }

  /** Time of what comes in without one, ms since 1970. */
  get nowMs(): number {
    return this.#latestNow()
  }

  /** Errors: those of `Admission`. */
  admit(request: AdmissionRequest): Admitted {
    return this.#deps.admission.admit(request)
  }

  /**
   * Resolves once everything that could be stored is durable. Errors: `body.*` (nothing was stored; send no more of it), those of
   * `MetricsIngest.accept` and `protocols.busy` (nothing was stored; try again).
   */
  async ingest(body: MetricsBody): Promise<MetricsOutcome> {
    if (body.lane === 'low' && (await this.#unread.enters(body))) return await this.#unread.append(body, payloadOf(body))
    const session = await this.#decodeInTurn(body)
    try {
      const { batch } = session
      body.lease.hold(batch.sampleCount * sampleBytes + batch.histogramCount * histogramBytes)
      if (body.lane === 'raw') return await this.#appendRaw(body, session)
      return await this.#accept(body, session)
    } finally {
      this.#end(session)
    }
  }

  /** A request was refused as a whole. Counted by reason; for the screens once a second and project, because there may be thousands. */
  noteRefusal(protocolName: string, tenant: Tenant | null, error: AppError): void {
    const reason = reasonOf(error)
    this.#instruments?.refused.inc({ protocol: protocolName, reason })
    if (tenant === null || (error.kind !== 'limit' && error.kind !== 'unavailable')) return
    const nowMs = this.#deps.clock.nowMs()
    const nowSec = Math.floor(nowMs / 1000)
    if (nowSec !== this.#toldSec) this.#told.clear()
    this.#toldSec = nowSec
    if (this.#told.has(tenant.projectId)) return
    this.#told.add(tenant.projectId)
    this.#deps.refusedSamples.note(tenant, protocolName, reason, error.publicText, nowMs)
  }

  /**
   * For `MetricsHandlerDeps.decodeRaw`: decodes a record of the lanes `raw` and `low` into `batch`. What cannot be read is counted
   * there as refused; never throws for bad bytes.
   */
  decodeRaw(record: LogRecord, batch: MetricsBatch): void {
    const format = parseRawFormat(record.format)
    const session = new DecodeSession(this.#state)
    session.batch = batch
    session.begin(record.tenant, this.#latestNow())
    try {
      if (format === null) throw new AppError(bodyMalformed, { publicText: `The raw format ${record.format} is not known.` })
      const { influx, body } = format.protocol === 'influx' ? withoutRequest(record.payload) : { body: record.payload }
      const plain = decompressSync(body, format.encoding, this.limits.decompressedBytesMax)
      this.#decode(influx === undefined ? { format: format.protocol } : { format: format.protocol, influx }, plain, session)
      this.#countDropped(record.tenant, session)
    } catch (error) {
      if (!isAppError(error) && !(error instanceof DecodeError)) throw error
      session.undo()
      batch.reset(record.tenant)
      batch.pointsReceived = record.rows
      batch.refuse('malformed', record.rows, error.message)
    }
    this.#unread.note(record, batch, session.exampleReasons)
  }

  /**
   * Bodies that other threads decompress would all become large together, so there is a number of them at a time. Decoding is this
   * thread's work, and there is other: it is given in slices, and the projects share it.
   */
  async #decodeInTurn(body: MetricsBody): Promise<DecodeSession> {
    const { intake } = this
    const size = body.bytes.byteLength
    if (!isDecompressedElsewhere(body.encoding)) {
      using _turn = await intake.turn(body.tenant, size)
      using _cost = measured(this.#deps.cost, body.tenant)
      return await this.#decodeBody(body)
    }
    using _elsewhere = await intake.turnElsewhere(body.tenant, size)
    const plain = await this.#plain(body)
    using _turn = await intake.turn(body.tenant, size)
    using _cost = measured(this.#deps.cost, body.tenant)
    return this.#decodePlain(body, plain)
  }

  async #decodeBody(body: MetricsBody): Promise<DecodeSession> {
    if (body.format === 'remoteWrite1' && body.encoding === 'snappy')
      return this.#decodeOrUndo(body, (session) => this.#unpackAndDecode(body, session))
    return this.#decodePlain(body, await this.#plain(body))
  }

  #decodePlain(body: MetricsBody, plain: Uint8Array): DecodeSession {
    return this.#decodeOrUndo(body, (session) => this.#decode(body, plain, session))
  }

  #unpackAndDecode({ bytes }: MetricsBody, session: DecodeSession): void {
    if (bytes.byteLength > this.limits.compressedBytesMax) throw decompressionLimit(this.limits.compressedBytesMax)
    this.#remoteWrite1.decodeSnappy(bytes, this.limits.decompressedBytesMax, session)
  }

  async #plain(body: MetricsBody): Promise<Uint8Array> {
    try {
      if (body.bytes.byteLength > this.limits.compressedBytesMax) throw decompressionLimit(this.limits.compressedBytesMax)
      return await decompress(body.bytes, body.encoding, this.#plainBytesMax(body.format))
    } catch (error) {
      this.#countLost(body, error)
      throw error
    }
  }

  #plainBytesMax(format: RawProtocol): number {
    return format === 'otlpJson' ? this.limits.jsonBytesMax : this.limits.decompressedBytesMax
  }

  #decode({ format, influx }: Pick<MetricsBody, 'format' | 'influx'>, plain: Uint8Array, session: DecodeSession): void {
    switch (format) {
      case 'otlpProtobuf':
        this.#otlp.decode(plain, session)
        return
      case 'otlpJson':
        this.#otlp.decode(otlpJsonToProtobuf(plain, this.limits.jsonObjectsMax), session)
        return
      case 'remoteWrite1':
        this.#remoteWrite1.decode(plain, session)
        return
      case 'remoteWrite2':
        this.#remoteWrite2.decode(plain, session)
        return
      case 'influx':
        if (influx === undefined) throw new Error('a body of Influx lines came without its request')
        this.#influx.decode(plain, influx, session)
    }
  }

  #decodeOrUndo(body: MetricsBody, decode: (session: DecodeSession) => void): DecodeSession {
    const session = this.#begin(body.tenant)
    try {
      decode(session)
      return session
    } catch (error) {
      session.undo()
      this.#end(session)
      const shaped = error instanceof DecodeError ? malformed(error) : error
      this.#countLost(body, shaped)
      throw shaped
    }
  }

  async #accept(body: MetricsBody, session: DecodeSession): Promise<MetricsOutcome> {
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
    this.#countDropped(body.tenant, session)
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

  /** The body goes into the log as it came; it was decoded only to count its points and to refuse what cannot be read at all. */
  async #appendRaw(body: MetricsBody, session: DecodeSession): Promise<MetricsOutcome> {
    const { batch } = session
    const points = batch.pointsReceived + session.droppedTotal
    session.undo()
    const { conservation, log } = this.#deps
    if (points > 0) {
      const format = rawFormat(body.format, body.encoding)
      const payload = payloadOf(body)
      conservation.received(body.tenant, 'metrics', points, body.bytes.byteLength)
      try {
        await log.append(body.lane, { kind: 'metrics', tenant: body.tenant, rows: points, format, payload })
      } catch (error) {
        conservation.refused(body.tenant, 'metrics', reasonOf(error), points)
        throw error
      }
      conservation.queued(body.tenant, 'metrics', points)
      this.#deps.sources.note(body.tenant, body.protocolName, points, this.#deps.clock.nowMs())
    }
    return {
      dropped: new Map(),
      duplicates: 0,
      firstRefusedLine: 0,
      pointsReceived: points,
      pointsRefused: 0,
      refused: new Map(),
      examples: [],
      samplesWritten: batch.sampleCount - session.addedSamples,
      histogramsWritten: batch.histogramCount - session.addedHistograms,
      exemplarsWritten: batch.exemplars.length,
    }
  }

  #note(body: MetricsBody, session: DecodeSession): void {
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

  /** What was left out is not in the batch, which is counted elsewhere. */
  #countDropped(tenant: Tenant, session: DecodeSession): void {
    if (session.dropped.size === 0) return
    this.#deps.conservation.received(tenant, 'metrics', session.droppedTotal, 0)
    for (const [reason, points] of session.dropped) this.#deps.conservation.dropped(tenant, 'metrics', reason, points)
  }

  /** A body none of which could be read counts as one refused point: how many it had nobody knows. */
  #countLost(body: MetricsBody, error: unknown): void {
    if (!isAppError(error)) return
    const { conservation, refusedSamples, clock } = this.#deps
    const reason = reasonOf(error)
    conservation.received(body.tenant, 'metrics', 1, body.bytes.byteLength)
    conservation.refused(body.tenant, 'metrics', reason, 1)
    refusedSamples.note(body.tenant, body.protocolName, reason, error.publicText, clock.nowMs())
  }

  #begin(tenant: Tenant): DecodeSession {
    const session = this.#idle.pop() ?? new DecodeSession(this.#state)
    session.begin(tenant, this.#latestNow())
    return session
  }

  #end(session: DecodeSession): void {
    if (this.#idle.length >= idleSessionsMax || session.batch.seriesRefs.length > idleBatchSamplesMax) return
    session.batch.reset(session.batch.tenant)
    this.#idle.push(session)
  }
}

/** What of a body goes into the log unread. */
function payloadOf({ influx, bytes }: MetricsBody): Uint8Array {
  return influx === undefined ? bytes : withRequest(influx, bytes)
}

function decompressionLimit(bytesMax: number): AppError {
  return new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes.` })
}

function malformed(error: DecodeError): AppError {
  return new AppError(bodyMalformed, { publicText: `The request body cannot be read: ${error.message}.`, cause: error })
}

/** `body.too_large` → `too_large`. */
function reasonOf(error: unknown): string {
  return isAppError(error) ? error.code.slice(error.code.indexOf('.') + 1) : 'log_failed'
}

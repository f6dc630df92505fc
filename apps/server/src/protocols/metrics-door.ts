/**
 * Bodies of metrics to durable samples: admission, decompression, decoding, `MetricsIngest.accept`. All listeners of a process share
 * one door, because delta totals and start times live in it. Protocol answers are made from what it returns.
 */
import type { Admission, Admitted, AdmissionRequest, IngestLog, LogRecord } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { MetricsBatch } from '../metrics/index.ts'
import { type ContentEncoding, decompress, decompressSync, isDecompressedElsewhere } from './body/decompress.ts'
import { BatchRecorder, type BatchRecorderDeps, type MetricsOutcome, type RecordedPart, reasonOf } from './batch-recorder.ts'
import { Intake } from './body/intake.ts'
import { measured } from './body/measured.ts'
import { createLatestNow } from './decode/latest-now.ts'
import { DecodeSession, type DecodeState, createDecodeState } from './decode/session.ts'
import { bodyMalformed, bodyTooLarge } from './errors.ts'
import { type ProtocolLimits, defaultProtocolLimits } from './limits.ts'
import { type IntakeInstruments, createIntakeInstruments } from './metrics.ts'
import { ExpositionDecoder } from './exposition/decode.ts'
import { InfluxDecoder } from './influx/decode.ts'
import { type InfluxRequest, withRequest, withoutRequest } from './influx/request.ts'
import { OtlpDecoder } from './otlp/decode.ts'
import { otlpJsonToProtobuf } from './otlp/json.ts'
import { DecodeError } from './protobuf/cursor.ts'
import { type MetricProtocol, isMetricProtocol, parseRawFormat, rawFormat } from './raw-formats.ts'
import { RemoteWrite1Decoder } from './remote-write/decode-v1.ts'
import { RemoteWrite2Decoder } from './remote-write/decode-v2.ts'
import { UnreadBodies, type UnreadBodiesDeps } from './unread-bodies.ts'

export type { MetricsOutcome } from './batch-recorder.ts'

export interface MetricsDoorDeps extends BatchRecorderDeps {
  readonly admission: Admission
  /** Where bodies of the lanes `raw` and `low` go. */
  readonly log: Pick<IngestLog, 'append'>
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly logger: Logger
  readonly limits?: ProtocolLimits
  /** Which lane a project's bodies take when they are here. */
  readonly lanes?: UnreadBodiesDeps['lanes']
  /** Where the intake's own metrics go; without it there are none. */
  readonly instruments?: Registry
}

/** One body as a listener hands it over. */
export interface MetricsBody extends RecordedPart {
  readonly lane: Admitted['lane']
  readonly format: MetricProtocol
  readonly encoding: ContentEncoding
  /** Of format `influx`: what the request says beside its body. */
  readonly influx?: InfluxRequest
}

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
  /** Of what is scraped; its results go through `record`. */
  readonly exposition: ExpositionDecoder
  readonly #latestNow: () => number
  readonly #instruments: IntakeInstruments | null
  /** Projects whose refusals were put into words in the present second. */
  readonly #told = new Set<number>()
  #toldSec = 0
  readonly #unread: UnreadBodies
  readonly #recorder: BatchRecorder

  constructor(deps: MetricsDoorDeps) {
    this.#deps = deps
    this.#latestNow = createLatestNow(deps.clock)
    this.limits = deps.limits ?? defaultProtocolLimits
    this.intake = new Intake(this.limits, deps.clock)
    this.#unread = new UnreadBodies({
      ...deps,
      limits: this.limits,
      intake: this.intake,
      inTurn: (tenant, sizeBytes, work) => this.inTurn(tenant, sizeBytes, work),
    })
    this.#instruments = deps.instruments === undefined ? null : createIntakeInstruments(deps.instruments, this.intake)
    this.#state = createDecodeState(this.limits)
    this.#recorder = new BatchRecorder(deps, this.#state, this.#latestNow)
    deps.metrics.series.holdsRefs(this.#state.memory)
    this.#otlp = new OtlpDecoder(deps.metrics.series, this.limits)
    this.#remoteWrite1 = new RemoteWrite1Decoder(deps.metrics.series)
    this.#remoteWrite2 = new RemoteWrite2Decoder(deps.metrics.series, this.limits)
    this.#influx = new InfluxDecoder(deps.metrics.series)
    this.exposition = new ExpositionDecoder(deps.metrics.series, this.limits)
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
    if (body.lane === 'low' && (await this.#unread.enters(body)))
      return await this.#unread.append({ ...body, kind: 'metrics' }, payloadOf(body))
    const session = await this.#decodeInTurn(body)
    try {
      this.#recorder.hold(body, session)
      if (body.lane === 'raw') return await this.#appendRaw(body, session)
      return await this.#recorder.accept(body, session)
    } finally {
      this.#recorder.end(session)
    }
  }

  /**
   * For what is no body of a listener (a scrape): `fill` makes the batch at its turn, and all of it becomes durable. Errors: those of
   * `MetricsIngest.accept` and `protocols.busy` (nothing was stored); what `fill` throws.
   */
  record<T>(part: RecordedPart, fill: (session: DecodeSession) => T): Promise<T> {
    return this.#recorder.record(this.intake, part, fill)
  }

  /**
   * For what makes its own of a body: `work`, which waits for nothing, at the project's turn and counted as its cost. Errors:
   * `protocols.busy`; what `work` throws.
   */
  async inTurn<T>(tenant: Tenant, sizeBytes: number, work: () => T): Promise<T> {
    using _turn = await this.intake.turn(tenant, sizeBytes)
    using _cost = measured(this.#deps.cost, tenant)
    return work()
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
   * there as refused; never throws for bad bytes. Unpacked on this thread and in one piece: a body of at most `compressedBytesMax` to
   * what its format may have, which the door that decodes at once would do in one piece as well.
   */
  decodeRaw(record: LogRecord, batch: MetricsBatch): void {
    const format = parseRawFormat(record.format)
    const session = new DecodeSession(this.#state)
    session.batch = batch
    session.begin(record.tenant, this.#latestNow())
    try {
      if (format === null || !isMetricProtocol(format.protocol))
        throw new AppError(bodyMalformed, { publicText: `The raw format ${record.format} is not known.` })
      const { influx, body } = format.protocol === 'influx' ? withoutRequest(record.payload) : { body: record.payload }
      const plain = decompressSync(body, format.encoding, this.#plainBytesMax(format.protocol))
      this.#decode(influx === undefined ? { format: format.protocol } : { format: format.protocol, influx }, plain, session)
      this.#recorder.countDropped(record.tenant, session)
    } catch (error) {
      if (!isAppError(error) && !(error instanceof DecodeError)) throw error
      session.undo()
      batch.reset(record.tenant)
      batch.pointsReceived = record.rows
      batch.refuse(isAppError(error) ? reasonOf(error) : 'malformed', record.rows, isAppError(error) ? error.publicText : error.message)
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
      this.#recorder.countLost(body, error)
      throw error
    }
  }

  #plainBytesMax(format: MetricProtocol): number {
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
    const session = this.#recorder.begin(body.tenant)
    try {
      decode(session)
      return session
    } catch (error) {
      session.undo()
      this.#recorder.end(session)
      const shaped = error instanceof DecodeError ? malformed(error) : error
      this.#recorder.countLost(body, shaped)
      throw shaped
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

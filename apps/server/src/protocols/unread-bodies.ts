/**
 * Bodies of projects in the low-priority lane: into the log as they came, unread, so that taking them costs next to nothing. Until it
 * is read a body counts as one row; then its points are counted as received, and what cannot be read as refused, in words.
 */
import type { Conservation, IngestLog, Kind, LogRecord } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { LaneBook } from '../realtime/index.ts'
import { type ContentEncoding, decompress, decompressSync, isDecompressedElsewhere } from './body/decompress.ts'
import type { Intake } from './body/intake.ts'
import { bodyMalformed, bodyTooLarge } from './errors.ts'
import type { ProtocolLimits } from './limits.ts'
import { DecodeError } from './protobuf/cursor.ts'
import { parseRawFormat, type RawProtocol, rawFormat } from './raw-formats.ts'
import { countRemoteWrite2, type RemoteWrite2Counts } from './remote-write/count-v2.ts'

export interface UnreadBodiesDeps {
  readonly log: Pick<IngestLog, 'append'>
  readonly conservation: Pick<Conservation, 'received' | 'refused' | 'queued'>
  readonly sources: { note(tenant: Tenant, protocol: string, points: number, atMs: number): void }
  readonly refusedSamples: { note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void }
  readonly clock: Pick<Clock, 'nowMs'>
  readonly limits: ProtocolLimits
  /** Work of this thread, which waits for nothing, at the project's turn, counted as its cost. Errors: `protocols.busy`, those of `work`. */
  readonly inTurn: <T>(tenant: Tenant, sizeBytes: number, work: () => T) => Promise<T>
  readonly intake: Pick<Intake, 'turnElsewhere'>
  /** Says which lane it is now; without it, what the admission said holds. */
  readonly lanes?: Pick<LaneBook, 'enter' | 'queued' | 'failed'> | undefined
}

interface UnreadBody {
  readonly tenant: Tenant
  readonly protocolName: string
  /** What it is counted as until it is read. */
  readonly kind: Kind
  readonly format: RawProtocol
  readonly encoding: ContentEncoding
  readonly bytes: Uint8Array
}

/** What a record turned out to hold. */
interface ReadBatch {
  readonly pointsReceived: number
  readonly refusedTotal: number
  readonly refused: ReadonlyMap<string, number>
  readonly refusedExamples: readonly string[]
}

/** (project, format) pairs whose protocol is remembered by the name that screens use. */
const namesMax = 10_000

const nothingLeftOut = {
  refused: new Map<string, number>(),
  examples: [],
  dropped: new Map<string, number>(),
  duplicates: 0,
  firstRefusedLine: 0,
}

export class UnreadBodies {
  readonly #deps: UnreadBodiesDeps
  readonly #names = new Map<string, string>()

  constructor(deps: UnreadBodiesDeps) {
    this.#deps = deps
  }

  /** False: the project went back to the ready lane meanwhile. True: `append` must follow. */
  async enters({ tenant }: Pick<UnreadBody, 'tenant'>): Promise<boolean> {
    const { lanes } = this.#deps
    return lanes === undefined || (await lanes.enter(tenant.projectId)) === 'low'
  }

  /**
   * Resolves when the body is durable; `payload` is what goes into the log. Errors: those of the log, `body.too_large`. The answer
   * knows no points, except to remote write 2: its senders take a body of which nothing was written for lost. That one is unpacked and
   * walked through, which costs about a tenth of decoding it, at the project's turn like any other; errors then also `body.malformed`,
   * `body.too_many_samples` and `protocols.busy`.
   */
  async append(body: UnreadBody, payload: Uint8Array) {
    const { tenant, kind, bytes } = body
    const { log, conservation, sources, lanes, clock, limits } = this.#deps
    const sizeBytes = bytes.byteLength
    let written = { samples: 0, histograms: 0, exemplars: 0 }
    conservation.received(tenant, kind, 1, sizeBytes)
    try {
      if (sizeBytes > limits.compressedBytesMax)
        throw new AppError(bodyTooLarge, { publicText: `The request body is larger than ${limits.compressedBytesMax} bytes.` })
      if (body.format === 'remoteWrite2') written = await this.#count(body)
      await log.append('low', { kind, tenant, rows: 1, format: rawFormat(body.format, body.encoding), payload })
    } catch (error) {
      lanes?.failed(tenant.projectId)
      conservation.refused(tenant, kind, isAppError(error) ? error.code.slice(error.code.indexOf('.') + 1) : 'log_failed', 1)
      throw error
    }
    lanes?.queued(tenant.projectId, sizeBytes)
    conservation.queued(tenant, kind, 1)
    this.#remember(body)
    sources.note(tenant, body.protocolName, 0, clock.nowMs())
    return {
      ...nothingLeftOut,
      pointsReceived: 0,
      pointsRefused: 0,
      samplesWritten: written.samples,
      histogramsWritten: written.histograms,
      exemplarsWritten: written.exemplars,
    }
  }

  /** A record was read: what it held, and what of it was refused, for the screens. */
  note({ tenant, format }: LogRecord, batch: ReadBatch, exampleReasons: readonly string[]): void {
    const { sources, refusedSamples, clock } = this.#deps
    const protocol = parseRawFormat(format)?.protocol
    const name = protocol === undefined ? 'unknown' : (this.#names.get(`${tenant.projectId} ${protocol}`) ?? protocol)
    const stored = batch.pointsReceived - batch.refusedTotal
    if (stored > 0) sources.note(tenant, name, stored, clock.nowMs())
    const lastReason = [...batch.refused.keys()].at(-1) ?? ''
    batch.refusedExamples.forEach((example, index) => {
      if (example !== '') refusedSamples.note(tenant, name, exampleReasons[index] ?? lastReason, example, clock.nowMs())
    })
  }

  async #count(body: UnreadBody): Promise<RemoteWrite2Counts> {
    const { inTurn, intake, limits } = this.#deps
    const { tenant, bytes, encoding } = body
    const sizeBytes = bytes.byteLength
    if (!isDecompressedElsewhere(encoding))
      return await inTurn(tenant, sizeBytes, () => this.#countPlain(decompressSync(bytes, encoding, limits.decompressedBytesMax)))
    using _elsewhere = await intake.turnElsewhere(tenant, sizeBytes)
    const plain = await decompress(bytes, encoding, limits.decompressedBytesMax)
    return await inTurn(tenant, sizeBytes, () => this.#countPlain(plain))
  }

  #countPlain(plain: Uint8Array): RemoteWrite2Counts {
    try {
      return countRemoteWrite2(plain, this.#deps.limits.samplesPerRequestMax)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new AppError(bodyMalformed, { publicText: `The request body cannot be read: ${error.message}.`, cause: error })
    }
  }

  #remember({ tenant, format, protocolName }: UnreadBody): void {
    if (this.#names.size >= namesMax) this.#names.clear()
    this.#names.set(`${tenant.projectId} ${format}`, protocolName)
  }
}

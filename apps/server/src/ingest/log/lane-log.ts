/**
 * One lane of the spool: group commit into the open segment, sealing, and the queue of sealed segments.
 *
 * One loop at a time writes. What arrives while a write and its fsync are under way waits and shares the next ones. After any
 * failed write or fsync the file is never written again: after a failed fsync Linux may mark the lost pages clean, so that a
 * second fsync of the same file reports success for data that is gone. Only what an earlier, successful fsync covered
 * was acknowledged, so the file is cut back to there, sealed, and the next record begins a new file. Until the cut has
 * succeeded the segment is withheld from the writer, because a later start would otherwise read other records than were
 * inserted under its token.
 */
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { logUnavailable } from '../errors.ts'
import { flushBytesMax, flushRecordsMax } from '../limits.ts'
import type { Lane, LogRecord } from '../ports.ts'
import type { LogIdentity } from './log-identity.ts'
import { encodeRecordHeader, encodeSegmentHeader, recordHeaderBytes, segmentHeaderBytes, segmentSeed } from './record-codec.ts'
import { SealedQueue } from './sealed-queue.ts'
import type { SpoolFile, SpoolFiles } from './spool-files.ts'
import { systemCode, writeFully } from './spool-files.ts'
import type { RetainBudget, SegmentLoader } from './stored-segment.ts'
import { StoredSegment } from './stored-segment.ts'

const repairDelayMs = 1000

export interface LaneDeps {
  readonly lane: Lane
  /** The lane's own directory; exists. */
  readonly directory: string
  readonly files: SpoolFiles
  readonly identity: LogIdentity
  readonly clock: Clock
  readonly logger: Logger
  readonly budget: RetainBudget
  readonly load: SegmentLoader
  readonly segmentRowsMax: number
  readonly segmentBytesMax: number
  readonly segmentAgeMs: number
  /** Called after each flush with its bytes, and with the system's error code when they could not be made durable. */
  readonly onFlush: (bytes: number, failure: string | null) => void
  /** A file that could not be removed and shall be later. */
  readonly onLeftover: (path: string, sizeBytes: number) => void
}

interface PendingAppend {
  readonly record: LogRecord
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

interface OpenSegment {
  readonly segment: StoredSegment
  readonly file: SpoolFile
  readonly seed: number
  readonly age: Disposable
}

export function recordBytes(record: LogRecord): number {
  return recordHeaderBytes + record.payload.length
}

export class LaneLog {
  readonly queue = new SealedQueue()
  /** Every segment not committed, oldest first. */
  readonly segments = new Set<StoredSegment>()
  /** Sums over `segments`. */
  records = 0
  rows = 0
  sizeBytes = 0
  readonly #deps: LaneDeps
  #pending: PendingAppend[] = []
  #open: OpenSegment | null = null
  #suspects: StoredSegment[] = []
  #repair: Disposable | null = null
  #repairing: Promise<void> = Promise.resolve()
  #closed = false
  #running: Promise<void> | null = null
  #sealWanted = false

  constructor(deps: LaneDeps) {
    this.#deps = deps
  }

  /** Resolves when the record is on the disk. */
  append(record: LogRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ record, resolve, reject })
      this.#kick()
    })
  }

  /** Resolves when what is open now is sealed (or withheld, when its end cannot be cut). */
  async seal(): Promise<void> {
    this.#sealWanted = true
    this.#kick()
    while (this.#running !== null && this.#sealWanted) await this.#running
  }

  /** A segment found on disk at start, or a replayed dead letter. */
  adopt(segment: StoredSegment): void {
    this.segments.add(segment)
    this.#count(segment, 1)
    this.queue.push(segment)
  }

  /** The segment leaves the lane's books. False when it had left before. */
  release(segment: StoredSegment): boolean {
    if (!this.segments.delete(segment)) return false
    segment.forget()
    this.#count(segment, -1)
    return true
  }

  /** Finishes what is under way, seals, and wakes everyone who waits. */
  async close(): Promise<void> {
    this.#closed = true
    this.#repair?.[Symbol.dispose]()
    await this.#repairing
    do await this.seal()
    while (this.#pending.length > 0 || this.#open !== null)
    this.queue.close()
  }

  #count(segment: StoredSegment, sign: 1 | -1): void {
    this.records += sign * segment.recordCount
    this.rows += sign * segment.rows
    this.sizeBytes += sign * segment.sizeBytes
  }

  #kick(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
      if (this.#pending.length > 0 || this.#sealWanted) this.#kick()
    })
  }

  async #run(): Promise<void> {
    // One turn, so that everything that arrives in this one shares the first write.
    await Promise.resolve()
    do {
      if (this.#sealWanted) {
        await this.#sealOpen()
        this.#sealWanted = false
      }
      if (this.#pending.length > 0) await this.#flush()
      if (this.#open !== null && this.#isFull(this.#open.segment)) await this.#sealOpen()
    } while (this.#pending.length > 0 || this.#sealWanted)
  }

  #isFull(segment: StoredSegment): boolean {
    return segment.rows >= this.#deps.segmentRowsMax || segment.sizeBytes >= this.#deps.segmentBytesMax
  }

  /** The next records that share a write: at least one, and no more than the segment and one flush take. */
  #takeBatch(): PendingAppend[] {
    let rows = this.#open?.segment.rows ?? 0
    let sizeBytes = this.#open?.segment.sizeBytes ?? 0
    let bytes = 0
    let count = 0
    for (const { record } of this.#pending) {
      if (count > 0 && (rows >= this.#deps.segmentRowsMax || sizeBytes >= this.#deps.segmentBytesMax)) break
      if (count >= flushRecordsMax || (count > 0 && bytes + recordBytes(record) > flushBytesMax)) break
      rows += record.rows
      sizeBytes += recordBytes(record)
      bytes += recordBytes(record)
      count++
    }
    return this.#pending.splice(0, count)
  }

  async #flush(): Promise<void> {
    const batch = this.#takeBatch()
    const bytes = batch.reduce((sum, { record }) => sum + recordBytes(record), 0)
    let open: OpenSegment | null = null
    try {
      open = this.#open ?? (await this.#begin())
      this.#open = open
      const buffers: Uint8Array[] = []
      let position = open.segment.sizeBytes
      if (position === 0) {
        buffers.push(encodeSegmentHeader({ ...open.segment.identity, createdMs: open.segment.createdMs }))
        position = segmentHeaderBytes
      }
      for (const { record } of batch) {
        buffers.push(encodeRecordHeader(record, position, open.seed), record.payload)
        position += recordBytes(record)
      }
      await writeFully(open.file, buffers, open.segment.sizeBytes)
      await open.file.dataSync()
      if (this.segments.has(open.segment)) this.#count(open.segment, -1)
      this.segments.add(open.segment)
      open.segment.add(
        batch.map(({ record }) => record),
        position,
      )
      this.#count(open.segment, 1)
    } catch (cause) {
      const code = systemCode(cause)
      this.#deps.logger.warn('ingest log write failed', { lane: this.#deps.lane, code, error: String(cause), records: batch.length })
      if (open !== null) await this.#retire(open)
      this.#deps.onFlush(bytes, code || 'error')
      const error = new AppError(logUnavailable, { cause, detail: `lane ${this.#deps.lane}: ${String(cause)}`, retryAfterSec: 5 })
      for (const { reject } of batch) reject(error)
      return
    }
    this.#deps.onFlush(bytes, null)
    for (const { resolve } of batch) resolve()
  }

  async #begin(): Promise<OpenSegment> {
    const { lane, directory, files, identity, clock } = this.#deps
    const sequence = await identity.next(lane)
    const path = join(directory, openFileName(sequence))
    const file = await files.create(path)
    try {
      await files.syncDirectory(directory)
    } catch (error) {
      await this.#discard(file, path)
      throw error
    }
    const times = { createdMs: clock.nowMs(), heldSinceMs: clock.monotonicMs() }
    const facts = { identity: { logId: identity.logId, lane, sequence }, sequence, path, ...times, origin: 'new' as const }
    const segment = new StoredSegment(facts, this.#deps.load, this.#deps.budget)
    const age = clock.after(this.#deps.segmentAgeMs, () => {
      this.#sealWanted = true
      this.#kick()
    })
    return { segment, file, seed: segmentSeed(facts.identity), age }
  }

  async #sealOpen(): Promise<void> {
    const open = this.#open
    if (open === null) return
    this.#open = null
    open.age[Symbol.dispose]()
    await closeQuietly(open.file)
    await this.#giveOut(open.segment)
  }

  /** The content is final: the name says so, and the writer may have it. A name that cannot be changed only costs the next start a rewrite. */
  async #giveOut(segment: StoredSegment): Promise<void> {
    const path = join(this.#deps.directory, segmentFileName(segment.sequence))
    try {
      await this.#deps.files.rename(segment.path, path)
      segment.path = path
    } catch (error) {
      this.#deps.logger.warn('ingest log segment keeps its open name', { path: segment.path, error: String(error) })
    }
    this.queue.push(segment)
  }

  /** The open file failed: cut it back to what was acknowledged, or drop it when that is nothing. */
  async #retire(open: OpenSegment): Promise<void> {
    this.#open = null
    open.age[Symbol.dispose]()
    if (open.segment.recordCount === 0) return this.#discard(open.file, open.segment.path)
    try {
      await cut(open.file, open.segment.sizeBytes)
    } catch {
      return this.#withhold(open.segment)
    }
    await this.#giveOut(open.segment)
  }

  #withhold(segment: StoredSegment): void {
    this.#suspects.push(segment)
    if (this.#closed) return
    this.#repair ??= this.#deps.clock.after(repairDelayMs, () => {
      this.#repair = null
      this.#repairing = this.#repairSuspects()
    })
  }

  async #repairSuspects(): Promise<void> {
    const suspects = this.#suspects
    this.#suspects = []
    for (const segment of suspects) {
      try {
        await cut(await this.#deps.files.open(segment.path), segment.sizeBytes)
        await this.#giveOut(segment)
      } catch (error) {
        this.#deps.logger.warn('ingest log segment cannot be cut back yet', { path: segment.path, error: String(error) })
        this.#withhold(segment)
      }
    }
  }

  async #discard(file: SpoolFile, path: string): Promise<void> {
    await closeQuietly(file)
    try {
      await this.#deps.files.unlink(path)
    } catch {
      this.#deps.onLeftover(path, 0)
    }
  }
}

/** A sealed segment's name; 16 digits, so that names sort as numbers do. */
export function segmentFileName(sequence: number): string {
  return `${String(sequence).padStart(16, '0')}.seg`
}

/** The name while records are appended: at the next start its end is not believed. */
export function openFileName(sequence: number): string {
  return `${String(sequence).padStart(16, '0')}.open`
}

/** Cuts the file at `sizeBytes` and closes it. */
export async function cut(file: SpoolFile, sizeBytes: number): Promise<void> {
  try {
    await file.truncate(sizeBytes)
    await file.dataSync()
  } finally {
    await closeQuietly(file)
  }
}

/** What had to be durable was synced before; a failing close changes nothing of it. */
async function closeQuietly(file: SpoolFile): Promise<void> {
  try {
    await file.close()
  } catch {
    return
  }
}

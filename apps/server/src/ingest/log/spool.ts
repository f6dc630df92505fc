/**
 * The ingest log as files of this machine: a directory a lane with segment files, group commit, bounded size. See
 * docs/formats/ingest-log.md for the bytes and lane-log.ts for what happens when a write fails.
 */
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { deadLetterNotFound, logFull, logUnavailable, recordTooLarge, stopping } from '../errors.ts'
import {
  admissionFullShare,
  diskResumeFactor,
  logResumeShare,
  lowSegmentBytesMax,
  pendingBytesMax,
  recordPayloadBytesMax,
} from '../limits.ts'
import type { DeadLetter, Lane, LogBacklog, LogRecord, RecoveredRecord, Segment } from '../ports.ts'
import { DeadLetterFiles, tenantsOf } from './dead-letters.ts'
import { LaneLog, recordBytes, segmentFileName } from './lane-log.ts'
import { LogIdentity } from './log-identity.ts'
import { lanes } from './record-codec.ts'
import type { RecoveryDeps } from './recovery.ts'
import { keepDamaged, recoverLane, recoverSegment } from './recovery.ts'
import { scanSegment } from './segment-reader.ts'
import type { SpoolFiles } from './spool-files.ts'
import type { Spool, SpoolCounts, SpoolOptions } from './spool-options.ts'
import { spoolDefaults } from './spool-options.ts'
import { nodeSpoolFiles, systemCode } from './spool-files.ts'
import { RetainBudget, StoredSegment } from './stored-segment.ts'

type ResolvedOptions = typeof spoolDefaults & SpoolOptions & { readonly files: SpoolFiles }

/**
 * Opens the log and takes over what the last process left. Rejects with `ingest.log_unavailable` when the directory cannot be
 * read or written; damage in files is counted and never stops the start.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const resolved: ResolvedOptions = { ...spoolDefaults, ...options, files: options.files ?? nodeSpoolFiles }
  try {
    return await FileSpool.open(resolved)
  } catch (cause) {
    const detail = `cannot open ${options.directory}: ${String(cause)}`
    throw new AppError(logUnavailable, {
      cause,
      detail,
      publicText: `The ingest log directory cannot be used (${systemCode(cause) || 'error'}).`,
    })
  }
}

class FileSpool implements Spool {
  readonly #options: ResolvedOptions
  readonly #identity: LogIdentity
  readonly #budget: RetainBudget
  readonly #lanes: ReadonlyMap<Lane, LaneLog>
  readonly #dead: DeadLetterFiles
  readonly #counts = {
    appendedRecords: 0,
    appendedBytes: 0,
    flushes: 0,
    failedFlushes: 0,
    damagedFiles: 0,
    damagedPlaces: 0,
    damagedBytes: 0,
    tornBytes: 0,
  }
  /** Files of committed segments that could not be removed yet, with their sizes. */
  readonly #leftovers = new Map<string, number>()
  readonly #recovered: StoredSegment[] = []
  #pendingBytes = 0
  #full = false
  #diskLow = false
  /** The system's code of the last write's failure; null after one that succeeded. */
  #writeFailure: string | null = null
  #closing = false
  #checking: Promise<void> = Promise.resolve()
  #timer: Disposable | null = null

  static async open(options: ResolvedOptions): Promise<FileSpool> {
    const { files, directory } = options
    const parts = [...lanes, 'dead', 'damaged']
    await files.makeDirectory(directory)
    for (const part of parts) await files.makeDirectory(join(directory, part))
    // Also makes durable what a process that died in between had only renamed (the identity file).
    await files.syncDirectory(directory)
    const identity = await LogIdentity.open(files, directory, options.logger, options.randomLogId)
    const spool = new FileSpool(options, identity)
    await spool.#dead.removeOrphans()
    await spool.#raiseSequences('dead', 'damaged')
    for (const lane of lanes) await spool.#recover(lane)
    await spool.#checkDisk()
    spool.#timer = options.clock.every(options.diskCheckMs, () => {
      spool.#checking = spool.#checking.then(() => spool.#maintain())
    })
    return spool
  }

  private constructor(options: ResolvedOptions, identity: LogIdentity) {
    this.#options = options
    this.#identity = identity
    this.#budget = new RetainBudget(options.retainBytesMax)
    const { files, clock, logger } = options
    this.#dead = new DeadLetterFiles({ files, directory: join(options.directory, 'dead'), bytesMax: options.deadLetterBytesMax, logger })
    this.#lanes = new Map(lanes.map((lane) => [lane, this.#openLane(lane, { files, clock, logger })]))
  }

  get logId(): string {
    return this.#identity.logId
  }

  async append(lane: Lane, record: LogRecord): Promise<void> {
    if (this.#closing) throw new AppError(stopping, { retryAfterSec: 5 })
    const bytes = recordBytes(record)
    if (record.payload.length > recordPayloadBytesMax || bytes > this.#options.sizeBytesMax) throw new AppError(recordTooLarge)
    this.#admit(bytes)
    this.#pendingBytes += bytes
    await this.#lane(lane).append(record)
    this.#counts.appendedRecords++
  }

  take(lane: Lane, signal: AbortSignal): Promise<Segment | null> {
    return this.#lane(lane).queue.take(signal)
  }

  async commit(segment: Segment): Promise<void> {
    const stored = this.#known(segment)
    stored.recycle()
    await this.#remove(stored)
  }

  /** The segment leaves the books, and its file the disk, now or later. */
  async #remove(stored: StoredSegment): Promise<void> {
    if (!this.#lane(stored.lane).release(stored)) return
    try {
      await this.#options.files.unlink(stored.path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      this.#leftovers.set(stored.path, stored.sizeBytes)
      this.#options.logger.warn('ingest log: a finished segment cannot be removed yet', { path: stored.path, error: String(error) })
    }
  }

  async bury(segment: Segment, reason: string, records?: readonly LogRecord[]): Promise<void> {
    const stored = this.#known(segment)
    const lane = this.#lane(stored.lane)
    if (!lane.segments.has(stored)) return
    const nowMs = this.#options.clock.nowMs()
    const isPart = records !== undefined && records.length < stored.recordCount
    try {
      if (isPart) await this.#dead.buryPart(stored, { records, reason }, nowMs)
      else await this.#dead.bury(stored, this.#directoryOf(stored.lane), reason, nowMs)
    } catch (cause) {
      throw new AppError(logUnavailable, { cause, detail: `cannot move ${stored.path} to the dead letters: ${String(cause)}` })
    }
    if (isPart) await this.#remove(stored)
    else lane.release(stored)
  }

  async seal(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.seal()))
  }

  backlog(of: readonly Lane[] = lanes): LogBacklog {
    let segments = 0
    let sizeBytes = of === lanes ? this.#leftoverBytes() : 0
    let records = 0
    let rows = 0
    let oldest = Number.POSITIVE_INFINITY
    for (const name of of) {
      const lane = this.#lane(name)
      segments += lane.segments.size
      records += lane.records
      rows += lane.rows
      sizeBytes += lane.sizeBytes
      for (const segment of lane.segments) {
        oldest = Math.min(oldest, segment.heldSinceMs)
        break
      }
    }
    const oldestMs = segments === 0 ? 0 : this.#options.clock.monotonicMs() - oldest
    return { segments, records, rows, sizeBytes, sizeBytesMax: this.#options.sizeBytesMax, oldestMs }
  }

  async *recoveredRecords(): AsyncGenerator<RecoveredRecord> {
    for (const segment of this.#recovered.splice(0)) {
      for (const record of await segment.read()) yield { lane: segment.lane, record }
    }
  }

  counts(): SpoolCounts {
    return { ...this.#counts }
  }

  refusal(): string | null {
    const { sizeBytesMax } = this.#options
    const used = this.#usedBytes()
    if (used >= sizeBytesMax * admissionFullShare || (this.#full && used >= sizeBytesMax * logResumeShare)) return 'is full'
    if (this.#diskLow) return 'has nearly no disk left'
    return this.#writeFailure === null ? null : `cannot be written (${this.#writeFailure})`
  }

  listDeadLetters(): Promise<readonly DeadLetter[]> {
    return this.#dead.list()
  }

  async replayDeadLetter(id: string): Promise<DeadLetter> {
    const { letter, path } = await this.#deadLetter(id)
    const { files } = this.#options
    const sequence = await this.#identity.next(letter.lane)
    const directory = this.#directoryOf(letter.lane)
    await files.rename(path, join(directory, segmentFileName(sequence)))
    await files.syncDirectory(directory)
    await this.#dead.forgetDescription(id)
    const file = { name: segmentFileName(sequence), sequence, isOpen: false, origin: 'replayed' as const }
    const segment = await recoverSegment(this.#recoveryDeps(letter.lane), file)
    if (segment === null) return { ...letter, tenants: [] }
    const tenants = tenantsOf(await segment.read(), Number.POSITIVE_INFINITY)
    this.#lane(letter.lane).adopt(segment)
    return { ...letter, records: segment.recordCount, rows: segment.rows, tenants }
  }

  async discardDeadLetter(id: string): Promise<void> {
    await this.#deadLetter(id)
    await this.#dead.discard(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#timer?.[Symbol.dispose]()
    await this.#checking
    for (const lane of this.#lanes.values()) await lane.close()
  }

  #openLane(lane: Lane, shared: { files: SpoolFiles; clock: Clock; logger: Logger }): LaneLog {
    const { segmentRowsMax, segmentAgeMs } = this.#options
    // Its rows are not known: small segments bound what a crash lets be read again.
    const segmentBytesMax = Math.min(this.#options.segmentBytesMax, lane === 'low' ? lowSegmentBytesMax : Number.POSITIVE_INFINITY)
    return new LaneLog({
      ...shared,
      lane,
      directory: this.#directoryOf(lane),
      identity: this.#identity,
      // What waits there may be a lot: kept in memory it would take the room of what is inserted next.
      budget: lane === 'low' ? new RetainBudget(0) : this.#budget,
      load: (segment) => this.#load(segment),
      segmentRowsMax,
      segmentBytesMax,
      segmentAgeMs,
      onFlush: (bytes, failure) => {
        this.#pendingBytes -= bytes
        this.#counts.flushes++
        this.#writeFailure = failure
        if (failure === null) this.#counts.appendedBytes += bytes
        else this.#counts.failedFlushes++
      },
      onLeftover: (path, sizeBytes) => this.#leftovers.set(path, sizeBytes),
    })
  }

  #lane(lane: Lane): LaneLog {
    const found = this.#lanes.get(lane)
    if (found === undefined) throw new Error(`no lane ${lane}`)
    return found
  }

  #directoryOf(lane: Lane): string {
    return join(this.#options.directory, lane)
  }

  #known(segment: Segment): StoredSegment {
    if (!(segment instanceof StoredSegment)) throw new Error('this segment belongs to another log')
    return segment
  }

  #usedBytes(): number {
    let bytes = this.#leftoverBytes()
    for (const lane of this.#lanes.values()) bytes += lane.sizeBytes
    return bytes
  }

  #leftoverBytes(): number {
    let bytes = 0
    for (const sizeBytes of this.#leftovers.values()) bytes += sizeBytes
    return bytes
  }

  /** Refuses a record that does not fit. A log that was full takes records again only well below its size. */
  #admit(bytes: number): void {
    const { sizeBytesMax } = this.#options
    const used = this.#usedBytes() + this.#pendingBytes
    if (this.#full && used < sizeBytesMax * logResumeShare) this.#full = false
    if (!this.#full && used + bytes > sizeBytesMax) {
      // A record too large for what is left does not close the door to smaller ones unless the log is really near its end.
      this.#full = used >= sizeBytesMax * logResumeShare
      if (!this.#full) throw new AppError(logFull, { detail: 'the record does not fit', retryAfterSec: 5 })
      this.#options.logger.warn('ingest log is full', { usedBytes: used, sizeBytesMax })
    }
    if (this.#full) throw new AppError(logFull, { detail: `${used} of ${sizeBytesMax} bytes`, retryAfterSec: 5 })
    if (this.#diskLow) throw new AppError(logFull, { detail: 'the disk is nearly full', retryAfterSec: 30 })
    if (this.#pendingBytes + bytes > pendingBytesMax) throw new AppError(logFull, { detail: 'the disk does not keep up', retryAfterSec: 1 })
  }

  async #load(segment: StoredSegment): Promise<readonly LogRecord[]> {
    let bytes: Uint8Array
    try {
      bytes = await this.#options.files.read(segment.path)
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') {
        // Someone removed it. Waiting for it would stop the lane for ever; its rows stay in the counters as queued, which shows.
        this.#options.logger.error('ingest log: a segment file is gone', { path: segment.path, rows: segment.rows })
        this.#counts.damagedFiles++
        return []
      }
      throw new AppError(logUnavailable, { cause, detail: `cannot read ${segment.path}: ${String(cause)}` })
    }
    const scan = scanSegment(bytes.subarray(0, segment.sizeBytes), segment.identity)
    if (scan.records.length !== segment.recordCount) {
      await keepDamaged(this.#recoveryDeps(segment.lane), `${segment.lane}-${segmentFileName(segment.sequence)}`, bytes, scan)
    }
    return scan.records
  }

  #recoveryDeps(lane: Lane): RecoveryDeps {
    const { files, directory, logger, clock } = this.#options
    return {
      files,
      directory: join(directory, lane),
      damagedDirectory: join(directory, 'damaged'),
      lane,
      identity: this.#identity,
      load: (segment) => this.#load(segment),
      budget: this.#budget,
      logger,
      counts: this.#counts,
      clock,
    }
  }

  /** Files outside the lanes keep their numbers as well, so that a new log id cannot make a name twice. */
  async #raiseSequences(...parts: string[]): Promise<void> {
    for (const part of parts) {
      for (const name of await this.#options.files.list(join(this.#options.directory, part))) {
        const match = /^(ready|raw|low)-(\d{16})\.seg$/.exec(name)
        const lane = lanes.find((candidate) => candidate === match?.[1])
        if (lane !== undefined) this.#identity.raise(lane, Number(match?.[2]))
      }
    }
  }

  async #recover(lane: Lane): Promise<void> {
    for (const segment of await recoverLane(this.#recoveryDeps(lane))) {
      this.#recovered.push(segment)
      this.#lane(lane).adopt(segment)
    }
  }

  async #deadLetter(id: string): Promise<{ letter: DeadLetter; path: string }> {
    const path = this.#dead.pathOf(id)
    const letter = path === null ? undefined : (await this.#dead.list()).find((candidate) => candidate.id === id)
    if (path === null || letter === undefined) throw new AppError(deadLetterNotFound)
    return { letter, path }
  }

  async #maintain(): Promise<void> {
    await this.#checkDisk()
    for (const path of this.#leftovers.keys()) {
      try {
        await this.#options.files.unlink(path)
        this.#leftovers.delete(path)
      } catch (error) {
        if (systemCode(error) === 'ENOENT') this.#leftovers.delete(path)
      }
    }
  }

  async #checkDisk(): Promise<void> {
    const { files, directory, diskReserveBytes, logger } = this.#options
    let free: number
    try {
      free = await files.freeBytes(directory)
    } catch (error) {
      logger.warn('ingest log: free disk space is unknown', { directory, error: String(error) })
      return
    }
    const low = free < (this.#diskLow ? diskReserveBytes * diskResumeFactor : diskReserveBytes)
    if (low !== this.#diskLow)
      logger.warn(low ? 'ingest log: disk nearly full, refusing data' : 'ingest log: disk has space again', { freeBytes: free })
    this.#diskLow = low
  }
}

/** One segment file of the spool with what is known of it in memory, and the memory budget for records kept beside the file. */
import type { Lane, LogRecord, Segment, SegmentOrigin } from '../ports.ts'
import type { SegmentIdentity } from './record-codec.ts'
import { segmentToken } from './record-codec.ts'
import { BlockPool, RecordBlocks } from './record-blocks.ts'

/** Most memory that stays for the next segments: one that is written, one that is filled. */
const freeBytesMax = 128 * 1024 * 1024

/** Segments with less keep the records' own memory: a block would be left nearly empty. */
const blocksFromBytes = 1024 * 1024

/** Bytes of records kept in memory so that the writer need not read them back. */
export class RetainBudget {
  /** Where they are kept. */
  readonly pool: BlockPool
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.pool = new BlockPool(Math.min(bytesMax, freeBytesMax))
  }

  get bytes(): number {
    return this.#bytes
  }

  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    return true
  }

  release(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** How a segment reads its records when memory does not have them. */
export type SegmentLoader = (segment: StoredSegment) => Promise<readonly LogRecord[]>

export type SegmentFacts = Pick<StoredSegment, 'identity' | 'sequence' | 'path' | 'createdMs' | 'heldSinceMs' | 'origin'>

export class StoredSegment implements Segment {
  readonly lane: Lane
  /** The number in the file's name; after a replay of a dead letter it differs from the token's. */
  readonly sequence: number
  readonly token: string
  /** Changes when the file is renamed: `.open` while it is written, `.seg` once it is sealed. */
  path: string
  /** Wall clock when it was begun, ms since 1970. */
  readonly createdMs: number
  /** Monotonic: when it was begun; of one found on disk, the start of this life less the age that its file had by the wall clock. */
  readonly heldSinceMs: number
  readonly identity: SegmentIdentity
  readonly origin: SegmentOrigin
  rows = 0
  recordCount = 0
  /** End of the last durable record. */
  sizeBytes = 0
  readonly #load: SegmentLoader
  readonly #budget: RetainBudget
  readonly #blocks: RecordBlocks
  #records: LogRecord[] | null = []
  #retainedBytes = 0

  constructor(facts: SegmentFacts, load: SegmentLoader, budget: RetainBudget) {
    this.identity = facts.identity
    this.lane = facts.identity.lane
    this.sequence = facts.sequence
    this.token = segmentToken(facts.identity)
    this.path = facts.path
    this.createdMs = facts.createdMs
    this.heldSinceMs = facts.heldSinceMs
    this.origin = facts.origin
    this.#load = load
    this.#budget = budget
    this.#blocks = new RecordBlocks(budget.pool)
  }

  get retained(): boolean {
    return this.#records !== null
  }

  /** Counts durable records, and keeps them in memory while the budget allows (all of a segment's or none). */
  add(records: readonly LogRecord[], endBytes: number): void {
    this.sizeBytes = endBytes
    this.recordCount += records.length
    for (const record of records) {
      this.rows += record.rows
      this.#retain(record)
    }
  }

  /** In a block, once the segment is worth one; the budget counts blocks as a whole. */
  #retain(record: LogRecord): void {
    if (this.#records === null) return
    const { payload } = record
    const isSmall = this.#retainedBytes < blocksFromBytes
    const bytes = isSmall ? payload.byteLength : this.#blocks.costOf(payload.byteLength)
    if (!this.#budget.reserve(bytes)) return this.forget()
    this.#retainedBytes += bytes
    this.#records.push(isSmall ? record : { ...record, payload: this.#blocks.copy(payload) })
  }

  /** Drops the records from memory; the file still has them. */
  forget(): void {
    this.#blocks.drop()
    this.#records = null
    this.#budget.release(this.#retainedBytes)
    this.#retainedBytes = 0
  }

  /** As `forget`, when nobody holds what `read` gave: its memory is used again. */
  recycle(): void {
    this.#blocks.recycle()
    this.forget()
  }

  async read(): Promise<readonly LogRecord[]> {
    return this.#records ?? (await this.#load(this))
  }
}

/** What a spool is opened with, and what it offers beyond the port. */
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { DeadLetters, IngestLog, RecoveredRecord } from '../ports.ts'
import type { DamageCounts } from './recovery.ts'
import type { SpoolFiles } from './spool-files.ts'

export interface SpoolOptions {
  /** Made when missing. Must belong to one process at a time (the caller holds the data directory's lock). */
  readonly directory: string
  /** Bytes of uncommitted records at which `append` refuses with `ingest.log_full`. */
  readonly sizeBytesMax: number
  readonly segmentRowsMax?: number
  readonly segmentBytesMax?: number
  readonly segmentAgeMs?: number
  /** Records kept in memory for the writer. */
  readonly retainBytesMax?: number
  /** Below this much free disk space `append` refuses. */
  readonly diskReserveBytes?: number
  readonly diskCheckMs?: number
  readonly deadLetterBytesMax?: number
  readonly clock: Clock
  readonly logger: Logger
  readonly files?: SpoolFiles
  /** 16 hexadecimal digits for a new log. */
  readonly randomLogId?: () => string
}

/** Counts since the log was opened. */
export interface SpoolCounts extends Readonly<DamageCounts> {
  readonly appendedRecords: number
  readonly appendedBytes: number
  readonly flushes: number
  readonly failedFlushes: number
}

/** The local spool; more than the port: recovery, dead letters and counts. */
export interface Spool extends IngestLog, DeadLetters {
  readonly logId: string
  /** Records found at start, oldest first in each lane. Call before the writer starts. */
  recoveredRecords(): AsyncIterable<RecoveredRecord>
  counts(): SpoolCounts
  /** Why records are refused now, as the end of a sentence that begins with "The log"; null when they are taken. */
  refusal(): string | null
}

export const spoolDefaults = {
  /** One insert: half of this costs the engine half as much again a row, more stops the event loop for too long while it is built. */
  segmentRowsMax: 500_000,
  segmentBytesMax: 64 * 1024 * 1024,
  /** Nobody waits for it: what is acknowledged is in the head. */
  segmentAgeMs: 2000,
  retainBytesMax: 64 * 1024 * 1024,
  diskReserveBytes: 512 * 1024 * 1024,
  diskCheckMs: 2000,
  deadLetterBytesMax: 1024 * 1024 * 1024,
}

/**
 * Reads a lane's directory at start: whole segments are taken over, a torn end is cut, damage is copied to `damaged/` and
 * counted, and nothing of it stops the start. Only a directory that cannot be read or written does.
 */
import { join } from 'node:path'
import type { Logger } from '../../kernel/log.ts'
import { damagedFilesMax } from '../limits.ts'
import type { Lane } from '../ports.ts'
import { cut, segmentFileName } from './lane-log.ts'
import type { LogIdentity } from './log-identity.ts'
import { replaceFile } from './log-identity.ts'
import type { SegmentScan } from './segment-reader.ts'
import { scanSegment } from './segment-reader.ts'
import type { SpoolFiles } from './spool-files.ts'
import { systemCode } from './spool-files.ts'
import type { RetainBudget, SegmentLoader } from './stored-segment.ts'
import { StoredSegment } from './stored-segment.ts'

/** Since the log was opened. */
export interface DamageCounts {
  /** Files in which something between two readable records, or a file's header, could not be read. */
  damagedFiles: number
  /** Places in them. */
  damagedPlaces: number
  damagedBytes: number
  /** Ends cut off: written but never acknowledged, in all likelihood. */
  tornBytes: number
}

export interface RecoveryDeps {
  readonly files: SpoolFiles
  readonly directory: string
  readonly damagedDirectory: string
  readonly lane: Lane
  readonly identity: LogIdentity
  readonly load: SegmentLoader
  readonly budget: RetainBudget
  readonly logger: Logger
  readonly counts: DamageCounts
  readonly nowMs: number
}

const namePattern = /^(\d{16})\.seg$/

/** Segments of one lane directory, oldest first. */
export async function recoverLane(deps: RecoveryDeps): Promise<StoredSegment[]> {
  const numbers = (await deps.files.list(deps.directory))
    .map((name) => namePattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
  const segments: StoredSegment[] = []
  for (const sequence of numbers) {
    deps.identity.raise(deps.lane, sequence)
    const newest = sequence === numbers.at(-1)
    const segment = await recoverSegment(deps, sequence, newest)
    if (segment !== null) segments.push(segment)
  }
  return segments
}

/** Null when the file holds no readable record; it is then removed, after a copy when it held anything. */
export async function recoverSegment(deps: RecoveryDeps, sequence: number, newest: boolean): Promise<StoredSegment | null> {
  const name = segmentFileName(sequence)
  const path = join(deps.directory, name)
  const bytes = await deps.files.read(path)
  const scan = scanSegment(bytes, { logId: deps.identity.logId, lane: deps.lane, sequence })
  // Only the newest file may have been in the middle of a write; a bad end of another one is damage.
  const tornIsDamage = scan.tornFrom !== null && !newest
  if (scan.damages.length > 0 || tornIsDamage) await keepDamaged(deps, `${deps.lane}-${name}`, bytes, scan)
  if (scan.records.length === 0) {
    deps.counts.tornBytes += bytes.length
    await deps.files.unlink(path)
    return null
  }
  const goodEnd = scan.tornFrom ?? bytes.length
  if (scan.tornFrom !== null) {
    deps.logger.info('ingest log: cut the unfinished end of a segment', { path, keptBytes: goodEnd, cutBytes: bytes.length - goodEnd })
    deps.counts.tornBytes += bytes.length - goodEnd
    await cut(await deps.files.open(path), goodEnd)
  }
  const identity = scan.header ?? { logId: deps.identity.logId, lane: deps.lane, sequence }
  deps.identity.raise(deps.lane, identity.logId === deps.identity.logId ? identity.sequence : 0)
  const facts = { identity: { ...identity, lane: deps.lane }, sequence, path, createdMs: scan.header?.createdMs ?? deps.nowMs }
  const segment = new StoredSegment(facts, deps.load, deps.budget)
  segment.add(scan.records, goodEnd)
  return segment
}

/** Copies the file to `damaged/` and counts. A failing copy is a warning: the readable records matter more. */
export async function keepDamaged(deps: Omit<RecoveryDeps, 'lane'>, name: string, bytes: Uint8Array, scan: SegmentScan): Promise<void> {
  const damagedBytes = scan.damages.reduce((sum, damage) => sum + damage.to - damage.from, 0)
  deps.counts.damagedFiles++
  deps.counts.damagedPlaces += scan.damages.length
  deps.counts.damagedBytes += damagedBytes
  const fields = { file: name, places: scan.damages.slice(0, 10), damagedBytes, readableRecords: scan.records.length }
  deps.logger.warn('ingest log: a segment is damaged; what can be read is kept, a copy goes to damaged/', fields)
  try {
    await replaceFile(deps.files, deps.damagedDirectory, join(deps.damagedDirectory, name), bytes)
    const kept = (await deps.files.list(deps.damagedDirectory)).sort()
    for (const old of kept.slice(0, Math.max(0, kept.length - damagedFilesMax))) await deps.files.unlink(join(deps.damagedDirectory, old))
  } catch (error) {
    deps.logger.warn('ingest log: the damaged segment could not be copied', { file: name, code: systemCode(error), error: String(error) })
  }
}

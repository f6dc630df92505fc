/**
 * Reads a lane's directory at start: whole segments are taken over, a torn end is cut, damage is copied to `damaged/` and
 * counted, and nothing of it stops the start. Only a directory that cannot be read or written does.
 */
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import { damagedFilesMax } from '../limits.ts'
import type { Lane, SegmentOrigin } from '../ports.ts'
import { cut, segmentFileName } from './lane-log.ts'
import type { LogIdentity } from './log-identity.ts'
import { replaceFile } from './log-identity.ts'
import type { SegmentScan } from './segment-reader.ts'
import { scanSegment } from './segment-reader.ts'
import type { SpoolFiles } from './spool-files.ts'
import { systemCode, writeFully } from './spool-files.ts'
import type { RetainBudget, SegmentLoader } from './stored-segment.ts'
import { StoredSegment } from './stored-segment.ts'

/** Since the log was opened. */
export interface DamageCounts {
  /** Files in which something could not be read that an unfinished write does not explain. */
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
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}

const namePattern = /^(\d{16})\.(seg|open)$/

interface FoundFile {
  readonly name: string
  readonly sequence: number
  /** The last process did not seal it: its end may be torn, or be in the cache and not on the disk. */
  readonly isOpen: boolean
  readonly origin: SegmentOrigin
}

/** Segments of one lane directory, oldest first. */
export async function recoverLane(deps: RecoveryDeps): Promise<StoredSegment[]> {
  const found: FoundFile[] = []
  for (const name of await deps.files.list(deps.directory)) {
    const match = namePattern.exec(name)
    if (match !== null) found.push({ name, sequence: Number(match[1]), isOpen: match[2] === 'open', origin: 'recovered' })
  }
  const segments: StoredSegment[] = []
  for (const file of found.sort((a, b) => a.sequence - b.sequence)) {
    deps.identity.raise(deps.lane, file.sequence)
    const segment = await recoverSegment(deps, file)
    if (segment !== null) segments.push(segment)
  }
  return segments
}

/** Null when the file holds no readable record; it is then removed, after a copy when a sealed file should have held some. */
export async function recoverSegment(deps: RecoveryDeps, file: FoundFile): Promise<StoredSegment | null> {
  const path = join(deps.directory, file.name)
  const bytes = await deps.files.read(path)
  const named = { logId: deps.identity.logId, lane: deps.lane, sequence: file.sequence }
  const scan = scanSegment(bytes, named)
  const sealedAndTorn = !file.isOpen && scan.tornFrom !== null
  if (scan.damages.length > 0 || sealedAndTorn || scan.tornByDamage)
    await keepDamaged(deps, `${deps.lane}-${segmentFileName(file.sequence)}`, bytes, scan)
  if (scan.tornFrom !== null) {
    deps.counts.tornBytes += bytes.length - scan.tornFrom
    deps.logger.info('ingest log: cut the unfinished end of a segment', { path, keptBytes: scan.tornFrom, fileBytes: bytes.length })
  }
  if (scan.records.length === 0) {
    await deps.files.unlink(path)
    return null
  }
  const goodBytes = bytes.subarray(0, scan.tornFrom ?? bytes.length)
  const finalPath = file.isOpen || sealedAndTorn ? await secure(deps, path, file.sequence, goodBytes) : path
  const identity = scan.header === null ? named : { ...scan.header, lane: deps.lane }
  if (identity.logId === deps.identity.logId) deps.identity.raise(deps.lane, identity.sequence)
  const nowMs = deps.clock.nowMs()
  const createdMs = scan.header?.createdMs ?? nowMs
  // Set back meanwhile, the wall clock would give it an age below zero.
  const heldSinceMs = deps.clock.monotonicMs() - Math.max(0, nowMs - createdMs)
  const facts = { identity, sequence: file.sequence, path: finalPath, createdMs, heldSinceMs, origin: file.origin }
  const segment = new StoredSegment(facts, deps.load, deps.budget)
  segment.add(scan.records, goodBytes.length)
  return segment
}

/**
 * Makes what was read durable before anyone acts on it: after a crash of the process alone, the end of the file may be in the
 * system's cache only, and after a failed fsync not even a new fsync would write it. Were it inserted and then lost with the
 * power, the same token would come again with fewer rows. So the bytes are written once more, in place.
 */
async function secure(deps: RecoveryDeps, path: string, sequence: number, bytes: Uint8Array): Promise<string> {
  const file = await deps.files.open(path)
  try {
    await writeFully(file, [bytes], 0)
  } catch (error) {
    await file.close()
    throw error
  }
  await cut(file, bytes.length)
  const finalPath = join(deps.directory, segmentFileName(sequence))
  if (finalPath !== path) await deps.files.rename(path, finalPath)
  return finalPath
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

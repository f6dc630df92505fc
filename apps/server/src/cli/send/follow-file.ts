/**
 * Reads a file as it grows: through renames (the old one is read to its end, then the new one from its beginning), through being cut short in
 * place (`copytruncate`), and through its absence in between. What was rotated more than once in the meantime is read in order. Gives
 * records with the place behind each.
 */
import { open, stat, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../../kernel/clock.ts'
import { LineCutter } from './line-cutter.ts'
import { isPlaceIn, offsetIn, placeIn, type Place } from './place.ts'
import { openMs, RecordJoiner, type Multiline } from './record-joiner.ts'
import { fileOf, nextRotated } from './rotated-files.ts'

const chunkBytes = 256 * 1024
const pollMs = 250

/** Some records, each of one line or several, of one open file. */
export interface RecordsRead {
  readonly records: readonly Buffer[]
  readonly file: FileHandle
  /** Behind the last of them. */
  readonly offset: number
  /** Files that were read to their ends before this one. */
  readonly done: readonly Place[]
}

export interface FollowOptions {
  readonly path: string
  readonly clock: Pick<Clock, 'sleep'>
  readonly stop: AbortSignal
  /** Where it was left the last time. */
  readonly place: Place | null
  /** Without a place: from the beginning, or only what comes from now on. */
  readonly fromStart: boolean
  /** End at the end of the file. */
  readonly once: boolean
  /** Read to their ends the last time, and before. */
  readonly done: readonly Place[]
  /** Which lines are one record. */
  readonly multiline: Multiline
  /** What cannot be found or read, in words. */
  complain(line: string): void
}

/** Files that are remembered as read; more than a rotation keeps. */
const doneMax = 64

/** The files of `path`, one after the other, each from where it is to be read. Errors: those of reading, but not that there is no file yet. */
export async function* followFile(options: FollowOptions): AsyncGenerator<RecordsRead> {
  const { path, place, stop, complain } = options
  const done = [...options.done]
  /** The last one that was read. */
  let last = place
  let isFirst = true
  if (place !== null) {
    await using left = await fileOf(path, place)
    if (left !== null && (await isReplaced(path, left))) {
      yield* readRecords(left, { from: place.offset, done, isOver: () => Promise.resolve(true) }, options)
      last = await ended(left, done)
      isFirst = false
    }
  }
  while (!stop.aborted) {
    const opened = await openSoon(options)
    if (opened === null) return
    await using newest = opened
    // Opened first: what was renamed before that has its other name by now.
    await using rotated =
      last === null || (await isPlaceIn(newest, last)) ? null : await nextRotated({ path, newest, after: last, done, complain })
    const file = rotated ?? newest
    const from = isFirst ? await firstOffset(file, last, options) : 0
    if (isFirst && place !== null && place.offset > 0 && from === 0)
      complain(`the file that was being read is gone or was cut short: what came behind its byte ${place.offset} is not sent`)
    // Where it begins is a place too: what comes until the next start is not to be missed.
    yield { records: [], file, offset: from, done }
    const isOver = (): Promise<boolean> => (rotated === null ? isReplaced(path, file) : Promise.resolve(true))
    yield* readRecords(file, { from, done, isOver }, options)
    if (stop.aborted || (options.once && rotated === null)) return
    last = await ended(file, done)
    isFirst = false
  }
}

/** The place at its end; it is not read again. */
async function ended(file: FileHandle, done: Place[]): Promise<Place> {
  const place = await placeIn(file, (await file.stat()).size)
  // An empty file cannot be told from another one.
  if (place.offset > 0) done.push(place)
  if (done.length > doneMax) done.shift()
  return place
}

async function firstOffset(file: FileHandle, last: Place | null, { fromStart, once }: FollowOptions): Promise<number> {
  if (last !== null) return await offsetIn(file, last)
  return fromStart || once ? 0 : (await file.stat()).size
}

/** Null: it was stopped before there was a file. */
async function openSoon({ path, clock, stop, once }: FollowOptions): Promise<FileHandle | null> {
  for (;;) {
    try {
      return await open(path, 'r')
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing || once) throw error
    }
    await clock.sleep(pollMs, stop)
    if (stop.aborted) return null
  }
}

async function isReplaced(path: string, file: FileHandle): Promise<boolean> {
  const [now, ours] = [await stat(path).catch(() => null), await file.stat()]
  // Gone: there may be a new one in a moment, and the old one may still be written to.
  return now !== null && (now.ino !== ours.ino || now.dev !== ours.dev)
}

interface Reading {
  readonly from: number
  readonly done: readonly Place[]
  /** Whether nothing more comes behind the end of the file. */
  isOver(): Promise<boolean>
}

async function* readRecords(file: FileHandle, { from, done, isOver }: Reading, options: FollowOptions): AsyncGenerator<RecordsRead> {
  const { clock, stop, once, multiline } = options
  const buffer = Buffer.alloc(chunkBytes)
  const [cutter, joiner] = [new LineCutter(), new RecordJoiner(multiline)]
  const rest = (): Buffer[] => [...joiner.add(cutter.end()), ...joiner.close()]
  let offset = from
  let wasOver = false
  let quietMs = 0
  while (!stop.aborted) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, offset)
    if (bytesRead > 0) {
      offset += bytesRead
      const lines = cutter.push(buffer.subarray(0, bytesRead))
      // What half a line brings is no line.
      if (lines.length > 0) quietMs = 0
      const records = joiner.add(lines)
      if (records.length > 0) yield { records, file, offset: offset - cutter.heldBytes - joiner.openBytes, done }
      continue
    }
    if (once || wasOver) {
      const records = rest()
      if (records.length > 0) yield { records, file, offset, done }
      return
    }
    if ((await file.stat()).size < offset) {
      // Cut short in place: what is there now is new.
      const records = rest()
      offset = 0
      if (records.length > 0) yield { records, file, offset, done }
      continue
    }
    quietMs += pollMs
    // A line without an end belongs to it perhaps, and may never have one: it is read again from where the place is.
    if (quietMs > openMs && joiner.openBytes > 0) yield { records: joiner.close(), file, offset: offset - cutter.heldBytes, done }
    // One more look after it was replaced: what was written in between is in the old one.
    wasOver = await isOver()
    if (!wasOver) await clock.sleep(pollMs, stop)
  }
  // Who stops it has seen the last line being written.
  const records = joiner.close()
  if (records.length > 0) yield { records, file, offset: offset - cutter.heldBytes, done }
}

/**
 * Reads a file as it grows: through renames (the old one is read to its end, then the new one from its beginning), through being cut short in
 * place (`copytruncate`), and through its absence in between. What was rotated more than once in the meantime is read in order. Gives lines
 * with the place behind each.
 */
import { open, stat, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../../kernel/clock.ts'
import { isPlaceIn, offsetIn, placeIn, type Place } from './place.ts'
import { fileOf, nextRotated } from './rotated-files.ts'

/** A longer line is sent in a piece of this size; the rest of it is passed over. */
export const lineBytesMax = 1024 * 1024
const chunkBytes = 256 * 1024
const pollMs = 250

/** Some lines of one open file. */
export interface LinesRead {
  readonly lines: readonly Buffer[]
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
  /** What cannot be found or read, in words. */
  complain(line: string): void
}

/** Files that are remembered as read; more than a rotation keeps. */
const doneMax = 64

/** The files of `path`, one after the other, each from where it is to be read. Errors: those of reading, but not that there is no file yet. */
export async function* followFile(options: FollowOptions): AsyncGenerator<LinesRead> {
  const { path, place, stop, complain } = options
  const done = [...options.done]
  /** The last one that was read. */
  let last = place
  let isFirst = true
  if (place !== null) {
    await using left = await fileOf(path, place)
    if (left !== null && (await isReplaced(path, left))) {
      yield* readLines(left, { from: place.offset, done, isOver: () => Promise.resolve(true) }, options)
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
    yield { lines: [], file, offset: from, done }
    const isOver = (): Promise<boolean> => (rotated === null ? isReplaced(path, file) : Promise.resolve(true))
    yield* readLines(file, { from, done, isOver }, options)
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

async function* readLines(file: FileHandle, { from, done, isOver }: Reading, options: FollowOptions): AsyncGenerator<LinesRead> {
  const { clock, stop, once } = options
  const buffer = Buffer.alloc(chunkBytes)
  const cutter = new LineCutter()
  let offset = from
  let wasOver = false
  while (!stop.aborted) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, offset)
    if (bytesRead > 0) {
      offset += bytesRead
      const lines = cutter.push(buffer.subarray(0, bytesRead))
      if (lines.length > 0) yield { lines, file, offset: offset - cutter.heldBytes, done }
      continue
    }
    if (once || wasOver) {
      const lines = cutter.end()
      if (lines.length > 0) yield { lines, file, offset, done }
      return
    }
    if ((await file.stat()).size < offset) {
      // Cut short in place: what is there now is new.
      const lines = cutter.end()
      offset = 0
      if (lines.length > 0) yield { lines, file, offset, done }
      continue
    }
    // One more look after it was replaced: what was written in between is in the old one.
    wasOver = await isOver()
    if (!wasOver) await clock.sleep(pollMs, stop)
  }
}

/** Cuts bytes into lines; what has no end yet is held. */
export class LineCutter {
  #held: Buffer = Buffer.alloc(0)
  #isPassing = false
  /** Passed over, of a line that was too long and has no end yet. */
  #passedBytes = 0

  /** Bytes behind the last line that was given. */
  get heldBytes(): number {
    return this.#held.length + this.#passedBytes
  }

  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#line(chunk.subarray(start, end), lines)
      start = end + 1
    }
    const rest = chunk.subarray(start)
    if (this.#isPassing) this.#passedBytes += rest.length
    else {
      this.#held = Buffer.concat([this.#held, rest])
      if (this.#held.length > lineBytesMax) {
        lines.push(this.#held.subarray(0, lineBytesMax))
        this.#held = Buffer.alloc(0)
        this.#isPassing = true
      }
    }
    return lines
  }

  /** What is left is a line all the same. */
  end(): Buffer[] {
    const lines: Buffer[] = []
    this.#line(Buffer.alloc(0), lines)
    return lines
  }

  #line(rest: Buffer, lines: Buffer[]): void {
    const line = this.#held.length === 0 ? Buffer.from(rest) : Buffer.concat([this.#held, rest])
    const isRest = this.#isPassing
    this.#held = Buffer.alloc(0)
    this.#isPassing = false
    this.#passedBytes = 0
    if (isRest) return
    const end = line.at(-1) === 0x0d ? line.length - 1 : line.length
    if (end > 0) lines.push(line.subarray(0, Math.min(end, lineBytesMax)))
  }
}

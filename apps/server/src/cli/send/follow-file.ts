/**
 * Reads a file as it grows: through renames (the old one is read to its end, then the new one from its beginning), through being cut short in
 * place (`copytruncate`), and through its absence in between. Gives lines with the place behind each.
 */
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { isPlaceIn, type Place } from './place.ts'

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
}

/** The files of `path`, one after the other, each from where it is to be read. Errors: those of reading, but not that there is no file yet. */
export async function* followFile(options: FollowOptions): AsyncGenerator<LinesRead> {
  const { path, place, stop } = options
  let isFirst = true
  if (place !== null) {
    const rotated = await rotatedFile(path, place)
    if (rotated !== null) {
      await using file = rotated
      yield* readLines(file, place.offset, options, () => Promise.resolve(true))
      isFirst = false
    }
  }
  while (!stop.aborted) {
    const opened = await openSoon(options)
    if (opened === null) return
    await using file = opened
    const offset = isFirst ? await firstOffset(file, options) : 0
    // Where it begins is a place too: what comes until the next start is not to be missed.
    yield { lines: [], file, offset }
    yield* readLines(file, offset, options, () => isReplaced(path, file))
    isFirst = false
    if (options.once) return
  }
}

async function firstOffset(file: FileHandle, { place, fromStart, once }: FollowOptions): Promise<number> {
  if (place !== null) return (await isPlaceIn(file, place)) ? place.offset : 0
  return fromStart || once ? 0 : (await file.stat()).size
}

/** The file that the place is in, when it has another name by now. */
async function rotatedFile(path: string, place: Place): Promise<FileHandle | null> {
  const folder = dirname(path)
  for (const name of await readdir(folder).catch(() => [])) {
    const other = join(folder, name)
    const found = await stat(other).catch(() => null)
    if (found === null || found.ino !== place.inode || found.dev !== place.device) continue
    const now = await stat(path).catch(() => null)
    if (now?.ino === place.inode && now.dev === place.device) return null
    const file = await open(other, 'r')
    if (await isPlaceIn(file, place)) return file
    await file.close()
  }
  return null
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

/** Until `isOver` says at the end of the file that nothing more comes. */
// oxlint-disable-next-line max-params -- a file, where, how, and until when
async function* readLines(
  file: FileHandle,
  from: number,
  options: FollowOptions,
  isOver: () => Promise<boolean>,
): AsyncGenerator<LinesRead> {
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
      if (lines.length > 0) yield { lines, file, offset: offset - cutter.heldBytes }
      continue
    }
    if (once || wasOver) {
      const lines = cutter.end()
      if (lines.length > 0) yield { lines, file, offset }
      return
    }
    if ((await file.stat()).size < offset) {
      // Cut short in place: what is there now is new.
      const lines = cutter.end()
      offset = 0
      if (lines.length > 0) yield { lines, file, offset }
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

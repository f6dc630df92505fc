/**
 * The place up to which a file was sent, kept in a small file beside it. The file is known by device and inode, and by a hash of its beginning:
 * inodes are used again, and a file can be cut and written anew.
 */
import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export interface Place {
  readonly device: number
  readonly inode: number
  /** Behind the last byte that was stored. */
  readonly offset: number
  /** Of the first `headBytes` bytes. */
  readonly headHash: string
  readonly headBytes: number
  /** When the file was written to last; 0: not known. */
  readonly writtenMs: number
}

/** What is kept between two runs. */
export interface Kept {
  readonly place: Place | null
  /** Files that were read to their ends. */
  readonly done: readonly Place[]
}

const headBytesMax = 1024
/** Beginnings that are alike for so long are of the same file, or of a copy. */
const copyBytesMin = 256

/** Nothing when there is none, or it cannot be read. */
export async function readKept(path: string): Promise<Kept> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    const done: unknown = typeof parsed === 'object' && parsed !== null && 'done' in parsed ? parsed.done : []
    return { place: placeOf(parsed), done: Array.isArray(done) ? done.map(placeOf).filter((place) => place !== null) : [] }
  } catch {
    return { place: null, done: [] }
  }
}

function placeOf(parsed: unknown): Place | null {
  if (typeof parsed !== 'object' || parsed === null) return null
  const { device, inode, offset, headHash, headBytes, writtenMs } = parsed as Partial<Place>
  const numbers = [device, inode, offset, headBytes]
  if (typeof headHash !== 'string' || numbers.some((value) => typeof value !== 'number')) return null
  return {
    device: device ?? 0,
    inode: inode ?? 0,
    offset: offset ?? 0,
    headHash,
    headBytes: headBytes ?? 0,
    writtenMs: typeof writtenMs === 'number' ? writtenMs : 0,
  }
}

/** Whole or not at all. */
export async function writeKept(path: string, { place, done }: Kept): Promise<void> {
  const fresh = `${path}.new`
  await writeFile(fresh, `${JSON.stringify({ ...place, done })}\n`, { mode: 0o600 })
  await rename(fresh, path)
}

/** The place `offset` of an open file. */
export async function placeIn(file: FileHandle, offset: number): Promise<Place> {
  const { dev, ino, mtimeMs } = await file.stat()
  const headBytes = Math.min(offset, headBytesMax)
  return { device: dev, inode: ino, offset, headBytes, headHash: await headHash(file, headBytes), writtenMs: mtimeMs }
}

/** Whether the place belongs to this file as it is now. */
export async function isPlaceIn(file: FileHandle, place: Place): Promise<boolean> {
  const { dev, ino, size } = await file.stat()
  if (dev !== place.device || ino !== place.inode || size < place.offset) return false
  return (await headHash(file, place.headBytes)) === place.headHash
}

/** Where to go on in a file that may be the one of the place, or a copy of it (`copytruncate`): 0 when it is neither. */
export async function offsetIn(file: FileHandle, place: Place): Promise<number> {
  if (await isPlaceIn(file, place)) return place.offset
  const { size } = await file.stat()
  if (size < place.offset || place.headBytes < copyBytesMin) return 0
  return (await headHash(file, place.headBytes)) === place.headHash ? place.offset : 0
}

async function headHash(file: FileHandle, bytes: number): Promise<string> {
  const buffer = Buffer.alloc(Math.min(bytes, headBytesMax))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')
}

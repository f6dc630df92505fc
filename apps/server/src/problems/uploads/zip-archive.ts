/**
 * Zip archives read in place: the directory at the end, then one entry at a time, never the whole archive. Trusts nothing that the archive
 * says of sizes; entries are stored or deflated (APPNOTE.TXT 4.3, 4.4; no zip64, no encryption). Throws `ZipError` on what it cannot read.
 */
import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** Bytes that lie elsewhere. */
export interface ByteSource {
  readonly sizeBytes: number
  /** Exactly these bytes; both within the source. */
  read(from: number, lengthBytes: number): Promise<Buffer>
}

export interface ZipEntry {
  readonly name: string
  readonly packedBytes: number
  readonly plainBytes: number
  readonly isDeflated: boolean
  /** Of its local header, from the start of the source. */
  readonly offset: number
}

export interface ZipLimits {
  readonly entriesMax: number
  /** Of the directory. */
  readonly directoryBytesMax: number
}

/** What an archive has that cannot be read; the message is for who sent it. */
export class ZipError extends Error {}

const inflateRaw = promisify(zlib.inflateRaw)
const [endSignature, directorySignature, localSignature] = [0x06054b50, 0x02014b50, 0x04034b50]
const [endBytes, directoryEntryBytes, localHeaderBytes] = [22, 46, 30]
const commentBytesMax = 0xffff
const [stored, deflated] = [0, 8]
const encryptedFlag = 1

/** The directory of an archive; what stands before the archive (a mark of a format) is skipped. Errors: `ZipError`. */
export async function readZipDirectory(source: ByteSource, limits: ZipLimits): Promise<ZipEntry[]> {
  const tailBytes = Math.min(source.sizeBytes, endBytes + commentBytesMax)
  const tail = await source.read(source.sizeBytes - tailBytes, tailBytes)
  const at = endOf(tail)
  if (at === -1) throw new ZipError('this is no zip archive, or its end is missing')
  const count = tail.readUInt16LE(at + 10)
  const directoryBytes = tail.readUInt32LE(at + 12)
  const directoryOffset = tail.readUInt32LE(at + 16)
  if (count === 0xffff || directoryBytes === 0xffffffff || directoryOffset === 0xffffffff)
    throw new ZipError('archives of the zip64 kind are not read')
  if (count > limits.entriesMax) throw new ZipError(`the archive has ${count} entries; at most ${limits.entriesMax} are read`)
  if (directoryBytes > limits.directoryBytesMax) throw new ZipError('the directory of the archive is too large')
  const directoryFrom = source.sizeBytes - tailBytes + at - directoryBytes
  const prefixBytes = directoryFrom - directoryOffset
  if (prefixBytes < 0) throw new ZipError('the directory of the archive does not lie where the archive says')
  const directory = await source.read(directoryFrom, directoryBytes)
  const entries: ZipEntry[] = []
  for (let offset = 0; entries.length < count;) {
    const { entry, nextOffset } = directoryEntry(directory, offset, prefixBytes)
    if (entry.offset + localHeaderBytes + entry.packedBytes > directoryFrom)
      throw new ZipError(`the entry ${shown(entry.name)} does not lie within the archive`)
    entries.push(entry)
    offset = nextOffset
  }
  return entries
}

/** The content of an entry. Errors: `ZipError`, when it has more than `bytesMax` bytes or other than it says. */
export async function readZipEntry(source: ByteSource, entry: ZipEntry, bytesMax: number): Promise<Buffer> {
  const { name, packedBytes, plainBytes, offset, isDeflated } = entry
  if (plainBytes > bytesMax) throw new ZipError(`${shown(name)} has ${plainBytes} bytes; at most ${bytesMax} are read`)
  const header = await source.read(offset, localHeaderBytes)
  if (header.readUInt32LE(0) !== localSignature) throw new ZipError(`the entry ${shown(name)} does not begin where the directory says`)
  const from = offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
  if (from + packedBytes > source.sizeBytes) throw new ZipError(`the entry ${shown(name)} does not lie within the archive`)
  const packed = await source.read(from, packedBytes)
  const plain = isDeflated ? await inflated(packed, entry) : packed
  if (plain.byteLength !== plainBytes) throw new ZipError(`${shown(name)} has other than the ${plainBytes} bytes that the archive says`)
  return plain
}

/** Of the record at the end, from the back: the comment behind it may hold its signature; -1: there is none. */
function endOf(tail: Buffer): number {
  for (let at = tail.byteLength - endBytes; at >= 0; at--)
    if (tail.readUInt32LE(at) === endSignature && at + endBytes + tail.readUInt16LE(at + 20) === tail.byteLength) return at
  return -1
}

function directoryEntry(directory: Buffer, offset: number, prefixBytes: number): { entry: ZipEntry; nextOffset: number } {
  if (offset + directoryEntryBytes > directory.byteLength || directory.readUInt32LE(offset) !== directorySignature)
    throw new ZipError('the directory of the archive is cut or damaged')
  const method = directory.readUInt16LE(offset + 10)
  const nameBytes = directory.readUInt16LE(offset + 28)
  const nameFrom = offset + directoryEntryBytes
  const nextOffset = nameFrom + nameBytes + directory.readUInt16LE(offset + 30) + directory.readUInt16LE(offset + 32)
  if (nextOffset > directory.byteLength) throw new ZipError('the directory of the archive is cut or damaged')
  const name = directory.toString('utf8', nameFrom, nameFrom + nameBytes)
  if ((directory.readUInt16LE(offset + 8) & encryptedFlag) !== 0) throw new ZipError(`the entry ${shown(name)} is encrypted`)
  if (method !== stored && method !== deflated)
    throw new ZipError(`the entry ${shown(name)} is packed by a method that is not read (${method})`)
  const packedBytes = directory.readUInt32LE(offset + 20)
  const plainBytes = directory.readUInt32LE(offset + 24)
  const entry = {
    name,
    packedBytes,
    plainBytes,
    isDeflated: method === deflated,
    offset: directory.readUInt32LE(offset + 42) + prefixBytes,
  }
  return { entry, nextOffset }
}

/** No more is inflated than the archive says, so that a small entry cannot become a large one. */
async function inflated(packed: Buffer, { name, plainBytes }: ZipEntry): Promise<Buffer> {
  try {
    return await inflateRaw(packed, { maxOutputLength: Math.max(1, plainBytes) })
  } catch (cause) {
    throw new ZipError(`${shown(name)} is damaged, or larger than the archive says`, { cause })
  }
}

const nameCharsShown = 200

function shown(name: string): string {
  return JSON.stringify(name.slice(0, nameCharsShown))
}

/**
 * Zstandard within a bound (RFC 8878). The frame and block headers are walked first: they say an upper bound of the size without
 * decompressing anything, and whether a frame would make the decoder do far more work than its size suggests.
 */
import zlib from 'node:zlib'
import { decompress } from 'fzstd'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge } from '../errors.ts'

const frameMagic = 0xfd2fb528
/** 0x184D2A50 to 0x184D2A5F. */
const skippableMagic = 0x184d2a50
const blockBytesMax = 128 * 1024
/** Memory a frame may ask for to look back into. */
const windowBytesMax = 64 * 1024 * 1024
/** A frame without a content size makes the plain decoder move its window once a block; this bounds the bytes moved. */
const windowMoveBytesMax = 4 * 1024 * 1024 * 1024

type NativeZstd = (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array

/** In Node since 22.15; the plain decoder works everywhere. */
const native = (zlib as unknown as { zstdDecompressSync?: NativeZstd }).zstdDecompressSync

/** Errors: `body.too_large`, `body.malformed`. */
export function unzstd(body: Uint8Array, bytesMax: number): Uint8Array {
  checkFrames(body, bytesMax)
  const plain = inflate(body, bytesMax)
  if (plain.byteLength > bytesMax) throw tooLarge(bytesMax)
  return plain
}

function inflate(body: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return native === undefined ? decompress(body) : native(body, { maxOutputLength: bytesMax })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax)
    throw new AppError(bodyMalformed, { publicText: 'The zstd body cannot be decompressed.', cause })
  }
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes after decompression.` })
}

function malformed(what: string): AppError {
  return new AppError(bodyMalformed, { publicText: `The zstd body cannot be decompressed: ${what}.` })
}

/** Walks all frames; throws unless their upper bounds add up to at most `bytesMax`. */
function checkFrames(body: Uint8Array, bytesMax: number): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  let at = 0
  let total = 0
  while (at < body.length) {
    if (at + 8 > body.length) throw malformed('it is cut short')
    const magic = view.getUint32(at, true)
    if (magic >>> 4 === skippableMagic >>> 4) {
      at += 8 + view.getUint32(at + 4, true)
      if (at > body.length) throw malformed('it is cut short')
      continue
    }
    if (magic !== frameMagic) throw malformed('it is not zstd')
    const header = readHeader(view, at)
    const blocks = walkBlocks(view, at + header.sizeBytes)
    if (header.contentBytes > blocks.bytesMax) throw malformed('a frame is shorter than it says')
    total += header.contentBytes >= 0 ? header.contentBytes : blocks.bytesMax
    if (total > bytesMax) throw tooLarge(bytesMax)
    if (header.contentBytes < 0) {
      if (header.windowBytes > windowBytesMax) throw tooLarge(windowBytesMax)
      if (header.windowBytes * blocks.count > windowMoveBytesMax) throw malformed('it has too many blocks for its window')
    }
    at = blocks.end + (header.checksum ? 4 : 0)
    if (at > body.length) throw malformed('it is cut short')
  }
}

interface FrameHeader {
  readonly sizeBytes: number
  /** -1 when the frame does not say. */
  readonly contentBytes: number
  readonly windowBytes: number
  readonly checksum: boolean
}

function readHeader(view: DataView, at: number): FrameHeader {
  const flags = view.getUint8(at + 4)
  const singleSegment = (flags & 32) !== 0
  if ((flags & 8) !== 0) throw malformed('a reserved bit is set')
  if ((flags & 3) !== 0) throw malformed('it needs a dictionary')
  const contentField = flags >> 6
  const contentLength = contentField === 0 ? (singleSegment ? 1 : 0) : 1 << contentField
  let size = 5
  if (at + size + 1 + contentLength > view.byteLength) throw malformed('it is cut short')
  let windowBytes = 0
  if (!singleSegment) {
    const descriptor = view.getUint8(at + size++)
    const base = 2 ** (10 + (descriptor >> 3))
    windowBytes = base + (base / 8) * (descriptor & 7)
  }
  let contentBytes = -1
  if (contentLength === 1) contentBytes = view.getUint8(at + size)
  else if (contentLength === 2) contentBytes = view.getUint16(at + size, true) + 256
  else if (contentLength === 4) contentBytes = view.getUint32(at + size, true)
  else if (contentLength === 8) contentBytes = view.getUint32(at + size, true) + view.getUint32(at + size + 4, true) * 4294967296
  return { sizeBytes: size + contentLength, contentBytes, windowBytes, checksum: (flags & 4) !== 0 }
}

function walkBlocks(view: DataView, from: number): { end: number; count: number; bytesMax: number } {
  let at = from
  let count = 0
  let bytesMax = 0
  for (;;) {
    if (at + 3 > view.byteLength) throw malformed('it is cut short')
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
    const size = header >>> 3
    const type = (header >>> 1) & 3
    if (type === 3 || size > blockBytesMax) throw malformed('a block is not valid')
    at += 3 + (type === 1 ? 1 : size)
    bytesMax += type === 2 ? blockBytesMax : size
    count++
    if (at > view.byteLength) throw malformed('it is cut short')
    if ((header & 1) === 1) return { end: at, count, bytesMax }
  }
}

/** Bodies as sent to bodies as meant: content encodings within a bound on the decompressed size, so that no small body becomes a large one. */
import zlib from 'node:zlib'
import { uncompressSync } from 'snappy'
import { AppError } from '../../kernel/errors.ts'
import { bodyEncodingUnsupported, bodyMalformed, bodyTooLarge } from '../errors.ts'
import { unzstd } from './zstd.ts'

export const contentEncodings = ['identity', 'gzip', 'deflate', 'zstd', 'snappy'] as const
export type ContentEncoding = (typeof contentEncodings)[number]

/** A copy element of 3 bytes makes at most 64, so nothing valid promises more than this many times its size. */
const snappyRatioMax = 22

/** The encoding of a `Content-Encoding` header. Errors: `body.encoding_unsupported`. */
export function parseContentEncoding(header: string | undefined): ContentEncoding {
  const name = header === undefined ? '' : header.trim().toLowerCase()
  if (name === '') return 'identity'
  if (name === 'x-gzip') return 'gzip'
  for (const encoding of contentEncodings) if (encoding === name) return encoding
  throw new AppError(bodyEncodingUnsupported, {
    publicText: `Content-Encoding ${JSON.stringify(name.slice(0, 40))} is not supported.`,
    hint: `Supported: ${contentEncodings.join(', ')}.`,
  })
}

/** Whether `decompress` leaves the main thread, so that several bodies are under way at a time. */
export function isDecompressedElsewhere(encoding: ContentEncoding): boolean {
  return encoding === 'gzip' || encoding === 'deflate'
}

/**
 * Decompresses `body`. gzip and deflate run outside the main thread.
 * Errors: `body.too_large` when the result would exceed `bytesMax`, `body.malformed`.
 */
export async function decompress(body: Uint8Array, encoding: ContentEncoding, bytesMax: number): Promise<Uint8Array> {
  if (!isDecompressedElsewhere(encoding)) return decompressSync(body, encoding, bytesMax)
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, plain: Uint8Array): void => {
      if (error === null) resolve(plain)
      else reject(zlibError(error, encoding, bytesMax))
    }
    if (encoding === 'gzip') zlib.gunzip(body, { maxOutputLength: bytesMax }, settle)
    else if (isZlibWrapped(body)) zlib.inflate(body, { maxOutputLength: bytesMax }, settle)
    else zlib.inflateRaw(body, { maxOutputLength: bytesMax }, settle)
  })
}

/** As `decompress`, on this thread. */
export function decompressSync(body: Uint8Array, encoding: ContentEncoding, bytesMax: number): Uint8Array {
  switch (encoding) {
    case 'identity':
      if (body.byteLength > bytesMax) throw tooLarge(bytesMax)
      return body
    case 'snappy':
      return unsnappy(body, bytesMax)
    case 'zstd':
      return unzstd(body, bytesMax)
    case 'gzip':
    case 'deflate':
      try {
        const options = { maxOutputLength: bytesMax }
        if (encoding === 'gzip') return zlib.gunzipSync(body, options)
        return isZlibWrapped(body) ? zlib.inflateSync(body, options) : zlib.inflateRawSync(body, options)
      } catch (cause) {
        throw zlibError(cause, encoding, bytesMax)
      }
  }
}

/** "deflate" means zlib (RFC 9110 8.4.1.2), but some senders leave its wrapper out. */
function isZlibWrapped(body: Uint8Array): boolean {
  const first = body[0] ?? 0
  return (first & 15) === 8 && ((first << 8) | (body[1] ?? 0)) % 31 === 0
}

/** What a snappy block says of itself. */
export interface SnappyHeader {
  readonly plainBytes: number
  /** Where its elements begin. */
  readonly elementsAt: number
}

/** Snappy block format: a varint with the decompressed length, then literals and copies. Errors: `body.too_large`, `body.malformed`. */
export function readSnappyHeader(body: Uint8Array, bytesMax: number): SnappyHeader {
  const header = snappyLength(body)
  if (header.plainBytes > bytesMax) throw tooLarge(bytesMax)
  if (header.plainBytes > body.byteLength * snappyRatioMax)
    throw new AppError(bodyMalformed, { publicText: 'The snappy body is shorter than it says.' })
  return header
}

/** The elements do not make what the header promised. */
export function snappyDamaged(cause?: unknown): AppError {
  return new AppError(bodyMalformed, { publicText: 'The snappy body cannot be decompressed (the block format is expected).', cause })
}

function unsnappy(body: Uint8Array, bytesMax: number): Uint8Array {
  if (readSnappyHeader(body, bytesMax).plainBytes === 0) return new Uint8Array(0)
  try {
    // Without copyOutputData each call maps and unmaps an external buffer: six times the CPU.
    const plain = uncompressSync(body, { asBuffer: true, copyOutputData: true })
    if (typeof plain !== 'string') return plain
  } catch (cause) {
    throw snappyDamaged(cause)
  }
  throw snappyDamaged()
}

function snappyLength(body: Uint8Array): SnappyHeader {
  let length = 0
  for (let index = 0; index < 5; index++) {
    const byte = body[index]
    if (byte === undefined) break
    length += (byte & 127) * 2 ** (index * 7)
    if (byte < 128) return { plainBytes: length, elementsAt: index + 1 }
  }
  throw new AppError(bodyMalformed, { publicText: 'The snappy body has no length.' })
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes after decompression.` })
}

function zlibError(cause: unknown, encoding: string, bytesMax: number): AppError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(bytesMax)
  return new AppError(bodyMalformed, { publicText: `The ${encoding} body cannot be decompressed.`, cause })
}

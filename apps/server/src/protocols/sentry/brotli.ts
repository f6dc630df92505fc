/** Brotli, which some of Sentry's clients use, within a bound and outside the main thread. */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge } from '../errors.ts'

const brotliDecompress = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)

/** Errors: `body.too_large`, `body.malformed`. */
export async function brotliPlain(body: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await brotliDecompress(body, { maxOutputLength: bytesMax })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes after decompression.` })
    throw new AppError(bodyMalformed, { publicText: 'The br body cannot be decompressed.', cause })
  }
}

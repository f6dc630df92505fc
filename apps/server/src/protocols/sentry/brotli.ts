/** Brotli, which some of Sentry's clients use, within a bound. */
import zlib from 'node:zlib'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed, bodyTooLarge } from '../errors.ts'

/** Errors: `body.too_large`, `body.malformed`. */
export function brotliPlain(body: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return zlib.brotliDecompressSync(body, { maxOutputLength: bytesMax })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw new AppError(bodyTooLarge, { publicText: `The request body is larger than ${bytesMax} bytes after decompression.` })
    throw new AppError(bodyMalformed, { publicText: 'The br body cannot be decompressed.', cause })
  }
}

/** What gRPC puts around messages and into headers: length-prefixed messages, their compression, percent-encoded texts. */
import { AppError } from '../../kernel/errors.ts'
import type { ContentEncoding } from '../body/decompress.ts'
import { bodyEncodingUnsupported, bodyMalformed } from '../errors.ts'

/** A byte that says whether the message is compressed, and its length, four bytes, big-endian. */
export const frameBytes = 5

/** The one message of a unary call. Errors: `body.malformed` when there is none, half of one, or more. */
export function unframe(framed: Buffer): { bytes: Uint8Array; isCompressed: boolean } {
  if (framed.byteLength < frameBytes) throw malformed('there is no message')
  const flag = framed.readUInt8(0)
  if (flag > 1) throw malformed('its message is neither plain nor compressed')
  const length = framed.readUInt32BE(1)
  if (framed.byteLength - frameBytes < length) throw malformed('its message is cut off')
  if (framed.byteLength - frameBytes > length) throw malformed('there is more than one message')
  return { bytes: framed.subarray(frameBytes), isCompressed: flag === 1 }
}

export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(frameBytes + message.byteLength)
  framed.writeUInt8(0, 0)
  framed.writeUInt32BE(message.byteLength, 1)
  framed.set(message, frameBytes)
  return framed
}

/** Of the header `grpc-encoding`. Errors: `body.encoding_unsupported`. */
export function messageEncoding(header: string | undefined): ContentEncoding {
  if (header === undefined || header === 'identity') return 'identity'
  if (header === 'gzip' || header === 'deflate') return header
  throw new AppError(bodyEncodingUnsupported, {
    publicText: `grpc-encoding ${JSON.stringify(header.slice(0, 40))} is not supported.`,
    hint: 'Supported: identity, gzip, deflate.',
  })
}

/** For `grpc-message`: everything but printable ASCII, and the per cent sign, as `%` and two digits a byte of UTF-8. */
export function percentEncode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function malformed(what: string): AppError {
  return new AppError(bodyMalformed, { publicText: `The call cannot be read: ${what}.` })
}

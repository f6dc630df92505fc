/**
 * Numbers of raw bodies in the ingest log (`LogRecord.format`): protocol and content encoding, so that a body can be stored as it came.
 * Numbers are on disk: never change or reuse one.
 */
import { type ContentEncoding, contentEncodings } from './body/decompress.ts'

export const rawProtocols = { otlpProtobuf: 2, otlpJson: 3, remoteWrite1: 4, remoteWrite2: 5, influx: 6 } as const
export type RawProtocol = keyof typeof rawProtocols

/** Encodings take the next digit: identity 0, gzip 16, deflate 32, zstd 48, snappy 64. */
const encodingStep = 16

export function rawFormat(protocol: RawProtocol, encoding: ContentEncoding): number {
  return rawProtocols[protocol] + contentEncodings.indexOf(encoding) * encodingStep
}

/** Null for a number this version does not know. */
export function parseRawFormat(format: number): { protocol: RawProtocol; encoding: ContentEncoding } | null {
  const encoding = contentEncodings[Math.floor(format / encodingStep)]
  const number = format % encodingStep
  for (const protocol of ['otlpProtobuf', 'otlpJson', 'remoteWrite1', 'remoteWrite2', 'influx'] as const) {
    if (rawProtocols[protocol] === number && encoding !== undefined) return { protocol, encoding }
  }
  return null
}

/**
 * Numbers of raw bodies in the ingest log (`LogRecord.format`): protocol and content encoding, so that a body can be stored as it came.
 * Numbers are on disk: never change or reuse one. There are 15: the low four bits.
 */
import { type ContentEncoding, contentEncodings } from './body/decompress.ts'

export const metricProtocols = { otlpProtobuf: 2, otlpJson: 3, remoteWrite1: 4, remoteWrite2: 5, influx: 6 } as const
export const eventProtocols = {
  otlpLogsProtobuf: 7,
  otlpLogsJson: 8,
  otlpTracesProtobuf: 9,
  otlpTracesJson: 10,
  lokiProtobuf: 11,
  lokiJson: 12,
  jsonLines: 13,
} as const

/** Whose bodies hold samples. */
export type MetricProtocol = keyof typeof metricProtocols
/** Whose bodies hold logs or spans. */
export type EventProtocol = keyof typeof eventProtocols
export type RawProtocol = MetricProtocol | EventProtocol

const numbers: Readonly<Record<RawProtocol, number>> = { ...metricProtocols, ...eventProtocols }
const byNumber = new Map(Object.entries(numbers).map(([protocol, number]) => [number, protocol as RawProtocol]))

/** Encodings take the next digit: identity 0, gzip 16, deflate 32, zstd 48, snappy 64. */
const encodingStep = 16

export function rawFormat(protocol: RawProtocol, encoding: ContentEncoding): number {
  return numbers[protocol] + contentEncodings.indexOf(encoding) * encodingStep
}

/** Null for a number this version does not know. */
export function parseRawFormat(format: number): { protocol: RawProtocol; encoding: ContentEncoding } | null {
  const encoding = contentEncodings[Math.floor(format / encodingStep)]
  const protocol = byNumber.get(format % encodingStep)
  return protocol === undefined || encoding === undefined ? null : { protocol, encoding }
}

export function isMetricProtocol(protocol: RawProtocol): protocol is MetricProtocol {
  return protocol in metricProtocols
}

export function isEventProtocol(protocol: RawProtocol): protocol is EventProtocol {
  return protocol in eventProtocols
}

/**
 * Bytes of the ingest log: the header of a segment file and of each record in it (docs/formats/ingest-log.md).
 * A record's header CRC starts from a seed made of the log's random id, so bytes inside a payload can never pass for a record
 * when a damaged file is searched. CRC is CRC-32 (ISO-HDLC, zlib), which Node computes natively. All numbers little-endian.
 */
import { crc32 } from 'node:zlib'
import { type Kind, type Lane, type LogRecord, kinds } from '../ports.ts'

export const segmentHeaderBytes = 40
export const recordHeaderBytes = 40

/** 'BWSPOOL1' */
export const segmentMagic: Uint8Array = Buffer.from('BWSPOOL1', 'latin1')
/** 'BWR1' */
export const recordMagic: Uint8Array = Buffer.from('BWR1', 'latin1')

export const lanes: readonly Lane[] = ['ready', 'raw', 'low']

/** On disk: never change or reuse one. */
const kindCodes: Readonly<Record<Kind, number>> = { metrics: 1, logs: 2, spans: 3 }
const kindByCode: ReadonlyMap<number, Kind> = new Map(kinds.map((kind) => [kindCodes[kind], kind]))

/** What makes a segment's token. Stays with the file through renames. */
export interface SegmentIdentity {
  /** 16 lower-case hexadecimal digits. */
  readonly logId: string
  readonly lane: Lane
  readonly sequence: number
}

export interface SegmentHeader extends SegmentIdentity {
  /** Wall clock when the segment was begun, ms since 1970. */
  readonly createdMs: number
}

export function segmentToken(identity: SegmentIdentity): string {
  return `${identity.logId}-${identity.lane}-${identity.sequence}`
}

function writeIdentity(view: DataView, at: number, identity: SegmentIdentity): void {
  Buffer.from(view.buffer, view.byteOffset + at, 8).write(identity.logId, 'hex')
  view.setUint32(at + 8, identity.sequence % 0x1_0000_0000, true)
  view.setUint32(at + 12, Math.floor(identity.sequence / 0x1_0000_0000), true)
}

/** Start value of every record header CRC in a segment. */
export function segmentSeed(identity: SegmentIdentity): number {
  const bytes = new Uint8Array(17)
  writeIdentity(new DataView(bytes.buffer), 0, identity)
  bytes[16] = lanes.indexOf(identity.lane)
  return crc32(bytes)
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(segmentMagic, 0)
  writeIdentity(view, 8, header)
  view.setFloat64(24, header.createdMs, true)
  view.setUint8(32, lanes.indexOf(header.lane))
  view.setUint32(36, crc32(bytes.subarray(0, 36)), true)
  return bytes
}

/** Null when the bytes are too short, not a segment's, or damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | null {
  if (bytes.length < segmentHeaderBytes) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes)
  if (Buffer.compare(bytes.subarray(0, 8), segmentMagic) !== 0) return null
  if (view.getUint32(36, true) !== crc32(bytes.subarray(0, 36))) return null
  const lane = lanes[view.getUint8(32)]
  if (lane === undefined) return null
  return {
    logId: Buffer.from(bytes.subarray(8, 16)).toString('hex'),
    lane,
    sequence: view.getUint32(16, true) + view.getUint32(20, true) * 0x1_0000_0000,
    createdMs: view.getFloat64(24, true),
  }
}

/** `offset` is where this header stands in the file; a record found anywhere else is not believed. */
export function encodeRecordHeader(record: LogRecord, offset: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(recordMagic, 0)
  view.setUint32(8, record.payload.length, true)
  view.setUint32(12, crc32(record.payload), true)
  view.setUint32(16, offset, true)
  view.setUint32(20, record.rows, true)
  view.setUint32(24, record.tenant.organizationId, true)
  view.setUint32(28, record.tenant.projectId, true)
  view.setUint8(32, kindCodes[record.kind])
  view.setUint16(34, record.format, true)
  view.setUint32(4, crc32(bytes.subarray(8), seed), true)
  return bytes
}

/** A record's place in a file: header verified, payload not. */
export interface RecordFrame {
  readonly payloadBytes: number
  readonly payloadCrc: number
  readonly rows: number
  readonly organizationId: number
  readonly projectId: number
  /** Null when a newer version wrote a kind that this one does not know. */
  readonly kind: Kind | null
  readonly format: number
}

/** Null when there is no valid record header at `offset`. */
export function decodeRecordHeader(bytes: Uint8Array, offset: number, seed: number): RecordFrame | null {
  if (offset + recordHeaderBytes > bytes.length) return null
  if (Buffer.compare(bytes.subarray(offset, offset + 4), recordMagic) !== 0) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, recordHeaderBytes)
  if (view.getUint32(16, true) !== offset) return null
  if (view.getUint32(4, true) !== crc32(bytes.subarray(offset + 8, offset + recordHeaderBytes), seed)) return null
  return {
    payloadBytes: view.getUint32(8, true),
    payloadCrc: view.getUint32(12, true),
    rows: view.getUint32(20, true),
    organizationId: view.getUint32(24, true),
    projectId: view.getUint32(28, true),
    kind: kindByCode.get(view.getUint8(32)) ?? null,
    format: view.getUint16(34, true),
  }
}

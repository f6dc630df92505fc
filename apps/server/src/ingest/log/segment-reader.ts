/**
 * Reads a segment file: every record that verifies, and what does not. Takes any bytes, throws for none.
 * A damaged record costs only itself: its length is believed when its header verifies, otherwise the next verifiable header
 * is searched.
 */
import { crc32 } from 'node:zlib'
import type { LogRecord } from '../ports.ts'
import type { RecordFrame, SegmentHeader, SegmentIdentity } from './record-codec.ts'
import { decodeRecordHeader, decodeSegmentHeader, recordHeaderBytes, recordMagic, segmentHeaderBytes, segmentSeed } from './record-codec.ts'

/** A byte range `[from, to)` that holds no readable record. */
export interface Damage {
  readonly from: number
  readonly to: number
  readonly reason: 'segment_header' | 'record_header' | 'payload' | 'unknown_kind'
}

export interface SegmentScan {
  /** Null when the file's own header is damaged; records are still found when the caller knew the identity. */
  readonly header: SegmentHeader | null
  /** In file order; payloads are views into the file's bytes and begin at any offset (not aligned). */
  readonly records: readonly LogRecord[]
  readonly rows: number
  /** Damaged places with readable records behind them. */
  readonly damages: readonly Damage[]
  /** Where an unreadable end begins, or null when the file ends with a whole record. */
  readonly tornFrom: number | null
  /**
   * The unreadable end is not what a write that was cut short leaves: the begin of one record. It may have been acknowledged, or be
   * what the system made of an unfinished write when the power went.
   */
  readonly tornByDamage: boolean
}

/** `expected` is used when the file's header is damaged: what its name and the log's identity file say. */
export function scanSegment(bytes: Uint8Array, expected: SegmentIdentity | null): SegmentScan {
  const header = decodeSegmentHeader(bytes)
  const identity = header ?? expected
  const records: LogRecord[] = []
  const damages: Damage[] = []
  let rows = 0
  if (identity === null || bytes.length < segmentHeaderBytes) {
    return { header, records, rows, damages, tornFrom: 0, tornByDamage: bytes.length >= segmentHeaderBytes }
  }
  if (header === null) damages.push({ from: 0, to: segmentHeaderBytes, reason: 'segment_header' })
  const seed = segmentSeed(identity)
  let position = segmentHeaderBytes
  let goodEnd = header === null ? 0 : segmentHeaderBytes
  let tailDamages = damages.length
  while (position < bytes.length) {
    const frame = decodeRecordHeader(bytes, position, seed)
    const end = frame === null ? nextFrame(bytes, position + 1, seed) : position + recordHeaderBytes + frame.payloadBytes
    const reason = frame === null ? 'record_header' : unreadable(bytes, position, end, frame)
    if (frame === null || frame.kind === null || reason !== null) {
      damages.push({ from: position, to: Math.min(end, bytes.length), reason: reason ?? 'unknown_kind' })
    } else {
      records.push(toRecord(bytes, position, end, frame, frame.kind))
      rows += frame.rows
      goodEnd = end
      tailDamages = damages.length
    }
    position = end
  }
  const torn = goodEnd < bytes.length
  // What stands behind the last readable record is the tail, however many pieces it has. An unknown kind is whole, not torn.
  const tail = damages.slice(tailDamages)
  if (!torn || tail.some((damage) => damage.reason === 'unknown_kind')) {
    return { header, records, rows, damages, tornFrom: null, tornByDamage: false }
  }
  const tornByDamage = !isCutShort(bytes, goodEnd, seed)
  return { header, records, rows, damages: damages.slice(0, tailDamages), tornFrom: goodEnd, tornByDamage }
}

/** What stands from `position` on is the begin of one record, or of its header. */
function isCutShort(bytes: Uint8Array, position: number, seed: number): boolean {
  if (bytes.length - position < recordHeaderBytes)
    return Buffer.compare(bytes.subarray(position, position + 4), recordMagic.subarray(0, bytes.length - position)) === 0
  const frame = decodeRecordHeader(bytes, position, seed)
  return frame !== null && position + recordHeaderBytes + frame.payloadBytes > bytes.length
}

function unreadable(bytes: Uint8Array, position: number, end: number, frame: RecordFrame): Damage['reason'] | null {
  if (end > bytes.length) return 'payload'
  if (crc32(bytes.subarray(position + recordHeaderBytes, end)) !== frame.payloadCrc) return 'payload'
  return frame.kind === null ? 'unknown_kind' : null
}

function toRecord(bytes: Uint8Array, position: number, end: number, frame: RecordFrame, kind: LogRecord['kind']): LogRecord {
  return {
    kind,
    tenant: { organizationId: frame.organizationId, projectId: frame.projectId },
    rows: frame.rows,
    format: frame.format,
    payload: new Uint8Array(bytes.buffer, bytes.byteOffset + position + recordHeaderBytes, end - position - recordHeaderBytes),
  }
}

/** Offset of the next verifiable record header at or after `from`, or the length of the file. */
function nextFrame(bytes: Uint8Array, from: number, seed: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = buffer.indexOf(recordMagic, from)
  while (at >= 0) {
    if (decodeRecordHeader(bytes, at, seed) !== null) return at
    at = buffer.indexOf(recordMagic, at + 1)
  }
  return bytes.length
}

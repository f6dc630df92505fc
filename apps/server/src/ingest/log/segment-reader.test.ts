/** The bytes of a segment: the documented example, round trips, and a reader that believes nothing it cannot verify. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Lane, LogRecord } from '../ports.ts'
import { Random } from '../testing/sim-world.ts'
import {
  decodeSegmentHeader,
  encodeRecordHeader,
  encodeSegmentHeader,
  segmentHeaderBytes,
  segmentSeed,
  segmentToken,
} from './record-codec.ts'
import { processorMs } from '../../kernel/testing/processor-time.ts'
import { scanSegment } from './segment-reader.ts'
import { logRecord } from './testing/ingest-log.contract.ts'

interface Built {
  readonly bytes: Uint8Array
  readonly starts: readonly number[]
  readonly records: readonly LogRecord[]
}

const identity = { logId: 'a1b2c3d4e5f60718', lane: 'raw' as Lane, sequence: 2 ** 40 + 5 }

function build(records: readonly LogRecord[]): Built {
  const parts: Uint8Array[] = [encodeSegmentHeader({ ...identity, createdMs: 1_234.5 })]
  const starts: number[] = []
  let at = segmentHeaderBytes
  for (const record of records) {
    starts.push(at)
    parts.push(encodeRecordHeader(record, at, segmentSeed(identity)), record.payload)
    at += 40 + record.payload.length
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), starts, records }
}

function randomSegment(random: Random): Built {
  const records = Array.from({ length: random.between(0, 8) }, () => ({
    kind: 'metrics' as const,
    tenant: { organizationId: random.below(2 ** 32), projectId: random.below(5) },
    rows: random.below(1000),
    format: random.below(65_536),
    payload: Uint8Array.from({ length: random.below(120) }, () => random.below(256)),
  }))
  return build(records)
}

describe('the documented example', () => {
  test('decodes to what the document says', async () => {
    const document = await readFile(new URL('../../../../../docs/formats/ingest-log.md', import.meta.url), 'utf8')
    const hex = /```hex\n([\s\S]*?)```/.exec(document)?.[1] ?? ''
    const bytes = new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
    const scan = scanSegment(bytes, null)
    const header = { logId: '00112233445566aa', lane: 'ready' as const, sequence: 7, createdMs: 1_700_000_000_000 }
    expect(scan.header).toEqual(header)
    expect(segmentToken(header)).toBe('00112233445566aa-ready-7')
    expect(scan).toMatchObject({ rows: 5, damages: [], tornFrom: null })
    expect(scan.records).toEqual([logRecord('hello', { rows: 2 }), logRecord('hi', { rows: 3, projectId: 2 })])
  })
})

describe('round trip', () => {
  test('500 segments of random records come back byte for byte', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { bytes, records } = randomSegment(new Random(seed))
      const scan = scanSegment(bytes, null)
      expect(scan.records, `seed ${seed}`).toEqual(records)
      expect(scan).toMatchObject({ damages: [], tornFrom: null, header: { ...identity, createdMs: 1234.5 } })
    }
  })
})

describe('damage', () => {
  const built = build(['one', 'two', 'three', 'four'].map((text) => logRecord(text)))
  const start = (at: number): number => built.starts[at] as number
  function scanChanged(change: (bytes: Uint8Array) => Uint8Array | undefined): ReturnType<typeof scanSegment> {
    const copy = built.bytes.slice()
    return scanSegment(change(copy) ?? copy, null)
  }

  test('cut at every byte: whole records before the cut, torn after', () => {
    for (let length = 0; length < built.bytes.length; length++) {
      const scan = scanSegment(built.bytes.subarray(0, length), null)
      const whole = built.starts.filter((from, at) => from + 40 + (built.records[at]?.payload.length ?? 0) <= length).length
      expect(scan.records).toHaveLength(length < segmentHeaderBytes ? 0 : whole)
      expect(scan.damages).toEqual([])
      expect(scan.tornByDamage).toBe(false)
      const end = whole === 0 ? segmentHeaderBytes : start(whole)
      expect(scan.tornFrom).toBe(length < segmentHeaderBytes ? 0 : length === end ? null : end)
    }
  })

  test('one flipped bit anywhere costs at most one record, and never invents one', () => {
    for (let bit = 0; bit < built.bytes.length * 8; bit++) {
      const copy = built.bytes.slice()
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
      const scan = scanSegment(copy, identity)
      expect(scan.records.length).toBeGreaterThanOrEqual(3)
      for (const record of scan.records) expect(built.records).toContainEqual(record)
      expect(scan.damages.length + (scan.tornFrom === null ? 0 : 1)).toBe(1)
    }
  })

  test('a record header in the middle: the rest is found again', () => {
    const scan = scanChanged((bytes) => void bytes.fill(0, start(1), start(1) + 10))
    expect(scan.records).toHaveLength(3)
    expect(scan.damages).toEqual([{ from: start(1), to: start(2), reason: 'record_header' }])
    expect(scan.tornFrom).toBeNull()
  })

  test('several damaged places and a torn end are told apart', () => {
    const scan = scanChanged((bytes) => {
      bytes.fill(0, start(0), start(0) + 4)
      return bytes.subarray(0, start(3) + 41)
    })
    expect(scan.damages).toEqual([{ from: start(0), to: start(1), reason: 'record_header' }])
    expect(scan.tornFrom).toBe(start(3))
  })

  test('a whole record of another place, log or lane is not believed', () => {
    const moved = scanChanged((bytes) => new Uint8Array(Buffer.concat([bytes, bytes.subarray(start(1), start(2))])))
    expect(moved.records).toHaveLength(4)
    expect(moved.tornFrom).toBe(built.bytes.length)
    const foreign = encodeRecordHeader(logRecord(''), built.bytes.length, segmentSeed({ ...identity, logId: '0000000000000000' }))
    expect(scanChanged((bytes) => new Uint8Array(Buffer.concat([bytes, foreign]))).records).toHaveLength(4)
  })

  test('a record hidden in a payload stays hidden when the record around it is damaged', () => {
    const inner = build([logRecord('inner', { projectId: 99 })])
    const outer = build([logRecord('a'), { ...logRecord(''), payload: inner.bytes }, logRecord('b')])
    const bytes = outer.bytes.slice()
    bytes[outer.starts[1] as number] = 0
    const scan = scanSegment(bytes, null)
    expect(scan.records.map((record) => record.tenant.projectId)).toEqual([1, 1])
  })

  test('a kind of a newer version is reported, its neighbours are kept', () => {
    const bytes = built.bytes.slice()
    const header = encodeRecordHeader(logRecord('two'), start(1), segmentSeed(identity))
    header[32] = 200
    // The header's checksum with the new kind in it.
    const resealed = reseal(header)
    bytes.set(resealed, start(1))
    const scan = scanSegment(bytes, null)
    expect(scan.records).toHaveLength(3)
    expect(scan.damages).toEqual([{ from: start(1), to: start(2), reason: 'unknown_kind' }])
  })
})

function reseal(header: Uint8Array): Uint8Array {
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  view.setUint32(4, crcOf(header.subarray(8), segmentSeed(identity)), true)
  return header
}

/** CRC-32 a bit at a time, so that the format does not rest on one implementation. */
function crcOf(bytes: Uint8Array, start: number): number {
  let crc = ~start
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe('fuzz', () => {
  test('4,000 seeds of mutated and random bytes: no throw, nothing invented, ranges in order', () => {
    for (let seed = 1; seed <= 4000; seed++) {
      const random = new Random(seed)
      const built = randomSegment(random)
      const bytes = random.chance(0.2)
        ? Uint8Array.from({ length: random.below(400) }, () => random.below(256))
        : mutated(built.bytes, random)
      const scan = scanSegment(bytes, random.chance(0.5) ? identity : null)
      const known = new Set(built.records.map(keyOf))
      for (const record of scan.records) expect(known.has(keyOf(record)), `seed ${seed}`).toBe(true)
      let end = 0
      for (const damage of scan.damages) {
        expect(damage.from, `seed ${seed}`).toBeGreaterThanOrEqual(end)
        expect(damage.to, `seed ${seed}`).toBeGreaterThan(damage.from)
        end = damage.to
      }
      expect(scan.tornFrom ?? 0).toBeLessThanOrEqual(bytes.length)
    }
  })

  test('random bytes are never a header', () => {
    const random = new Random(9)
    for (let round = 0; round < 1000; round++) {
      expect(decodeSegmentHeader(Uint8Array.from({ length: 40 }, () => random.below(256)))).toBeNull()
    }
  })

  test('megabytes of magic numbers are read in linear time', () => {
    const bytes = new Uint8Array(8 * 1024 * 1024)
    const magic = Buffer.from('BWR1', 'latin1')
    for (let at = 0; at < bytes.length; at += 4) bytes.set(magic, at)
    bytes.set(encodeSegmentHeader({ ...identity, createdMs: 0 }), 0)
    const started = processorMs()
    expect(scanSegment(bytes, null)).toMatchObject({ records: [], tornFrom: segmentHeaderBytes })
    expect(processorMs() - started).toBeLessThan(15_000)
  })
})

function keyOf(record: LogRecord): string {
  return `${record.tenant.organizationId}/${record.tenant.projectId}/${record.rows}/${record.format}/${Buffer.from(record.payload).toString('hex')}`
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let copy = bytes.slice()
  for (let change = random.between(1, 4); change > 0; change--) {
    const at = random.below(copy.length)
    const kind = random.below(4)
    if (kind === 0) copy[at] = random.below(256)
    else if (kind === 1) copy = copy.slice(0, at)
    else if (kind === 2) copy.copyWithin(at, random.below(copy.length))
    else copy = new Uint8Array(Buffer.concat([copy.subarray(0, at), Uint8Array.of(random.below(256)), copy.subarray(at)]))
    if (copy.length === 0) return copy
  }
  return copy
}

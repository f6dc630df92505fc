import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tenant } from '../../kernel/scope.ts'
import { MetricsBatch } from '../batch/metrics-batch.ts'
import { defaultSeriesLimits } from '../limits.ts'
import { STALE, type Labels, type NativeHistogram } from '../model.ts'
import { normalizeLabels } from '../series/labels.ts'
import { SeriesRegistry } from '../series/registry.ts'
import { metricHashOf } from '../series/series-id.ts'
import { decodeMetricsRecord } from './decode.ts'
import { encodeMetricsRecord } from './encode.ts'
import { metricTypes, resetHints } from './layout.ts'
import type { RecordSets } from './set-section.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const number = fc.oneof(fc.double(), fc.constant(STALE), fc.integer())
const numbers = fc.array(fc.double({ noNaN: true }), { maxLength: 4 })
const text = fc.string({ unit: 'binary', maxLength: 12 })
const time = fc.nat(4_000_000_000_000)
const pairs = fc.uniqueArray(
  fc.tuple(
    text.filter((name) => name !== '' && name !== '__name__'),
    text,
  ),
  { selector: (pair) => pair[0], maxLength: 5 },
)
const histogram: fc.Arbitrary<NativeHistogram> = fc.record({
  schema: fc.integer({ min: -53, max: 8 }),
  zeroThreshold: fc.double(),
  zeroCount: fc.double(),
  count: fc.double(),
  sum: number,
  positiveSpans: fc.array(fc.integer({ min: -100, max: 100 })),
  positiveCounts: numbers,
  negativeSpans: fc.array(fc.integer({ min: -100, max: 100 })),
  negativeCounts: numbers,
  customValues: numbers,
  resetHint: fc.constantFrom(...resetHints),
})
const request = fc.record({
  series: fc.array(pairs, { minLength: 1, maxLength: 6 }),
  samples: fc.array(fc.tuple(fc.nat(5), time, number), { maxLength: 20 }),
  histograms: fc.array(fc.tuple(fc.nat(5), time, histogram), { maxLength: 4 }),
  exemplars: fc.array(fc.record({ series: fc.nat(5), timeMs: time, value: number, labels: pairs, traceId: text, spanId: text }), {
    maxLength: 4,
  }),
  sets: fc.array(fc.tuple(fc.nat(5), time, fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)), { maxLength: 5 })), { maxLength: 4 }),
  metadata: fc.array(fc.record({ name: text, type: fc.constantFrom(...metricTypes), unit: text, help: text }), { maxLength: 4 }),
  rows: fc.nat(6),
})

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never

function wellFormed(set: readonly (readonly [string, string])[]): Labels {
  const normalized = normalizeLabels([['__name__', 'up'], ...set])
  return normalized.type === 'ok' ? normalized.labels : [['__name__', 'up']]
}

function build(one: Request): {
  payload: Uint8Array<ArrayBuffer>
  registry: SeriesRegistry
  batch: MetricsBatch
  refs: number[]
  rowRefs: number[]
} {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const refs = one.series.map((set) => registry.resolve(tenant, wellFormed(set)))
  const refOf = (i: number): number => refs[i % refs.length]!
  const batch = new MetricsBatch()
  batch.reset(tenant)
  for (const [series, timeMs, value] of one.samples) batch.addSample(refOf(series), timeMs, value)
  for (const [series, timeMs, value] of one.histograms) batch.addHistogram(refOf(series), timeMs, value)
  for (const exemplar of one.exemplars) batch.exemplars.push({ ...exemplar, seriesRef: refOf(exemplar.series), labels: exemplar.labels })
  for (const [series, timeMs, members] of one.sets) {
    batch.sets.begin(refOf(series), timeMs)
    for (const [low, high] of members) batch.sets.add(low, high)
  }
  for (const ref of refs) registry.touch(ref, 60_000 * (1_000 + ref))
  const rowRefs = [...new Set(refs)].slice(0, one.rows)
  return { payload: encodeMetricsRecord(batch, registry, rowRefs, one.metadata), registry, batch, refs, rowRefs }
}

/** Ref, time and members of each row. */
function setsOf(sets: RecordSets, registry: SeriesRegistry): unknown[] {
  return Array.from({ length: sets.count }, (_, row) => {
    const members: number[][] = []
    for (let at = row === 0 ? 0 : sets.ends[row - 1]!; at < sets.ends[row]!; at++)
      members.push([...sets.members.subarray(at * 2, at * 2 + 2)])
    return [registry.findId(sets.idLow[row]!, sets.idHigh[row]!), sets.timesMs[row], members]
  })
}

describe('round trip', () => {
  test('everything comes back, at any alignment of the payload', () => {
    fc.assert(
      fc.property(request, fc.nat(15), (one, shift) => {
        const { payload, registry, batch, rowRefs } = build(one)
        const moved = new Uint8Array(payload.length + shift).subarray(shift)
        moved.set(payload)
        const record = decodeMetricsRecord(moved)
        expect(record.sampleCount).toBe(one.samples.length)
        for (let i = 0; i < record.sampleCount; i++) {
          expect(registry.findId(record.idLow[i]!, record.idHigh[i]!)).toBe(batch.seriesRefs[i])
          expect(record.metric[i]).toBe(metricHashOf('up'))
        }
        expect([...record.timesMs]).toEqual(one.samples.map((sample) => sample[1]))
        expect([...record.values]).toEqual(one.samples.map((sample) => sample[2]))
        expect([...record.series]).toEqual(
          rowRefs.map((ref) => ({
            idLow: registry.idLow(ref),
            idHigh: registry.idHigh(ref),
            firstMinute: 1_000 + ref,
            lastMinute: 1_000 + ref,
            labels: registry.labels(ref),
          })),
        )
        expect(record.histograms.map(({ timeMs, histogram: value }) => [timeMs, value])).toEqual(
          one.histograms.map((value) => value.slice(1)),
        )
        expect(record.exemplars.map(({ timeMs, value, traceId, spanId, labels }) => ({ timeMs, value, traceId, spanId, labels }))).toEqual(
          one.exemplars.map(({ timeMs, value, traceId, spanId, labels }) => ({ timeMs, value, traceId, spanId, labels })),
        )
        expect(record.metadata).toEqual(one.metadata)
        expect(setsOf(record.sets, registry)).toEqual(one.sets.map(([, timeMs, members], row) => [batch.sets.refs[row], timeMs, members]))
      }),
      { numRuns: 300 },
    )
  })

  test('a buffer from a pool, as files are read, is no problem', () => {
    const { payload } = build({
      series: [[['a', 'b']]],
      samples: [[0, 1, 2]],
      histograms: [],
      exemplars: [],
      sets: [],
      metadata: [],
      rows: 1,
    })
    const pooled = Buffer.concat([Buffer.from('x'), payload]).subarray(1)
    expect([...decodeMetricsRecord(pooled).values]).toEqual([2])
  })
})

describe('types of metrics', () => {
  const one: Request = { series: [[]], samples: [[0, 1, 2]], histograms: [], exemplars: [], sets: [], metadata: [], rows: 1 }
  const described = (type: string): Request => ({ ...one, metadata: [{ name: 'a', type: type as 'gauge', unit: '', help: '' }] })

  test('what is no type is not written: nobody could read the record', () => {
    expect(() => build(described('toString'))).toThrow(/has a type that is none/)
  })

  test('a number that is no type is read as unknown, and the rest of the record as it is', () => {
    const { payload } = build(described('gauge'))
    const words = new Uint32Array(payload.buffer)
    // The row of metadata is the last section: name, type, unit, help.
    words[words.length - 3] = 0xffffffff
    const record = decodeMetricsRecord(payload)
    expect(record.metadata).toEqual([{ name: 'a', type: 'unknown', unit: '', help: '' }])
    expect([...record.values]).toEqual([2])
  })
})

describe('damage', () => {
  test('changed, cut and lengthened payloads are refused or read as some record, never anything else', () => {
    const change = fc.record({ at: fc.nat(10_000), byte: fc.nat(255) })
    fc.assert(
      fc.property(request, fc.array(change, { minLength: 1, maxLength: 8 }), fc.integer({ min: -16, max: 16 }), (one, changes, resize) => {
        const { payload } = build(one)
        const bytes = new Uint8Array(Math.max(payload.length + resize, 0))
        bytes.set(payload.subarray(0, bytes.length))
        for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
        try {
          decodeMetricsRecord(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'metrics.record_damaged' })
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('huge counts do not allocate', () => {
    const { payload } = build({ series: [[]], samples: [], histograms: [], exemplars: [], sets: [], metadata: [], rows: 1 })
    for (let word = 1; word <= 11; word++) {
      const bytes = payload.slice()
      new DataView(bytes.buffer).setUint32(word * 4, 0xffffffff, true)
      expect(() => decodeMetricsRecord(bytes)).toThrow(/record_damaged/)
    }
  })
})

/** The bytes of the first `hex` block of a document: everything before a `|` or two spaces and text is offsets or remarks. */
function exampleBytes(document: string): Uint8Array {
  const text = readFileSync(new URL(`../../../../../docs/formats/${document}`, import.meta.url), 'utf8')
  const block = /```hex\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const lines = block.split('\n').map((line) => /^[0-9a-f]{4}: ((?:[0-9a-f]{2} ?)+)/.exec(line)?.[1] ?? '')
  return Uint8Array.from(
    lines
      .join(' ')
      .split(' ')
      .filter((byte) => byte !== ''),
    (byte) => parseInt(byte, 16),
  )
}

test('the documented example is what the encoder writes', () => {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const ref = registry.resolve(tenant, [
    ['__name__', 'up'],
    ['job', 'node'],
  ])
  const batch = new MetricsBatch()
  batch.reset(tenant)
  batch.addSample(ref, 1_790_000_000_000, 1)
  batch.addSample(ref, 1_790_000_015_000, 0.5)
  registry.touch(ref, 1_790_000_000_000)
  registry.touch(ref, 1_790_000_015_000)
  const payload = encodeMetricsRecord(batch, registry, [ref], [{ name: 'up', type: 'gauge', unit: '', help: 'Is it up?' }])
  expect(Buffer.from(exampleBytes('metrics-record.md')).toString('hex')).toBe(Buffer.from(payload).toString('hex'))
})

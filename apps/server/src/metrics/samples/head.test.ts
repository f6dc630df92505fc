import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STALE } from '../model.ts'
import { processorMs } from '../../kernel/testing/processor-time.ts'
import { chunkBytes } from './chunk-pool.ts'
import { Head } from './head.ts'
import { SampleColumns } from './sample-columns.ts'

interface Fake {
  nowMs: number
  pendingMs: number
}

function open(chunks = 100_000, fake: Fake = { nowMs: 0, pendingMs: 0 }): Head {
  return new Head({ sizeBytesMax: chunks * chunkBytes, clock: { monotonicMs: () => fake.nowMs }, pendingAgeMs: () => fake.pendingMs })
}

function put(head: Head, ...samples: [ref: number, timeMs: number, value: number][]): void {
  const column = (i: 0 | 1 | 2): number[] => samples.map((one) => one[i])
  head.append(Uint32Array.from(column(0)), Float64Array.from(column(1)), Float64Array.from(column(2)), samples.length)
}

function read(head: Head, ref: number, fromMs = -Infinity, toMs = Infinity): [number, number][] {
  const out = new SampleColumns()
  head.read(ref, fromMs, toMs, out)
  return Array.from(out.timesMs.subarray(0, out.count), (timeMs, i): [number, number] => [timeMs, out.values[i] ?? NaN])
}

describe('append and read', () => {
  test('agree with sorted arrays, in whatever order samples come', () => {
    const sample = fc.tuple(fc.nat(3), fc.nat(400), fc.oneof(fc.double(), fc.constant(STALE)))
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 400 }), fc.nat(400), fc.nat(400), (samples, a, b) => {
        const head = open()
        const model = new Map<number, Map<number, number>>()
        for (const [ref, time, value] of samples) {
          const series = model.get(ref) ?? new Map<number, number>()
          model.set(ref, series)
          const old = series.get(time)
          expect(head.verdict(ref, time, value)).toBe(
            old === undefined ? 'new' : Object.is(old, value) || old === value ? 'same' : 'conflict',
          )
          put(head, [ref, time, value])
          if (old === undefined) series.set(time, value)
        }
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        let total = 0
        for (let ref = 0; ref < 5; ref++) {
          const want = [...(model.get(ref) ?? [])].sort((x, y) => x[0] - y[0])
          total += want.length
          expect(read(head, ref)).toEqual(want)
          expect(read(head, ref, from, to)).toEqual(want.filter(([time]) => time >= from && time <= to))
          expect(head.countSamples(ref, from, to)).toBe(read(head, ref, from, to).length)
          expect(head.newestMs(ref)).toBe(want[want.length - 1]?.[0] ?? -Infinity)
        }
        expect(head.sampleCount).toBe(total)
      }),
      { numRuns: 300 },
    )
  })

  test('older samples put before what is here agree with sorted arrays; what is here stays', () => {
    const run = fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 60 }).map((times) => times.sort((x, y) => x - y))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(400), fc.nat(9)), { maxLength: 100 }),
        fc.array(run, { maxLength: 4 }),
        fc.nat(400),
        (first, runs, from) => {
          const head = open()
          const model = new Map<number, number>()
          const note = (time: number, value: number): void => void (model.has(time) || model.set(time, value))
          for (const [time, value] of first) {
            put(head, [2, time, value])
            note(time, value)
          }
          for (const times of runs) {
            // Equal neighbours, as the engine may give them.
            const timesMs = Float64Array.from(times.flatMap((time) => [time, time]))
            const values = timesMs.map((_, i) => 100 + Math.floor(i / 2))
            head.prepend(2, { timesMs, values, count: timesMs.length })
            for (const [i, time] of timesMs.entries()) note(time, values[i] ?? NaN)
          }
          put(head, [2, 500, 1])
          note(500, 1)
          const want = [...model].sort((x, y) => x[0] - y[0])
          expect(read(head, 2)).toEqual(want)
          expect(read(head, 2, from)).toEqual(want.filter(([time]) => time >= from))
          expect([head.sampleCount, head.newestMs(2)]).toEqual([want.length, 500])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('the watermark goes back only when nothing was lost meanwhile', () => {
    const head = open()
    head.coverFrom(1000)
    const before = head.coverLosses
    head.coverFrom(1200)
    expect([head.coverBackTo(400, before), head.coversFromMs]).toEqual([false, 1200])
    expect([head.coverBackTo(400, head.coverLosses), head.coversFromMs]).toEqual([true, 400])
  })

  test('the watermark does not go back over what was given up below it', () => {
    const fake: Fake = { nowMs: 1_000_000, pendingMs: 0 }
    const head = open(64, fake)
    const watermarkMs = 1_000_000
    head.coverFrom(watermarkMs)
    const before = head.coverLosses
    const timesMs = Float64Array.from({ length: 63 * 16 }, (_, i) => 500_000 + i)
    head.prepend(0, { timesMs, values: timesMs, count: timesMs.length })
    for (let i = 0; i < 32; i++) put(head, [0, watermarkMs + i, i])
    expect(read(head, 0).length).toBeLessThan(timesMs.length)
    expect(head.coversFromMs).toBe(watermarkMs)
    expect([head.coverBackTo(500_000, before), head.coversFromMs]).toEqual([false, watermarkMs])
  })

  test('spans longer than an offset holds get chunks of their own', () => {
    const head = open()
    const day = 86_400_000
    const times = [1_000 * day, 1_060 * day, 1_200 * day, 1_030 * day, 100 * day, 1_059 * day]
    for (const time of times) put(head, [0, time, time / day])
    expect(read(head, 0)).toEqual([...times].sort((a, b) => a - b).map((time) => [time, time / day]))
  })

  test('filling in a day backwards and forwards under live data stays quick', () => {
    const head = open()
    for (let i = 0; i < 1_000; i++) put(head, [0, 100_000_000 + i * 1_000, i])
    const startMs = processorMs()
    for (let i = 0; i < 50_000; i++) put(head, [0, 1_000 + i * 1_000, i])
    for (let i = 0; i < 20_000; i++) put(head, [1, 100_000_000 - i * 1_000, i])
    expect(processorMs() - startMs).toBeLessThan(2_000)
    expect(read(head, 0).length).toBe(51_000)
    expect(read(head, 1).length).toBe(20_000)
  })
})

describe('eviction', () => {
  test('gives up the oldest and holds everything from the watermark on', () => {
    const step = fc.record({ ref: fc.nat(20), advanceMs: fc.nat(50), lateMs: fc.constantFrom(0, 0, 0, 10, 500, 3_000) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1_500, maxLength: 2_500 }), (steps) => {
        const fake: Fake = { nowMs: 0, pendingMs: 0 }
        const head = open(64, fake)
        const model = new Map<number, Map<number, number>>()
        let clockMs = 1_000_000
        for (const [i, { ref, advanceMs, lateMs }] of steps.entries()) {
          clockMs += advanceMs
          fake.nowMs += 1_000
          const time = clockMs - lateMs
          put(head, [ref, time, i])
          const series = model.get(ref) ?? new Map<number, number>()
          model.set(ref, series)
          if (!series.has(time)) series.set(time, i)
        }
        expect(head.coversFromMs).toBeGreaterThan(-Infinity)
        for (const [ref, series] of model) {
          const want = [...series].filter(([time]) => time >= head.coversFromMs).sort((x, y) => x[0] - y[0])
          expect(read(head, ref, head.coversFromMs)).toEqual(want)
          for (const [time, value] of read(head, ref)) if (time >= head.coversFromMs) expect(series.get(time)).toBe(value)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('keeps what may not be in the engine, up to twice the budget', () => {
    const fake: Fake = { nowMs: 1_000_000, pendingMs: 100_000 }
    const head = open(64, fake)
    const full = 64 * 16
    for (let i = 0; i < full * 2; i++) put(head, [0, i, i])
    expect(head.coversFromMs).toBe(-Infinity)
    expect(read(head, 0).length).toBe(full * 2)
    for (let i = 0; i < full; i++) put(head, [0, full * 2 + i, i])
    expect(head.coversFromMs).toBeGreaterThan(0)
    expect(head.sampleCount).toBeLessThanOrEqual(full * 2 + full / 32)
  })

  test('says how many samples it gave up that the engine may not have, until the engine has them', () => {
    const fake: Fake = { nowMs: 1_000_000, pendingMs: 100_000 }
    const head = open(64, fake)
    const full = 64 * 16
    for (let i = 0; i < full * 2; i++) put(head, [0, i, i])
    expect([head.hiddenSamples, head.hiddenSamplesTotal]).toEqual([0, 0])
    for (let i = 0; i < full; i++) put(head, [0, full * 2 + i, i])
    const hidden = full * 3 - head.sampleCount
    expect([head.hiddenSamples, head.hiddenSamplesTotal]).toEqual([hidden, hidden])
    // The log is empty: everything is in the engine.
    fake.nowMs += 10_000
    fake.pendingMs = 0
    expect([head.hiddenSamples, head.hiddenSamplesTotal]).toEqual([0, hidden])
    for (let i = 0; i < full; i++) put(head, [0, full * 3 + i, i])
    expect(head.hiddenSamplesTotal).toBe(hidden)
  })

  test('a series given up wholly takes older samples again', () => {
    const fake: Fake = { nowMs: 1_000_000, pendingMs: 0 }
    const head = open(64, fake)
    put(head, [7, 1_000, 1])
    fake.nowMs += 100_000
    for (let i = 0; i < 3_000; i++) put(head, [0, 10_000 + i, i])
    expect(read(head, 7)).toEqual([])
    put(head, [7, 500, 2])
    expect(read(head, 7)).toEqual([[500, 2]])
    expect(head.coversFromMs).toBeGreaterThan(1_000)
  })

  test('one sample of every series at one time, more series than the budget has chunks', () => {
    const fake: Fake = { nowMs: 1_000_000, pendingMs: 0 }
    const head = open(64, fake)
    for (let ref = 0; ref < 1_000; ref++) put(head, [ref, 5_000, ref])
    expect(head.sampleCount).toBeLessThan(140)
    expect(head.coversFromMs).toBeGreaterThan(5_000)
  })
})

test('samples wait for the engine until their record has left the log', () => {
  const fake: Fake = { nowMs: 1_000_000, pendingMs: 3_000 }
  const head = open(1_000, fake)
  put(head, [0, 5_000, 1], [0, 6_000, 2])
  expect([
    head.hasPending([0], 0, 4_999),
    head.hasPending([0], 6_001, 9_000),
    head.hasPending([0], 5_500, 9_000),
    head.hasPending([9], 0, 9_000),
  ]).toEqual([false, false, true, false])
  fake.nowMs += 60_000
  expect(head.hasPending([0], 0, 9_000)).toBe(false)
  fake.pendingMs = 70_000
  expect(head.hasPending([0], 0, 9_000)).toBe(true)
})

test('memory of a sample stays below 18 bytes in chunks that are partly full', () => {
  const head = open(200_000)
  for (let i = 0; i < 100; i++) for (let ref = 0; ref < 5_000; ref++) put(head, [ref, i * 10_000, i])
  expect(head.sizeBytes / head.sampleCount).toBeLessThan(18)
})

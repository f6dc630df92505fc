import { describe, expect, test } from 'vitest'
import { chunkBytes } from './chunk-pool.ts'
import { HeadScan } from './head-scan.ts'
import { Head } from './head.ts'

const refs = Uint32Array.of(0, 1, 2, 3)
const labels = Array.from(refs, (ref): [string, string][] => [['__name__', `m${ref}`]])

function filledHead(chunks: number, samples: number): Head {
  const head = new Head({ sizeBytesMax: chunks * chunkBytes, clock: { monotonicMs: () => 0 }, pendingAgeMs: () => -1e9 })
  for (let i = 0; i < samples; i++) append(head, i)
  return head
}

function append(head: Head, i: number): void {
  head.append(
    refs,
    new Float64Array(refs.length).fill(i * 1000),
    Float64Array.from(refs, (ref) => ref * 1000 + i),
    refs.length,
  )
}

function valuesOf(scan: HeadScan, series: number): number[] {
  const { values, start, end } = scan.read(series)
  return Array.from(values.subarray(start, end))
}

const upTo = (ref: number, from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => ref * 1000 + from + i)

describe('reading the head series by series', () => {
  test('gives what is in the range', () => {
    using scan = new HeadScan(filledHead(1000, 100), { refs, labels, range: { fromMs: 10_000, toMs: 70_000 }, samplesMax: 1e6 })
    for (const ref of refs) expect(valuesOf(scan, ref)).toEqual(upTo(ref, 10, 70))
  })

  test('what the head gives up in between is not missed', () => {
    const head = filledHead(256, 100)
    using scan = new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 99_000 }, samplesMax: 1e6 })
    expect(scan.coversFromMs).toBe(-Infinity)
    expect(valuesOf(scan, 0)).toEqual(upTo(0, 0, 99))
    for (let i = 100; i < 2000; i++) append(head, i)
    expect(head.coversFromMs).toBeGreaterThan(99_000)
    for (const ref of refs.subarray(1)) expect(valuesOf(scan, ref)).toEqual(upTo(ref, 0, 99))
  })

  test('a scan that is over takes nothing out', () => {
    const head = filledHead(64, 100)
    const scan = new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 99_000 }, samplesMax: 1e6 })
    scan[Symbol.dispose]()
    for (let i = 100; i < 1000; i++) append(head, i)
    expect(valuesOf(scan, 1)).toEqual([])
  })

  test('no more is taken out than the query may read', () => {
    const head = filledHead(64, 100)
    using scan = new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 99_000 }, samplesMax: 150 })
    for (let i = 100; i < 1000; i++) append(head, i)
    expect(() => scan.read(0)).toThrowError(expect.objectContaining({ code: 'query.too_many_samples' }))
  })

  test('only what is given up is set aside; the rest is read where it is', () => {
    const head = filledHead(256, 900)
    using scan = new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 899_000 }, samplesMax: 1e6 })
    expect(valuesOf(scan, 0)).toEqual(upTo(0, 0, 899))
    let i = 900
    while (head.coversFromMs === -Infinity) append(head, i++)
    const givenUp = head.coversFromMs / 1000
    expect(givenUp).toBeLessThan(300)
    expect(head.scanBudget.usedBytes).toBe(3 * givenUp * 16 + 3 * 4)
    for (const ref of refs.subarray(1)) expect(valuesOf(scan, ref)).toEqual(upTo(ref, 0, 899))
    expect(head.scanBudget.usedBytes).toBe(0)
  })

  test('evictions between any two series are not noticed', () => {
    const head = filledHead(256, 900)
    using scan = new HeadScan(head, { refs, labels, range: { fromMs: 850_000, toMs: 899_000 }, samplesMax: 1e6 })
    const later = new HeadScan(head, { refs, labels, range: { fromMs: 960_000, toMs: 1_000_000 }, samplesMax: 1e6 })
    let i = 900
    for (const ref of refs) {
      for (const until = i + 500; i < until; i++) append(head, i)
      expect(valuesOf(scan, ref)).toEqual(upTo(ref, 850, 899))
    }
    expect(head.coversFromMs).toBeGreaterThan(1_000_000)
    for (const ref of refs) expect(valuesOf(later, ref)).toEqual(upTo(ref, 960, 1000))
    expect(head.scanBudget.usedBytes).toBe(0)
  })

  test('all scans together set aside no more than the share of the head; one that does not fit in fails', () => {
    const head = filledHead(256, 900)
    const scans = Array.from(
      { length: 8 },
      () => new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 899_000 }, samplesMax: 1e6 }),
    )
    let i = 900
    while (head.coversFromMs === -Infinity) append(head, i++)
    expect(head.scanBudget.sizeBytesMax).toBe((256 * chunkBytes) / 8)
    expect(head.scanBudget.usedBytes).toBeLessThanOrEqual(head.scanBudget.sizeBytesMax)
    const failed = scans.filter((scan) => {
      try {
        for (const ref of refs) expect(valuesOf(scan, ref)).toEqual(upTo(ref, 0, 899))
        return false
      } catch (error) {
        expect(error).toMatchObject({ code: 'query.too_many_samples' })
        return true
      }
    })
    expect(failed.length).toBeGreaterThan(0)
    for (const scan of scans) scan[Symbol.dispose]()
    expect(head.scanBudget.usedBytes).toBe(0)
  })

  test('nothing is set aside while the head can give nothing up', () => {
    const clock = { monotonicMs: () => 1_000_000 }
    const head = new Head({ sizeBytesMax: 256 * chunkBytes, clock, pendingAgeMs: () => 1e6 })
    for (let i = 0; i < 900; i++) append(head, i)
    using scan = new HeadScan(head, { refs, labels, range: { fromMs: 0, toMs: 899_000 }, samplesMax: 1e6 })
    for (let i = 900; i < 1500; i++) append(head, i)
    expect(head.coversFromMs).toBe(-Infinity)
    expect(head.scanBudget.usedBytes).toBe(0)
    for (const ref of refs) expect(valuesOf(scan, ref)).toEqual(upTo(ref, 0, 899))
  })
})

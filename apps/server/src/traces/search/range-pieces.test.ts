import { expect, test } from 'vitest'
import type { TimeRange } from '../ports.ts'
import { rangePieces } from './range-pieces.ts'

const minute = 60_000
const hour = 60 * minute
const from = (fromMs: number, toMs: number): TimeRange => ({ fromMs, toMs })

test('whole hours, whole minutes before and behind them, and the ends', () => {
  expect(rangePieces(from(50 * minute + 7, 3 * hour + minute + 1), [], true)).toEqual({
    hours: [from(hour, 3 * hour)],
    minutes: [from(51 * minute, hour), from(3 * hour, 3 * hour + minute)],
    spans: [from(50 * minute + 7, 51 * minute), from(3 * hour + minute, 3 * hour + minute + 1)],
  })
  expect(rangePieces(from(50 * minute, 3 * hour), [], false)).toEqual({ hours: [], minutes: [from(50 * minute, 3 * hour)], spans: [] })
  expect(rangePieces(from(1, minute + 1), [], true)).toEqual({ hours: [], minutes: [], spans: [from(1, minute + 1)] })
})

test('no piece reaches over a cut', () => {
  expect(rangePieces(from(0, 4 * hour), [150 * minute, 150 * minute, -1, 4 * hour], true)).toEqual({
    hours: [from(0, 2 * hour), from(3 * hour, 4 * hour)],
    minutes: [from(2 * hour, 150 * minute), from(150 * minute, 3 * hour)],
    spans: [],
  })
})

test('pieces of any range are the range', () => {
  for (let i = 1; i <= 500; i++) {
    const fromMs = (i * 48_271) % (9 * hour)
    const range = from(fromMs, fromMs + 1 + ((i * 69_621_911) % (5 * hour)))
    const cuts = [0, 1, 2].map((at) => Math.floor((((i + at) * 16_807) % 90) * 10 * minute))
    const { hours, minutes, spans } = rangePieces(range, cuts, i % 2 === 0)
    const all = [...hours, ...minutes, ...spans].sort((a, b) => a.fromMs - b.fromMs)
    expect(all.every((one) => one.fromMs < one.toMs)).toBe(true)
    expect(from(all[0]?.fromMs ?? 0, all.at(-1)?.toMs ?? 0)).toEqual(range)
    expect(all.slice(1).map((one) => one.fromMs)).toEqual(all.slice(0, -1).map((one) => one.toMs))
    expect(hours.every((one) => one.fromMs % hour === 0 && one.toMs % hour === 0)).toBe(true)
    expect(minutes.every((one) => one.fromMs % minute === 0 && one.toMs % minute === 0)).toBe(true)
  }
})

import { expect, test } from 'vitest'
import { FreshMembers } from './fresh-members.ts'
import { SetRows } from './set-rows.ts'

function rowsOf(ref: number, timeMs: number, lows: readonly number[]): SetRows {
  const rows = new SetRows()
  rows.begin(ref, timeMs)
  for (const low of lows) rows.add(low, 9)
  return rows
}

function open(membersMax?: number) {
  const state = { nowMs: 1_000_000, pendingAgeMs: 0 }
  const clock = { monotonicMs: () => state.nowMs }
  const deps = { clock, pendingAgeMs: () => state.pendingAgeMs }
  const fresh = new FreshMembers(membersMax === undefined ? deps : { ...deps, membersMax })
  const held = (fromMs = 0, toMs = Infinity): string[] => {
    const out: string[] = []
    fresh.each(fromMs, toMs, (ref, timeMs, members) =>
      out.push(`${ref} @${timeMs} ${[...members].filter((_, i) => i % 2 === 0).join(' ')}`),
    )
    return out
  }
  return { state, fresh, held }
}

test('gives the rows of the range, the newest acknowledged first, as copies', () => {
  const { fresh, held } = open()
  const rows = rowsOf(1, 60_000, [1, 2])
  rows.begin(2, 120_000)
  rows.add(3, 9)
  fresh.append(rows)
  rows.reset()
  fresh.append(rowsOf(1, 180_000, [4]))
  expect(held()).toEqual(['1 @180000 4', '1 @60000 1 2', '2 @120000 3'])
  expect(held(120_000, 180_000)).toEqual(['2 @120000 3'])
  expect(fresh.memberCount).toBe(4)
})

test('holds what may not be in the engine, and some seconds more', () => {
  const { state, fresh, held } = open()
  fresh.append(rowsOf(1, 0, [1]))
  state.nowMs += 20_000
  state.pendingAgeMs = 20_000
  fresh.append(rowsOf(1, 0, [2]))
  expect(held()).toEqual(['1 @0 2', '1 @0 1'])
  state.pendingAgeMs = 0
  expect(held()).toEqual(['1 @0 2'])
  state.nowMs += 6_000
  expect(held()).toEqual([])
  expect([fresh.memberCount, fresh.hiddenTotal]).toEqual([0, 0])
})

test('over its bound the oldest go, and are counted', () => {
  const { fresh, held } = open(5)
  fresh.append(rowsOf(1, 0, [1, 2, 3]))
  fresh.append(rowsOf(1, 0, [4, 5, 6]))
  expect(held()).toEqual(['1 @0 4 5 6'])
  expect(fresh.hiddenTotal).toBe(3)
  fresh.append(new SetRows())
  expect(fresh.memberCount).toBe(3)
})

test('rows whose refs are given to other series go', () => {
  const { fresh, held } = open()
  fresh.append(rowsOf(1, 0, [1]))
  fresh.append(rowsOf(2, 0, [2]))
  fresh.clear(new Set([1]))
  expect(held()).toEqual(['2 @0 2'])
})

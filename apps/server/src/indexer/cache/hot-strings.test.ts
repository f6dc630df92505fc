import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UseCaseId } from '../../naming/index.ts'
import { HotStrings } from './hot-strings.ts'

const key = (string: string, organizationId = 1, useCaseId: UseCaseId = 'custom') => ({ useCaseId, organizationId, string })

test('organizations and use cases are apart', () => {
  const hot = new HotStrings({ nowMs: () => 0 }, 10)
  hot.put(key('a'), 7, 100)
  hot.put(key('a', 2), 8, 100)
  hot.put(key('a', 1, 'spans'), 9, 100)
  expect([hot.lookup('custom', 1, 'a'), hot.lookup('custom', 2, 'a'), hot.lookup('spans', 1, 'a'), hot.lookup('spans', 2, 'a')]).toEqual([
    7, 8, 9, 0,
  ])
})

test('an entry ends at its time', () => {
  let nowMs = 0
  const hot = new HotStrings({ nowMs: () => nowMs }, 10)
  hot.put(key('a'), 7, 100)
  nowMs = 99
  expect(hot.lookup('custom', 1, 'a')).toBe(7)
  nowMs = 100
  expect(hot.lookup('custom', 1, 'a')).toBe(0)
  hot.put(key('a'), 8, 200)
  expect(hot.lookup('custom', 1, 'a')).toBe(8)
})

test('what is asked for stays when room is needed', () => {
  const hot = new HotStrings({ nowMs: () => 0 }, 100)
  for (let i = 0; i < 100; i++) hot.put(key(`s${i}`), i + 1, 1)
  for (let i = 0; i < 5000; i++) {
    expect(hot.lookup('custom', 1, 's7')).toBe(8)
    hot.put(key(`new${i}`), i + 1000, 1)
  }
  expect(hot.size).toBe(100)
  expect(hot.lookup('custom', 1, 's8')).toBe(0)
})

test('never a wrong id, never more than the bound', () => {
  const step = fc.record({
    what: fc.constantFrom('put', 'put', 'get', 'delete'),
    string: fc.constantFrom(...'abcdefghijklmnop'),
    organizationId: fc.integer({ min: 1, max: 2 }),
    expireMs: fc.integer({ min: 1, max: 40 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let nowMs = 0
      const hot = new HotStrings({ nowMs: () => nowMs }, 8)
      const last = new Map<string, { id: number; expireMs: number } | null>()
      for (const { what, string, organizationId, expireMs } of steps) {
        nowMs++
        const name = `${organizationId}${string}`
        if (what === 'put') {
          hot.put(key(string, organizationId), nowMs, nowMs + expireMs)
          last.set(name, { id: nowMs, expireMs: nowMs + expireMs })
        } else if (what === 'delete') {
          hot.delete('custom', organizationId, string)
          last.set(name, null)
        }
        const found = hot.lookup('custom', organizationId, string)
        const entry = last.get(name)
        if (what === 'put') expect(found).toBe(nowMs)
        if (found !== 0) expect(entry).toMatchObject({ id: found })
        if (entry !== null && entry !== undefined && entry.expireMs <= nowMs) expect(found).toBe(0)
        expect(hot.size).toBeLessThanOrEqual(8)
      }
    }),
  )
})

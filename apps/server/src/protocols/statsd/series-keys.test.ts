import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StatsdLine } from './line.ts'
import type { StatsdProject } from './projects.ts'
import { SeriesKeys, type SeriesKey } from './series-keys.ts'

const project = {} as StatsdProject

function table(bounds = { entriesMax: 100_000, bytesMax: 1 << 24 }) {
  const keys = new SeriesKeys(bounds)
  const line = new StatsdLine()
  return {
    keys,
    /** What is known of a line; learned as `handle` when it is not. */
    know(text: string, handle: number): SeriesKey | null {
      const bytes = Buffer.from(text)
      expect(line.read(bytes, 0, bytes.length)).toBe(null)
      const found = keys.find(bytes, line)
      if (found === null) keys.add(bytes, line, { key: null, project, handle, checkedMs: 0 })
      return found
    },
  }
}

test('a series is known by type, name, tags and container, and by nothing else of its line', () => {
  const { know, keys } = table()
  expect(know('a:1|c|#x:y|c:z', 1)).toBe(null)
  expect(know('a:22|c|@0.5|c:z|T1|#x:y', 2)?.handle).toBe(1)
  for (const other of ['a:1|g|#x:y|c:z', 'ab:1|c|#x:y|c:z', 'a:1|c|#x:yz|c:', 'a:1|c|#x:y', 'a:1|c|c:z', 'ax:1|c|#:y|c:z', 'a:1|c']) {
    expect([other, know(other, 3)]).toEqual([other, null])
  }
  expect(keys.size).toBe(8)
})

test('many are all known, at any length', () => {
  const { know } = table()
  const names = Array.from({ length: 20_000 }, (_, i) => `n${i}${'x'.repeat(i % 50)}:1|c|#a:${i % 7}`)
  names.forEach((name, i) => expect(know(name, i)).toBe(null))
  names.forEach((name, i) => expect(know(name, -1)?.handle).toBe(i))
})

test('as a map of strings knows them', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', ',', ';'), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(part, part, part)), (lines) => {
      const { know } = table()
      const model = new Map<string, number>()
      lines.forEach(([name, tags, container], i) => {
        const key = `${name}|${tags}|${container}`
        expect(know(`n${name}:1|c|#${tags}|c:${container}`, i)?.handle).toBe(model.get(key))
        if (!model.has(key)) model.set(key, i)
      })
    }),
  )
})

test('over its bounds it forgets all and learns again', () => {
  const { know, keys } = table({ entriesMax: 10, bytesMax: 1000 })
  for (let i = 0; i < 11; i++) know(`n${i}:1|c`, i)
  expect(keys.size).toBe(1)
  expect(know('n10:1|c', -1)?.handle).toBe(10)
  expect(know('n0:1|c', 20)).toBe(null)
  for (let i = 0; i < 5; i++) know(`${String(i).repeat(300)}:1|c`, i)
  expect(keys.size).toBeLessThanOrEqual(3)
  know(`${'l'.repeat(1001)}:1|c`, 1)
  expect(know(`${'l'.repeat(1001)}:1|c`, 1)).toBe(null)
})

import { originalPositionFor } from '@jridgewell/trace-mapping'
import { expect, test } from 'vitest'
import { parseMap, ParsedMaps, type ParsedMap } from './parsed-map.ts'

const plain = { version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' }

function read(json: unknown): ParsedMap | null {
  return parseMap(json, JSON.stringify(json).length)
}

function sectioned(...offsets: readonly (readonly [line: unknown, column: unknown])[]): unknown {
  return { version: 3, sections: offsets.map(([line, column]) => ({ offset: { line, column }, map: plain })) }
}

test('a plain map and one of sections answer for their lines', () => {
  const flat = read(plain)
  expect(flat === null ? null : originalPositionFor(flat.map, { line: 1, column: 0 })).toMatchObject({ source: 'a.ts', line: 1 })
  const parts = read(sectioned([0, 0], [0, 40], [7, 0]))
  expect(parts === null ? null : originalPositionFor(parts.map, { line: 8, column: 3 })).toMatchObject({ source: 'a.ts', line: 1 })
})

test.each<[string, unknown]>([
  ['a section far behind its text', sectioned([300_000_000, 0])],
  ['a section a little too far behind its text', sectioned([500_000, 0])],
  ['a line that is no count', sectioned([0.5, 0])],
  ['a line below none', sectioned([-1, 0])],
  ['a column of another type', sectioned([0, '1'])],
  ['sections out of order', sectioned([5, 0], [4, 0])],
  ['columns out of order', sectioned([5, 9], [5, 8])],
  ['sections in sections', { version: 3, sections: [{ offset: { line: 0, column: 0 }, map: sectioned([0, 0]) }] }],
  ['JSON in JSON', { version: 3, sections: [{ offset: { line: 0, column: 0 }, map: JSON.stringify(plain) }] }],
  ['a section without a map', { version: 3, sections: [{ offset: { line: 0, column: 0 } }] }],
  ['sections that are none', { version: 3, sections: [null] }],
  ['too many sections', sectioned(...Array.from({ length: 1001 }, (_, line) => [line, 0] as const))],
  ['too many lines', { ...plain, mappings: ';'.repeat(1_000_001) }],
  ['too many segments', { ...plain, mappings: ','.repeat(4_000_001) }],
  ['mappings that are decoded', { ...plain, mappings: [[[0, 0, 0, 0]]] }],
  ['another version', { ...plain, version: 2 }],
])('%s is no map', (_, json) => {
  expect(read(json)).toBeNull()
})

test('maps are kept by what they take when decoded, not by their text', () => {
  const wide = read({ ...plain, mappings: ';'.repeat(9_000) })
  const far = read(sectioned([9_000, 0]))
  if (wide === null || far === null) throw new Error('they are maps')
  expect(far.sizeBytes).toBeGreaterThan(9_000 * 50)
  const maps = new ParsedMaps(wide.sizeBytes + far.sizeBytes)
  maps.add('far', far)
  // Read by two at once.
  maps.add('wide', wide)
  maps.add('wide', wide)
  expect([maps.get('far'), maps.get('wide')]).toEqual([far.map, wide.map])
  maps.get('far')
  maps.add('more', far)
  expect([maps.get('wide'), maps.get('far')]).toEqual([null, far.map])
})

test('one that takes more than there is room for is kept alone', () => {
  const one = read(plain)
  if (one === null) throw new Error('it is a map')
  const maps = new ParsedMaps(1)
  maps.add('a', one)
  maps.add('b', one)
  expect([maps.get('a'), maps.get('b')]).toEqual([null, one.map])
})

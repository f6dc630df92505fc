/** The size limits and their ratchet, and that the ratchet itself works. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loosened, ratchetAt, sizeProblems, sizesOverLimit } from './sizes.ts'
import { read, root } from './tree.ts'

const path = 'test/tidy/ratchet.json'
const ratchet = existsSync(join(root, path)) ? (JSON.parse(read(path)) as Record<string, number>) : {}

test('files, functions and parameter lists are within their limits', () => {
  expect(sizeProblems(sizesOverLimit(), ratchet)).toEqual([])
})

test('the ratchet only shrinks', () => {
  for (const revision of ['HEAD', 'HEAD^']) {
    const before = ratchetAt(revision)
    if (before !== null) expect(loosened(before, ratchet), `against ${revision}`).toEqual([])
  }
})

test('the ratchet refuses what is new, grown, shrunk or gone, and accepts what is as it was', () => {
  expect(sizeProblems({ 'a.ts max-lines': 500 }, {})).toEqual(['a.ts max-lines is 500: over the limit'])
  expect(sizeProblems({ 'a.ts max-lines': 500 }, { 'a.ts max-lines': 450 })).toEqual(['a.ts max-lines grew from 450 to 500'])
  expect(sizeProblems({ 'a.ts max-lines': 440 }, { 'a.ts max-lines': 450 })).toHaveLength(1)
  expect(sizeProblems({}, { 'a.ts max-lines': 450 })).toHaveLength(1)
  expect(sizeProblems({ 'a.ts max-lines': 450 }, { 'a.ts max-lines': 450 })).toEqual([])
  expect(loosened({ a: 450 }, { a: 450 })).toEqual([])
  expect(loosened({ a: 450 }, { a: 451 })).toHaveLength(1)
  expect(loosened({}, { a: 401 })).toHaveLength(1)
})

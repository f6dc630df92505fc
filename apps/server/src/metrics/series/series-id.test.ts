import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Labels } from '../model.ts'
import { metricHashOf, seriesIdOf } from './series-id.ts'

function idOf(organizationId: number, projectId: number, labels: Labels): string {
  const id = { low: 0, high: 0 }
  seriesIdOf({ organizationId, projectId }, labels, id)
  return ((BigInt(id.high) << 32n) | BigInt(id.low)).toString()
}

/** Straight from the document, with nothing of the implementation. */
function documented(organizationId: number, projectId: number, labels: Labels): string {
  const parts: Buffer[] = []
  const word = (value: number): void => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    parts.push(bytes)
  }
  word(organizationId)
  word(projectId)
  for (const text of labels.flat()) {
    word(Buffer.byteLength(text))
    parts.push(Buffer.from(text))
  }
  return createHash('sha256').update(Buffer.concat(parts)).digest().readBigUInt64LE(0).toString()
}

test('follows the document for any labels', () => {
  const id = fc.nat(0xffffffff)
  fc.assert(
    fc.property(
      id,
      id,
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 3_000 })), { maxLength: 10 }),
      (organization, project, labels) => {
        expect(idOf(organization, project, labels)).toBe(documented(organization, project, labels))
      },
    ),
  )
})

test('the documented examples hold', () => {
  const text = readFileSync(new URL('../../../../../docs/formats/series-id.md', import.meta.url), 'utf8')
  expect(text).toContain(`| \`${idOf(1, 1, [['__name__', 'up']])}\` |`)
  expect(text).toContain(
    `| \`${idOf(1, 1, [
      ['__name__', 'up'],
      ['job', 'node'],
    ])}\` |`,
  )
  expect(text).toContain(
    `| \`${idOf(1, 2, [
      ['__name__', 'up'],
      ['job', 'node'],
    ])}\` |`,
  )
  expect(text).toContain(`| \`${metricHashOf('up')}\` |`)
})

test('cuts between names and values cannot be shifted', () => {
  expect(idOf(1, 1, [['a', 'bc']])).not.toBe(idOf(1, 1, [['ab', 'c']]))
})

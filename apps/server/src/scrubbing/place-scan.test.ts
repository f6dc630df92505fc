/** The kernel that names texts worth a look passes none by in which the finder finds something, and few others are named. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TextColumn, windowBytes } from '../signals/index.ts'
import { Finds } from './finds.ts'
import { secretNameEndings } from './names.ts'
import { PlaceScan } from './place-scan.ts'
import { tokenPrefixes } from './shapes.ts'
import { TextFinder } from './text-finder.ts'

const encoder = new TextEncoder()
const scan = new PlaceScan()
const finder = new TextFinder({ secrets: true, cards: true, emails: true })

function columnOf(texts: readonly string[]): TextColumn {
  const column = new TextColumn()
  for (const text of texts) column.push(encoder.encode(text))
  return column
}

function suspectsOf(texts: readonly string[]): number[] {
  scan.suspects(columnOf(texts))
  return [...scan.rows.subarray(0, scan.count)]
}

/** Rows in which the finder finds something. */
function foundIn(texts: readonly string[]): number[] {
  const column = columnOf(texts)
  const finds = new Finds()
  return texts.flatMap((_text, row) => {
    finds.clear()
    finder.find(column.data.bytes, column.start(row), column.end(row), finds)
    return finds.count === 0 ? [] : [row]
  })
}

const card = '4111 1111 1111 1111'
/** What finds are made of, and what stands around them. */
const signs = ['=', ': ', ':', '"', "'", '\\', ' ', '  ', '-', '--', '_', '.', '@', '//', '\n']
const around = [
  'A',
  'é',
  '0',
  '7',
  '42',
  'x',
  'Xy',
  'DB_',
  'api-',
  'my.',
  'abcdefghij',
  'a1B2c3D4e5F6',
  'bob',
  '.com',
  'example.org',
  'http://',
]
const begun = [
  'Bearer ',
  'bearer ',
  'AKIA',
  'ASIA',
  'AIza',
  'ABCDEFGHIJKLMNOP',
  `ey${'J'}`,
  `ey${'J'}hbGciOi`,
  '-----BEGIN ',
  'PRIVATE KEY-----',
]
const numbers = [card, card.replaceAll(' ', ''), card.replaceAll(' ', '-'), '378282246310005']
const pieces = [...secretNameEndings, ...tokenPrefixes.map((prefix) => prefix.text), ...signs, ...around, ...begun, ...numbers]
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))

describe('texts worth a look', () => {
  test('none is passed by in which something is found, wherever it lies', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
        const suspects = new Set(suspectsOf(texts))
        expect(foundIn(texts).filter((row) => !suspects.has(row))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ...secretNameEndings.flatMap((name) => [`${name}=a1b2c3d4`, `"my_${name.toUpperCase()}" : "a1b2c3d4"`]),
    ...tokenPrefixes.map(({ text: prefix, restMin }) => `key ${prefix}${'aB3_'.repeat(8).slice(0, restMin)}`),
    `p${'_'.repeat(100)}assword=a1b2c3d4`,
    card,
    [...card.replaceAll(' ', '')].join(' '),
  ])('%s is, at any place of a column', (secret) => {
    expect(foundIn([secret])).toEqual([0])
    for (let before = 0; before <= 33; before++) expect(suspectsOf(['x'.repeat(before), secret, 'plain'])).toEqual([1])
  })

  test('a number of a card behind texts that end in digits, and lengths that are digits themselves', () => {
    const texts = ['12345 6789', card, '1'.repeat(0x30), card, ' '.repeat(0x20), `1 ${card}`]
    expect(suspectsOf(texts)).toEqual(expect.arrayContaining(foundIn(texts)))
    expect(foundIn(texts)).toContain(3)
  })

  test('more texts than the window holds, and one that alone is too long', () => {
    const texts = Array.from({ length: 9000 }, (_, row) =>
      row % 1000 === 999 ? `row ${row} password=hunter2` : `row ${row} ${'plain '.repeat(row % 20)}`,
    )
    texts.splice(4500, 0, 'long '.repeat(windowBytes / 4))
    expect(suspectsOf(texts)).toEqual([...foundIn(texts), 4500].sort((a, b) => a - b))
    expect(foundIn(texts)).toHaveLength(9)
  })

  test('ordinary lines are not', () => {
    const lines = [
      'GET /api/v1/items/42?page=3&size=20 took 12.5 ms, status: 200',
      '2026-11-22T01:02:03.456Z connection: keep-alive; duration=17 user_id=1234567 request-id=550e8400-e29b-41d4-a7fe-4466554b00af',
      'payment authorized, balance: 12.50, error: none; service_name=task-runner pod web-6f7c9d-x2k4p',
      'took 15 ms from 10.0.0.1:8080 to 192.168.100.200:5432, 1700000000 to 1700000010',
      '',
    ]
    expect(suspectsOf([...lines, ...lines])).toEqual([])
  })
})

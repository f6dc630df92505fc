import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TextColumn, windowBytes } from '../../../signals/index.ts'
import { patternBytesMax, patternsPerProjectMax, shapesPerProjectMax } from './limits.ts'
import { PatternBook, type Pattern } from './pattern-book.ts'
import { ShapeKernel } from './shape-kernel.ts'
import { templateTokens } from './template.ts'

const encoder = new TextEncoder()

const kernel = new ShapeKernel()

/** Low and high half of each text's shape, all texts in one column. */
function halvesOf(texts: readonly Uint8Array[]): { low: number; high: number }[] {
  const column = new TextColumn()
  for (const text of texts) column.push(text)
  const found: { low: number; high: number }[] = []
  for (let first = 0; first < texts.length;) {
    const last = kernel.read(column, first)
    for (let i = 0; i < last - first; i++) found.push({ low: kernel.low(i), high: kernel.high(i) })
    first = last
  }
  return found
}

function shapesOf(texts: readonly string[]): string[] {
  return halvesOf(texts.map((text) => encoder.encode(text))).map(({ low, high }) => `${low}/${high}`)
}

function shapeOf(text: string): string {
  return shapesOf([text])[0]!
}

function addBytes(book: PatternBook, bytes: Uint8Array, atSec: number, nowSec: number): Pattern | null {
  const shape = halvesOf([bytes])[0]!
  return book.match(shape.low, shape.high, atSec) ?? (book.takesNew(nowSec) ? book.learn(bytes, shape, atSec) : null)
}

function add(book: PatternBook, text: string, atSec = 100): Pattern | null {
  return addBytes(book, encoder.encode(text), atSec, 1)
}

function masks(text: string, want: string): void {
  test(`${JSON.stringify(text)} is ${want}`, () => {
    expect(templateTokens(text).join(' ')).toBe(want)
  })
}

describe('what changes is named', () => {
  masks('took 15 ms', 'took <num> ms')
  masks('took 1.5ms, 3s and 2m', 'took <duration>, <duration> and <duration>')
  masks('from 10.0.0.1 to 10.0.0.2:8080', 'from <ip> to <ip>:<num>')
  masks('user=12 id=550e8400-e29b-41d4-a716-446655440000', 'user=<num> id=<uuid>')
  masks('at 2026-01-31T10:00:00.123Z done', 'at <time> done')
  masks('commit deadbeef01 by a1b2c3d4e5', 'commit <hex> by <hex>')
  masks('GET /api/v1/users/77?x=1', 'GET /api/v1/users/<num>?x=<num>')
  masks('node-12 pod web-6f7c9d-x2k4p ready', 'node-<num> pod web-<id> ready')
  masks('  first line\nsecond 2', 'first line')
  masks('ошибка 12 в модуле', 'ошибка <num> в модуле')
  masks('', '')
})

describe('shapes', () => {
  const same: readonly (readonly [string, string])[] = [
    ['took 5 ms', 'took 12345 ms'],
    ['took 5 ms', 'took 1.25 ms'],
    ['from 10.0.0.1', 'from 192.168.100.200'],
    ['id 550e8400-e29b-41d4-a716-446655440000', 'id 11112222-abcd-4abc-8eef-0123456789ab'],
    ['at 2026-01-31T10:00:00Z x', 'at 2025-12-01T09:08:07.654Z x'],
    ['one\nat foo.js:1', 'one\nat bar.js:2'],
  ]
  for (const [a, b] of same) test(`${JSON.stringify(a)} is like ${JSON.stringify(b)}`, () => expect(shapeOf(a)).toBe(shapeOf(b)))
  const different: readonly (readonly [string, string])[] = [
    ['took 5 ms', 'took 5 s'],
    ['a b', 'b a'],
    ['/api/v1/x', '/api/v2/x'],
    ['a 1', 'a -'],
    ['', ' x'],
  ]
  for (const [a, b] of different) test(`${a} is not like ${b}`, () => expect(shapeOf(a)).not.toBe(shapeOf(b)))

  /** The rule in plain words: what a shape is the hash of. */
  function maskedText(text: string): string {
    const whole = Buffer.from(text)
      .toString('latin1')
      .replace(/^[\0- ]+/, '')
    const line = whole.slice(0, patternBytesMax).split('\n')[0] ?? ''
    let made = ''
    let from = 0
    let maskedEnd = -1
    for (const { 0: run, index } of line.matchAll(/[A-Za-z0-9_\x80-\xff]+/g)) {
      const isJoined = index === maskedEnd + 1 && /[.:,+-]/.test(line[maskedEnd] ?? '')
      const isName = !isJoined && /^\D{1,4}\d$/.test(run)
      const isHexPart = isJoined && line[maskedEnd] === '-' && /^[a-f]{4,}$/i.test(run)
      if ((!/\d/.test(run) || isName) && !isHexPart) continue
      if (!isJoined) made += `${line.slice(from, index)}\0`
      from = maskedEnd = index + run.length
    }
    return made + line.slice(from)
  }

  const words = ['a', 'be', 'took', 'é', '_', '1', '22', '303', 'v1', 'utf8', 'a1b2', 'dead', 'beefed', '7f']
  const signs = [' ', '  ', '.', ':', ',', '-', '+', '/', '=', '\n', '\t']
  const piece = fc.constantFrom(...words, ...signs, 'x'.repeat(61), '9'.repeat(64), 'ab-'.repeat(40), ' '.repeat(130))
  const message = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(''))

  test('are the same where the text with its changing parts taken out is, and only there', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 20, maxLength: 40 }), (texts) => {
        const shapes = shapesOf(texts)
        const byMasked = new Map(texts.map((text, i) => [maskedText(text), shapes[i]!]))
        expect(texts.map((text) => byMasked.get(maskedText(text)))).toEqual(shapes)
        expect(new Set(shapes).size).toBe(byMasked.size)
      }),
      { numRuns: 150 },
    )
  })

  test('of more texts than are read at once, and of one that alone is longer than the window', () => {
    const texts = Array.from({ length: 10_000 }, (_, i) => `${'word '.repeat(i % 30)}took ${i} ms`)
    const long = `  \n user 12 ${'and more '.repeat(windowBytes / 8)}`
    texts.splice(5000, 0, long)
    const shapes = shapesOf(texts)
    expect(new Set(shapes).size).toBe(31)
    expect(shapes[5000]).toBe(shapeOf(long.slice(0, 1000)))
  })

  test('do not depend on what numbers say', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z]{2,6}$/), fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 }), (parts) => {
        const first = parts.map(([word, a]) => `${word} ${a + 10}`).join(' ')
        const second = parts.map(([word, , b]) => `${word} ${b + 10}`).join(' ')
        expect(shapeOf(first)).toBe(shapeOf(second))
      }),
    )
  })
})

describe('patterns', () => {
  test('one message with different numbers is one pattern', () => {
    const book = new PatternBook()
    for (let i = 0; i < 1000; i++) add(book, `request ${i} took ${i * 7} ms from 10.0.${i % 256}.${i % 7}`)
    expect(book.size).toBe(1)
    expect(add(book, 'request 5 took 6 ms from 1.2.3.4')?.template).toBe('request <num> took <num> ms from <ip>')
  })

  test('words that differ become <*>, different messages stay apart', () => {
    const book = new PatternBook()
    for (const name of ['alice', 'bob', 'carol']) add(book, `user ${name} logged in from 10.0.0.1`)
    add(book, 'connection to database lost')
    add(book, 'user service stopped')
    const ids = new Set(['alice', 'dave'].map((name) => add(book, `user ${name} logged in from 10.0.0.9`)?.id))
    expect(ids.size).toBe(1)
    expect(book.find([...ids][0] ?? '')?.template).toBe('user <*> logged in from <ip>')
    expect(book.size).toBe(3)
  })

  test('names in front of the same words become one pattern when there are many', () => {
    const book = new PatternBook()
    for (let i = 0; i < 100; i++) add(book, `${'abcdefghij'[i % 10]}${'klmnopqrst'[Math.floor(i / 10)]}x joined the room`)
    expect(book.size).toBeLessThan(12)
    expect(add(book, 'zed joined the room')?.template).toBe('<*> joined the room')
    expect(add(new PatternBook(), 'Started worker pool')?.id).not.toBe(add(new PatternBook(), 'Stopped worker pool')?.id)
  })

  test('an id is the same in another run', () => {
    const first = new PatternBook()
    add(first, 'user alice logged in')
    const learned = add(first, 'user bob logged in')
    const second = new PatternBook()
    expect(add(second, 'user alice logged in')?.id).toBe(learned?.id)
  })

  test('times are kept as they come', () => {
    const book = new PatternBook()
    add(book, 'hello there', 500)
    add(book, 'hello there', 900)
    const pattern = add(book, 'hello there', 100)
    expect([pattern?.firstSec, pattern?.lastSec]).toEqual([100, 900])
  })

  test('memory is bounded, and what is new has a pattern', () => {
    const book = new PatternBook()
    const letters = (i: number): string => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('')
    for (let i = 0; i < 3 * patternsPerProjectMax; i++) {
      const bytes = encoder.encode(`${letters(i)} ${letters(i)}x ${letters(i)}y`)
      expect(addBytes(book, bytes, i, i)).not.toBeNull()
    }
    expect(book.size).toBeLessThanOrEqual(patternsPerProjectMax)
    for (let i = 0; i < shapesPerProjectMax + 100; i++) {
      const bytes = encoder.encode(`same ${letters(i)} words here`)
      addBytes(book, bytes, i, i)
    }
    expect(book.shapes).toBeLessThanOrEqual(shapesPerProjectMax)
  })

  test('too many new shapes in a second have none, and are counted; free text sooner than names', () => {
    const letters = (i: number): string => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('')
    const soup = new PatternBook()
    for (let i = 0; i < 6000; i++) add(soup, `${letters(i)} ${letters(i * 7)} ${letters(i * 13)}`)
    expect(soup.skipped).toBeGreaterThan(4000)
    const names = new PatternBook()
    for (let i = 0; i < 6000; i++) add(names, `user ${letters(i)} has logged in`)
    expect(names.size).toBe(1)
    expect(names.skipped).toBeGreaterThanOrEqual(1000)
    expect(names.skipped).toBeLessThan(1200)
  })

  test('any bytes are taken', () => {
    const book = new PatternBook()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(() => addBytes(book, bytes, 1, 1)).not.toThrow()
      }),
    )
  })
})

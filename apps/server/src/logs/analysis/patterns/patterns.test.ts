import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patternsPerProjectMax, shapesPerProjectMax } from './limits.ts'
import { shape, shapeKernel } from './mask-kernel.ts'
import { PatternBook } from './pattern-book.ts'
import { templateTokens } from './template.ts'

const encoder = new TextEncoder()

function shapeOf(text: string): string {
  const bytes = encoder.encode(`##${text}##`)
  shapeKernel(bytes, 2, bytes.length - 2)
  return `${shape.low}/${shape.high}`
}

function add(book: PatternBook, text: string, atSec = 100): ReturnType<PatternBook['match']> {
  const bytes = encoder.encode(text)
  return book.match(bytes, 0, bytes.length, atSec, 1)
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
      expect(book.match(bytes, 0, bytes.length, i, i)).not.toBeNull()
    }
    expect(book.size).toBeLessThanOrEqual(patternsPerProjectMax)
    for (let i = 0; i < shapesPerProjectMax + 100; i++) {
      const bytes = encoder.encode(`same ${letters(i)} words here`)
      book.match(bytes, 0, bytes.length, i, i)
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
        expect(() => book.match(bytes, 0, bytes.length, 1, 1)).not.toThrow()
      }),
    )
  })
})

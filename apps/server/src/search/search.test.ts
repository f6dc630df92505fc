import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { searchArbitrary, searchFields } from './testing/search-cases.ts'
import { checkSearch, compileSearch } from './compile.ts'
import { matchedLengthMax } from './limits.ts'
import { TooMuchWork } from './match-work.ts'
import type { RowView } from './ports.ts'

const fields = searchFields(true)
const options = { nowMs: Date.UTC(2026, 0, 1) }

/** The plain form of a search. */
function reads(text: string, want: string): void {
  test(`${text} is ${want}`, () => {
    expect(checkSearch(text, fields, options)).toEqual({ problem: null, canonical: want })
  })
}

function sql(text: string, want: string): void {
  test(`${text} asks ${want}`, () => {
    expect(compileSearch(text, fields, options).sql()).toBe(want)
  })
}

/** `marked` is what the place of the problem covers. */
function wrong(text: string, marked: string, message: RegExp): void {
  test(`${text} is wrong at ${marked}`, () => {
    const { problem } = checkSearch(text, fields, options)
    expect(problem).not.toBeNull()
    expect(text.slice(problem?.from, problem?.to)).toBe(marked)
    expect(`${problem?.message} ${problem?.hint ?? ''}`).toMatch(message)
  })
}

describe('a date alone is all of its day', () => {
  const from = `toInt64(${Date.UTC(2026, 0, 30)}000000)`
  const to = `toInt64(${Date.UTC(2026, 0, 31)}000000)`
  sql('timestamp:2026-01-30', `(ts >= ${from} AND ts < ${to})`)
  sql('timestamp:>2026-01-30', `ts >= ${to}`)
  sql('timestamp:>=2026-01-30', `ts >= ${from}`)
  sql('timestamp:<2026-01-30', `ts < ${from}`)
  sql('timestamp:<=2026-01-30', `ts < ${to}`)
  sql('timestamp:2026-01-30..2026-01-30', `(ts >= ${from} AND ts < ${to})`)
  sql('timestamp:{2026-01-30 TO *}', `ts >= ${to}`)
  sql('timestamp:2026-01-30T00:00:00Z', `ts = ${from}`)
})

describe('what is written', () => {
  reads('', '')
  reads('  timeout  ', 'timeout')
  reads('a AND b OR c && d || e', '(a b) OR (c d) OR e')
  reads('NOT a -b !c', 'NOT a NOT b NOT c')
  reads('-(a OR b)', 'NOT (a OR b)')
  reads('and or not', 'and or not')
  reads('"AND"', '"AND"')
  reads("'it is'", '"it is"')
  reads('`a "b"`', '"a \\"b\\""')
  reads("can't", `"can't"`)
  reads('user=12', 'user:=12')
  reads('http://host/a?b=c', '"http://host/a?b=c"')
  reads('/api/v1/users', '"/api/v1/users"')
  reads('/api v1/', '/api v1/')
  reads('/a\\/b/i', '/a\\/b/i')
  reads('foo(bar)', '"foo(bar)"')
  reads('a - b', 'a "-" b')
  reads('12:30:45', '"12:30:45"')
  reads('a\\*b', '"a*b"')
  reads('duration > 100ms', 'duration:>100ms')
  reads('a <b', 'a "<b"')
  reads('service:(api OR "b c") x', '(service:api OR service:"b c") x')
  reads('service:(api -web)', 'service:api NOT service:web')
  reads('"strange key":1', '"strange key":1')
  reads('has:(a OR b)', 'has:a OR has:b')
  reads('size:[ 1  TO  5 }', 'size:[1 TO 5}')
  reads('*:boom', '*:boom')
  reads('* OR a', '* OR a')
})

describe('what the engine is asked', () => {
  sql('', '1')
  sql('Timeout', "hasAllTokens(lowerUTF8(body), ['timeout'])")
  sql('"Connection refused!"', "hasPhrase(lowerUTF8(body), 'connection refused')")
  sql('*onn*', "position(lowerUTF8(body), 'onn') > 0")
  sql('*user:1\\ 2\\ x*', "(hasAllTokens(lowerUTF8(body), ['1', '2']) AND position(lowerUTF8(body), 'user:1 2 x') > 0)")
  sql('/took \\d+ms at (a|b)/', "(hasAllTokens(lowerUTF8(body), ['at']) AND match(body, 'took \\\\d+ms at (a|b)'))")
  sql("service:it's", "service = 'it\\'s'")
  sql('service:a_%*', "service LIKE 'a\\\\_\\\\%%'")
  sql('level:>=warn', 'severity >= 13')
  sql('level:<warn', '(severity != 0 AND severity < 13)')
  sql('status:>=500', 'http_status >= 500')
  sql('duration:1.5ms..2s', '(duration >= 1500000 AND duration <= 2000000000)')
  sql('@size:>10k', "ifNull(toFloat64OrNull(attributes['size']) > 10000, 0)")
  sql('@took_ms:>2s', "ifNull(toFloat64OrNull(attributes['took_ms']) > 2000, 0)")
  sql('@a:""', "(mapContains(attributes, 'a') AND attributes['a'] = '')")
  sql('pattern:00000000000000ff', 'pattern = toUInt64(255)')
  sql(
    'trace:4bf9*',
    "(trace_id >= toFixedString(unhex('4bf9" +
      '0'.repeat(28) +
      "'), 16) AND trace_id <= toFixedString(unhex('4bf9" +
      'f'.repeat(28) +
      "'), 16))",
  )
})

describe('what is wrong, and where', () => {
  wrong('a OR', 'OR', /nothing on one side/)
  wrong('AND a', 'AN', /nothing on one side/)
  wrong('(a', '(', /not closed/)
  wrong('a)', ')', /closes nothing.*quotes/)
  wrong('()', '()', /nothing between/)
  wrong('"open', '"open', /has no end/)
  wrong('error: refused', 'error:', /Nothing follows.*quotes/)
  wrong('level:eror', 'eror', /no severity.*Did you mean error/)
  wrong('duration:>5', '5', /not a duration.*5ms or 5s/)
  wrong('status:abc', 'abc', /not a number/)
  wrong('trace:xyz', 'xyz', /32 hexadecimal digits/)
  wrong('took:>5ms', '5ms', /unit of “took” is not known/)
  wrong('body:>5', 'body:>5', /is a text/)
  wrong('x:>abc', 'abc', /not a number/)
  wrong('service:/(/', 'service:/(/', /regular expression/)
  wrong('/a(?=b)/', '/a(?=b)/', /RE2/)
  wrong('('.repeat(60), '(', /deeper than 50/)
  wrong(Array.from({ length: 251 }, (_, i) => `w${i}`).join(' '), 'w250', /more than 250/)
})

test('a search is refused by its length before anything else', () => {
  expect(checkSearch('('.repeat(10_001), fields, options).problem?.message).toMatch(/longer than 10000/)
})

test('the plain form means the same and is plain', () => {
  fc.assert(
    fc.property(searchArbitrary, (text) => {
      const first = compileSearch(text, fields, options)
      const again = compileSearch(first.canonical, fields, options)
      expect(again.canonical).toBe(first.canonical)
      expect(again.sql()).toBe(first.sql())
    }),
    { numRuns: 500 },
  )
})

test('any text is read or refused with a place in it', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'ab(")\':=<>*!-/\\[]{} .@0~OR|&', ' OR ', ' AND ', 'NOT ', '[1 TO 2]', 'has:', 'é', '\n'),
    maxLength: 40,
  })
  fc.assert(
    fc.property(text, (written) => {
      const { problem, canonical } = checkSearch(written, fields, options)
      if (problem === null) expect(checkSearch(canonical ?? '', fields, options).canonical).toBe(canonical)
      else {
        expect(problem.from).toBeGreaterThanOrEqual(0)
        expect(problem.to).toBeGreaterThan(problem.from)
      }
    }),
    { numRuns: 2000 },
  )
})

describe('regular expressions of users', () => {
  const rowOf = (body: string): RowView => ({
    text: () => body,
    number: () => 0,
    attribute: () => null,
    someAttribute: () => false,
    resourceAttribute: () => null,
  })

  test('one that makes backtracking engines explode is answered in linear time', () => {
    const matches = compileSearch('/(a+)+$/', fields, options).matcher()
    expect(matches(rowOf(`${'a'.repeat(50_000)}b`))).toBe(false)
    expect(matches(rowOf(`b${'a'.repeat(50_000)}`))).toBe(true)
  })

  test('one that is too large is refused; one that is too much for a text says so and harms no other', () => {
    // What RE2 refuses is refused before the engine is asked.
    for (const pattern of ['((a{1000}){1000})', '(a{90}){90}', '((a{20}){20}){20}', '\\pL{1000}', '(\\pL{30}){30}'])
      expect(checkSearch(`/${pattern}/`, fields, options).problem?.message).toMatch(/too large/)
    for (const pattern of ['(a{30}){30}', '(a{500}){2}', '[^a]{1000}', '\\pL{200}', '(?:a+)+', '(a*)*'])
      expect(checkSearch(`/${pattern}/`, fields, options).problem).toBeNull()
    const matches = compileSearch('/(x|\\bx?){150}y/', fields, options).matcher()
    expect(() => matches(rowOf('x '.repeat(30_000)))).toThrow(TooMuchWork)
    const negated = compileSearch('NOT /(x|\\bx?){150}y/', fields, options).matcher()
    expect(() => negated(rowOf('x '.repeat(30_000)))).toThrow(TooMuchWork)
    expect(matches(rowOf('xy'))).toBe(true)
  })

  test('a text is looked at up to its bound', () => {
    const matches = compileSearch('/needle/', fields, options).matcher()
    expect(matches(rowOf(`${' '.repeat(matchedLengthMax - 6)}needle`))).toBe(true)
    expect(matches(rowOf(`${' '.repeat(matchedLengthMax)}needle`))).toBe(false)
  })
})

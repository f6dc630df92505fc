import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processorMs } from '../../../kernel/testing/processor-time.ts'
import { compilePattern } from './pattern.ts'

function check(pattern: string, text: string, want: boolean): void {
  test(`${pattern} ${want ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
    expect(compilePattern(pattern).matches(text)).toBe(want)
  })
}

describe('RE2 syntax, anchored', () => {
  check('', '', true)
  check('', 'a', false)
  check('a', 'ab', false)
  check('a.*', 'a\nb', true)
  check('(?-s)a.*', 'a\nb', false)
  check('a|b|cd', 'cd', true)
  check('^a$', 'a', true)
  check('^(?:a|b)c$', 'bc', true)
  check('a{2,3}', 'aaa', true)
  check('a{2,3}', 'aaaa', false)
  check('a{2,}', 'aaaaa', true)
  check('a{,3}', 'a{,3}', true)
  check('(?i)abc', 'aBC', true)
  check('(?i:ab)c', 'ABC', false)
  check('x(?i)y', 'xY', true)
  check('[^a-c]+', 'xyz', true)
  check('[]a]+', ']a', true)
  check('[a\\-z]+', 'a-z', true)
  check('[a-]+', 'a-', true)
  check('[[:alpha:]_]+', 'ab_', true)
  check('[[:^alpha:]]+', '12', true)
  check('\\d+\\.\\d+', '10.5', true)
  check('\\D+', '10', false)
  check('\\bfoo\\b.*', 'foo bar', true)
  check('.*\\Bo', 'foo', true)
  check('\\Qa.b\\E.*', 'a.bc', true)
  check('\\Qa.b\\E', 'axb', false)
  check('\\x41\\x{1F600}', 'A😀', true)
  check('.', '😀', true)
  check('\\pL+', 'äb', true)
  check('\\p{Greek}+', 'αβγ', true)
  check('\\P{Greek}+', 'αβγ', false)
  check('(?P<n>a+)b', 'aab', true)
  check('a*?b', 'aab', true)
  check('\\/api\\/v1', '/api/v1', true)
  check('(?m)a$\n^b', 'a\nb', true)
  check('(a*)*b', 'aaab', true)
  check('()*x', 'x', true)
})

describe('refusals', () => {
  for (const pattern of [
    '(',
    ')',
    'a)',
    '[a',
    '*a',
    'a**',
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?<!a)',
    '(a)\\1',
    '\\y',
    'a{2,1}',
    'a{1001}',
    '[z-a]',
    '\\',
    '\\x{110000}',
  ]) {
    test(`${pattern} is refused`, () => {
      expect(() => compilePattern(pattern)).toThrow(/metrics\.bad_regexp/)
    })
  }
  test('too long, too large, too deep', () => {
    expect(() => compilePattern('a'.repeat(10_001))).toThrow(/longer/)
    expect(() => compilePattern('(.{1000}){1000}')).toThrow(/too large/)
    expect(() => compilePattern('('.repeat(500) + ')'.repeat(500))).toThrow(/deeply/)
  })
})

test('patterns that explode in a backtracking engine take linear time', () => {
  const startMs = processorMs()
  const text = 'a'.repeat(16_000)
  expect(compilePattern('(a+)+b').matches(text)).toBe(false)
  expect(compilePattern('(a|aa|a.)*[bc]').matches(text)).toBe(false)
  expect(compilePattern('(.*)*(.*)*(.*)*x').matches(text)).toBe(false)
  expect(processorMs() - startMs).toBeLessThan(2_000)
})

test('a pattern that needs too many steps is refused instead of stalling', () => {
  const pattern = compilePattern('.*(.{0,400}x.{0,400}y){4}.*z')
  expect(() => {
    for (let i = 0; i < 1_000; i++) pattern.matches(`xä${'xyä'.repeat(3_000)}`)
  }).toThrow(/too long/)
})

describe('literals', () => {
  test('of alternations and small classes', () => {
    expect(compilePattern('a|b').literals).toEqual(['a', 'b'])
    expect([...(compilePattern('a(b|c)?[12]').literals ?? [])].sort()).toEqual(['a1', 'a2', 'ab1', 'ab2', 'ac1', 'ac2'])
    expect(compilePattern('a.*').literals).toBeNull()
    expect(compilePattern('').literals).toEqual([''])
  })
})

/** Patterns of a shared subset, so that JavaScript's engine can be the judge. */
const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(?:a|bc)', '(?:ab)', '\\d', '\\w')
const pattern = fc
  .array(fc.tuple(piece, fc.constantFrom('', '*', '+', '?', '{1,2}', '{2}')), { maxLength: 6 })
  .map((parts) => parts.map((part) => part.join('')).join(''))
const alternation = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|'))

test('agrees with JavaScript on the syntax both have', () => {
  fc.assert(
    fc.property(
      alternation,
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '\n', 'ä'), maxLength: 8 }), { maxLength: 10 }),
      (source, texts) => {
        const judge = new RegExp(`^(?:${source})$`, 'su')
        const ours = compilePattern(source)
        for (const text of texts) expect(ours.matches(text)).toBe(judge.test(text))
      },
    ),
    { numRuns: 300 },
  )
})

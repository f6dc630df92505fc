import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAppError } from '../../kernel/errors.ts'
import { tokenize } from './lexer.ts'

describe('tokenize', () => {
  const check = (text: string, want: string): void => {
    test(`${text}`, () => {
      const tokens = tokenize(text)
      expect(tokens.map((token) => `${token.kind}:${token.text}`).join(' ')).toBe(`${want}${want === '' ? '' : ' '}end:`)
      for (const token of tokens) expect(text.slice(token.start, token.end)).toBe(token.text)
    })
  }
  check('', '')
  check('  # only a comment', '')
  check('foo', 'word:foo')
  check('job:foo:rate5m', 'word:job:foo:rate5m')
  check('foo[5m:1m]', 'word:foo symbol:[ duration:5m symbol:: duration:1m symbol:]')
  check('foo[5m:]', 'word:foo symbol:[ duration:5m symbol:: symbol:]')
  check('1h30m', 'duration:1h30m')
  check('5ms', 'duration:5ms')
  check('0x1F', 'number:0x1F')
  check('1_000.5e-3', 'number:1_000.5e-3')
  check('.5', 'number:.5')
  check('2.', 'number:2.')
  check('a>=b!~c', 'word:a symbol:>= word:b symbol:!~ word:c')
  check('{a="x",b=~\'y\'}', 'symbol:{ word:a symbol:= string:"x" symbol:, word:b symbol:=~ string:\'y\' symbol:}')
  check('"a\\"b" `c\\d`', 'string:"a\\"b" string:`c\\d`')
  check('a # rest\nb', 'word:a word:b')
  check('h </ 2 >/ 1', 'word:h symbol:</ number:2 symbol:>/ number:1')
  check('foo@-1', 'word:foo symbol:@ symbol:- number:1')
})

describe('tokenize refuses', () => {
  const refuse = (text: string, message: string): void => {
    test(`${text}`, () => {
      expect(() => tokenize(text)).toThrow(message)
    })
  }
  refuse('"open', '1:1: parse error: unterminated quoted string')
  refuse('a +\n `open', '2:2: parse error: unterminated raw string')
  refuse('a & b', "1:3: parse error: unexpected character: '&'")
  refuse('{a & b}', "1:4: parse error: unexpected character inside braces: '&'")
  refuse('a}', "1:2: parse error: unexpected character: '}'")
  refuse('5z', '1:1: parse error: bad number or duration syntax: "5z"')
  refuse('0x', '1:1: parse error: bad number or duration syntax: "0x"')
})

test('any text gives tokens or a parse error, never another failure', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      try {
        tokenize(text)
      } catch (error) {
        expect(isAppError(error, 'promql.parse')).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

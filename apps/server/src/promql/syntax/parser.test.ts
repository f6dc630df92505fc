import { describe, expect, test } from 'vitest'
import { parseQuery } from './ast-json.ts'
import { parseExpression } from './checker.ts'
import { formatQuery, printExpr } from './printer.ts'
import { compileAnchored } from './re2.ts'
import { parseSelector, selectorsOf } from './selectors.ts'

describe('queries and their canonical text', () => {
  const check = (text: string, want = text): void => {
    test(`${text}`, () => {
      expect(printExpr(parseExpression(text))).toBe(want)
    })
  }
  check('1')
  check('-1')
  check('1h30m')
  check('0x10', '16')
  check('inf', '+Inf')
  check('"a\\"b"')
  check('foo')
  check('sum', 'sum')
  check('by{on="x"}')
  check("foo { bar = 'x' , baz !~ `y+` , }", 'foo{bar="x",baz!~"y+"}')
  check('{"a.b", "c d"="e"}', '{"a.b","c d"="e"}')
  check('{"foo"}', 'foo')
  check('{__name__=~"a.*"}')
  check('foo offset 5m')
  check('foo offset -5m @ 12', 'foo @ 12.000 offset -5m')
  check('foo @ start()')
  check('foo[5m] @ end() offset 1h')
  check('foo[600]', 'foo[10m]')
  check('rate(foo[5m])[1h:1m] offset 2d')
  check('(foo + 1)[1h:]')
  check('foo[5m * 2]', 'foo[5m * 2s]')
  check('foo[step() + 1m]')
  check('a + b * c ^ d ^ e')
  check('-a ^ 2')
  check('(a or b) and c unless d')
  check('a == bool 1')
  check('a * on (x, y) group_left (z) b')
  check('a / ignoring (x) group_right () b')
  check('a + on () b')
  check('a atan2 b')
  check('SUM BY (x) (foo)', 'sum by (x) (foo)')
  check('sum(foo) without (x)', 'sum without (x) (foo)')
  check('topk(5, foo)')
  check('count_values by ("a.b") ("v", foo)')
  check('label_join(foo, "a", "-")')
  check('histogram_quantiles(foo, "q", 0.5, 0.9)')
  check('start() + end()')
  check('h </ 0.5')
  check('a + fill(0) b', 'a + fill (0) b')
})

describe('wrong queries', () => {
  const refuse = (text: string, message: string): void => {
    test(`${text}`, () => {
      expect(() => parseExpression(text)).toThrow(message)
    })
  }
  refuse('', '1:1: parse error: no expression found in input')
  refuse('foo{', '1:5: parse error: unexpected end of input in label matching, expected identifier or "}"')
  refuse('foo{a}', '1:6: parse error: unexpected "}" in label matching, expected label matching operator')
  refuse('foo{a=b}', '1:7: parse error: unexpected identifier "b" in label matching, expected string')
  refuse('foo{a=~"("}', 'parse error: error parsing regexp')
  refuse('{}', '1:1: parse error: vector selector must contain at least one non-empty matcher')
  refuse('{a=~".*"}', 'must contain at least one non-empty matcher')
  refuse('foo{__name__="bar"}', 'metric name must not be set twice: "foo" or "bar"')
  refuse('foo bar', '1:5: parse error: unexpected identifier "bar"')
  refuse('1 +', '1:4: parse error: unexpected end of input')
  refuse('sum(foo', '1:8: parse error: unexpected end of input in function call')
  refuse('nope(foo)', '1:1: parse error: unknown function with name "nope"')
  refuse('rate(foo)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector')
  refuse('rate(foo[5m], 1)', 'expected 1 argument(s) in call to "rate", got 2')
  refuse('round()', 'expected at least 1 argument(s) in call to "round", got 0')
  refuse('round(a, 1, 2)', 'expected at most 2 argument(s) in call to "round", got 3')
  refuse('abs(a,)', 'trailing commas not allowed in function call args')
  refuse('topk(foo)', 'wrong number of arguments for aggregate expression provided, expected 2, got 1')
  refuse('sum()', 'no arguments for aggregate expression provided')
  refuse('sum(1)', 'expected type instant vector in aggregation expression, got scalar')
  refuse('1 == 1', 'comparisons between scalars must use BOOL modifier')
  refuse('1 + bool 1', 'bool modifier can only be used on comparison operators')
  refuse('foo and 1', 'set operator "and" not allowed in binary scalar expression')
  refuse('foo + "x"', 'binary expression must contain only scalar and instant vector types')
  refuse('foo + on(a) 1', 'vector matching only allowed between instant vectors')
  refuse('a and on(x) group_left b', 'no grouping allowed for "and" operation')
  refuse('a + on(x) group_left(x) b', 'label "x" must not occur in ON and GROUP clause at once')
  refuse('(foo) offset 1m', 'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  refuse('foo offset 1m offset 2m', 'offset may not be set multiple times')
  refuse('foo @ 1 @ 2', '@ <timestamp> may not be set multiple times')
  refuse('sum(foo)[5m]', 'ranges only allowed for vector selectors')
  refuse('foo[5m][1m:]', 'subquery is only allowed on instant vector, got range vector instead')
  refuse('-"x"', 'unary expression only allowed on expressions of type scalar or instant vector, got "string"')
  refuse('a\n+ ]', '2:3: parse error: unexpected "]"')
  refuse(`${'('.repeat(600)}1${')'.repeat(600)}`, 'nested deeper than')
  refuse(`${'1+'.repeat(600)}1`, 'more than 500 operators in a row')

  test('a chain of subqueries as long as a query may be', () => {
    expect(() => parseQuery(`x${'[5m:1m]'.repeat(100_000)}`)).toThrow(
      expect.objectContaining({ publicText: expect.stringContaining('subquery is only allowed on instant vector') }),
    )
  })
})

describe('anchored regular expressions in RE2 syntax', () => {
  const check = (pattern: string, text: string, want: boolean): void => {
    test(`${pattern} on ${text}`, () => {
      expect(compileAnchored(pattern).test(text)).toBe(want)
    })
  }
  check('a|b', 'a', true)
  check('a|b', 'ab', false)
  check('.*', 'x\ny', true)
  check('(?i)ab[c-e]', 'ABD', true)
  check('(?i:a)b', 'AB', false)
  check('x(?i)y|z', 'Z', false)
  check('(?P<n>a)\\z', 'a', true)
  check('\\d{2}\\-\\/', '12-/', true)
  check('a\\_b', 'a_b', true)
  check('(?i:a(?i:b(?i:c)))', 'AbC', true)

  test('folding of case within folding does not double the text each time', () => {
    const deep = `${'(?i:'.repeat(100)}a${')'.repeat(100)}`
    expect(compileAnchored(deep).source.length).toBeLessThan(1000)
    expect(compileAnchored(deep).test('A')).toBe(true)
  })
})

test('format_query splits what is longer than a line', () => {
  const query =
    'sum by (job) (rate(http_requests_total{job="api-server",group="production",instance="0"}[5m])) / on (job) count by (job) (up)'
  expect(formatQuery(query).split('\n')).toEqual([
    '  sum by (job) (rate(http_requests_total{group="production",instance="0",job="api-server"}[5m]))'.replace(
      'group="production",instance="0",job="api-server"',
      'job="api-server",group="production",instance="0"',
    ),
    '/ on (job)',
    '  count by (job) (up)',
  ])
  expect(formatQuery('foo   +bar')).toBe('foo + bar')
})

test('parse_query gives the tree as JSON', () => {
  expect(parseQuery('sum by (a) (rate(foo{b!="c"}[5m] offset 1m)) > bool 2')).toEqual({
    type: 'binaryExpr',
    op: '>',
    bool: true,
    matching: null,
    rhs: { type: 'numberLiteral', val: '2' },
    lhs: {
      type: 'aggregation',
      op: 'sum',
      grouping: ['a'],
      without: false,
      param: null,
      expr: {
        type: 'call',
        func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
        args: [
          {
            type: 'matrixSelector',
            name: 'foo',
            range: 300_000,
            offset: 60_000,
            timestamp: null,
            startOrEnd: null,
            matchers: [
              { name: 'b', value: 'c', type: '!=' },
              { name: '__name__', value: 'foo', type: '=' },
            ],
          },
        ],
      },
    },
  })
})

test('selectors are found and match[] is read', () => {
  expect(parseSelector('up{job=~"a|b"}')).toEqual([
    { name: 'job', op: '=~', value: 'a|b' },
    { name: '__name__', op: '=', value: 'up' },
  ])
  expect(() => parseSelector('up[5m]')).toThrow('parse error')
  expect(selectorsOf('rate(a[5m]) / on(x) b').map((matchers) => matchers[0]?.value)).toEqual(['a', 'b'])
})

/** Random PromQL that is valid by construction, for property tests. */
import fc from 'fast-check'
import { quote } from '../syntax/literals.ts'
import { signatures } from '../syntax/signatures.ts'

const taking = (type: string): string[] =>
  [...signatures.values()].filter((one) => one.args.length === 1 && one.args[0] === type && one.returns === 'vector').map((one) => one.name)
const rangeFunctions = taking('matrix')
const vectorFunctions = taking('vector')

const label = fc.constantFrom('job', 'instance', 'le', '"a.b"', 'by', 'sum')
const text = fc.string({ unit: 'grapheme', maxLength: 5 }).map(quote)
const duration = fc.constantFrom('5m', '1h30m', '90', '7d', '(1m + 30s)', '250ms')
const matcher = fc.tuple(label, fc.constantFrom('=', '!='), text).map((parts) => parts.join(''))
const shift = fc.constantFrom('', ' offset 5m', ' offset -1h', ' @ 1.5', ' @ start() offset 1m', ' @ end()')
const bareSelector = fc
  .tuple(fc.constantFrom('foo', 'a:b', 'sum', '{"x y"', 'up'), fc.array(matcher, { maxLength: 3 }))
  .map(([name, matchers]) => (name.startsWith('{') ? `${[name, ...matchers].join(',')}}` : `${name}{${matchers.join(',')}}`))
const labels = fc.array(label, { maxLength: 2 }).map((names) => `(${names.join(', ')})`)

const { vector }: { vector: fc.Arbitrary<string> } = fc.letrec<{ vector: string; range: string; scalar: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('1', '0.25', '1e9', '3m', 'Inf', 'NaN', 'pi()', 'time()'),
    fc.tuple(tie('scalar'), fc.constantFrom('+', '-', '*', '/', '^', '%'), tie('scalar')).map(([l, op, r]) => `(${l}) ${op} (${r})`),
    tie('vector').map((inner) => `scalar(${inner})`),
    tie('scalar').map((inner) => `-(${inner})`),
  ),
  range: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(bareSelector, duration, shift).map(([s, d, o]) => `${s}[${d}]${o}`),
    fc.tuple(tie('vector'), duration, fc.constantFrom('', '1m', '30'), shift).map(([v, d, step, o]) => `(${v})[${d}:${step}]${o}`),
  ),
  vector: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(bareSelector, shift).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom(...rangeFunctions), tie('range')).map(([f, r]) => `${f}(${r})`),
    fc
      .tuple(fc.constantFrom('sum', 'avg', 'max', 'group', 'stddev', 'count'), fc.constantFrom('by', 'without'), labels, tie('vector'))
      .map(([o, m, l, v]) => `${o} ${m} ${l} (${v})`),
    fc
      .tuple(fc.constantFrom('topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio'), tie('scalar'), tie('vector'), labels)
      .map(([o, p, v, l]) => `${o}(${p}, ${v}) by ${l}`),
    fc
      .tuple(tie('vector'), fc.constantFrom('+', '> bool', '<', 'and', 'or', '* on (x)', '/ ignoring (y) group_left (z)'), tie('vector'))
      .map(([l, o, r]) => `(${l}) ${o} (${r})`),
    fc.tuple(tie('vector'), fc.constantFrom('+', '^', '!='), tie('scalar')).map(([l, o, r]) => `${l} ${o} (${r})`),
    fc.tuple(fc.constantFrom(...vectorFunctions), tie('vector')).map(([f, v]) => `${f}(${v})`),
    tie('vector').map((inner) => `-(${inner})`),
    fc.tuple(tie('vector'), text).map(([v, t]) => `label_replace(${v}, "d", ${t}, "s", ".*")`),
  ),
}))

/** An instant vector expression. */
export const queryArbitrary: fc.Arbitrary<string> = vector

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSelector } from '../../promql/index.ts'
import { matcherOf, selectorText } from './promql-text.ts'
import type { TagFilter } from './ports.ts'

const filter = fc.record({
  tag: fc.string({ minLength: 1, unit: 'grapheme' }).filter((tag) => !/\p{Cs}/u.test(tag) && tag !== '__name__'),
  op: fc.constantFrom<TagFilter['op']>('=', '!=', 'in', 'not_in', 'prefix'),
  values: fc.array(
    fc.string({ unit: 'grapheme' }).filter((value) => !/\p{Cs}/u.test(value)),
    { minLength: 1, maxLength: 3 },
  ),
})

describe('selectors', () => {
  test('what people write is read back as itself, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => !/\p{Cs}/u.test(name)),
        fc.array(filter, { maxLength: 3 }),
        (name, filters) => {
          const matchers = filters.map(matcherOf)
          expect(parseSelector(selectorText(name, matchers))).toEqual([{ name: '__name__', op: '=', value: name }, ...matchers])
        },
      ),
    )
  })

  test('a filter lets through what it says, whatever marks are in its values', () => {
    const matches = (one: TagFilter, value: string): boolean => {
      const { op, value: pattern } = matcherOf(one)
      if (op === '=' || op === '!=') return (value === pattern) === (op === '=')
      return new RegExp(`^(?:${pattern})$`, 'su').test(value) === (op === '=~')
    }
    const want = ({ op, values: [first = '', ...more] }: TagFilter, value: string): boolean => {
      if (op === 'prefix') return value.startsWith(first)
      const isOne = (op === 'in' || op === 'not_in' ? [first, ...more] : [first]).includes(value)
      return isOne === (op === '=' || op === 'in')
    }
    fc.assert(
      fc.property(filter, fc.string({ unit: 'grapheme' }), fc.boolean(), (one, other, isOwn) => {
        const value = isOwn ? (one.values[0] ?? '') + (one.op === 'prefix' ? other : '') : other
        expect(matches(one, value)).toBe(want(one, value))
      }),
    )
  })
})

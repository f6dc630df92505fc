import { describe, expect, test } from 'vitest'
import type { MetricMatch, RuleAction } from './ports.ts'
import { checkDraft, keepsLabel, matcherOf, RuleSet } from './rule-set.ts'

describe('matches', () => {
  const cases: [MetricMatch, string, boolean][] = [
    [{ kind: 'exact', value: 'http' }, 'http', true],
    [{ kind: 'exact', value: 'http' }, 'http_bucket', true],
    [{ kind: 'exact', value: 'http' }, 'http_total', false],
    [{ kind: 'prefix', value: 'http_' }, 'http_total', true],
    [{ kind: 'prefix', value: 'http_' }, 'http', false],
    [{ kind: 'pattern', value: 'a|b.*' }, 'bcd', true],
    [{ kind: 'pattern', value: 'a|b.*' }, 'xa', false],
  ]
  test.each(cases)('%j %s: %s', (match, name, want) => expect(matcherOf(match)(name)).toBe(want))
})

describe('what a rule may not say', () => {
  const labels = (...names: string[]): RuleAction => ({ kind: 'drop_labels', labels: names, gauges: 'last' })
  const cases: [MetricMatch, RuleAction, RegExp][] = [
    [{ kind: 'exact', value: '' }, labels('a'), /name a metric/],
    [{ kind: 'exact', value: 'x'.repeat(501) }, labels('a'), /at most 500/],
    [{ kind: 'pattern', value: '(' }, labels('a'), /pattern is not valid/],
    [{ kind: 'exact', value: 'm' }, labels(), /has to name one/],
    [{ kind: 'exact', value: 'm' }, labels('a', 'le'), /'le' cannot/],
    [{ kind: 'exact', value: 'm' }, labels('__name__'), /'__name__' cannot/],
  ]
  test.each(cases)('%j %j', (match, action, text) => {
    expect(() => checkDraft({ match, action })).toThrow(expect.objectContaining({ code: 'cardinality.bad_rule' }))
    expect(() => checkDraft({ match, action })).toThrow(text)
  })
  test('to keep nothing but the name is allowed', () => {
    checkDraft({ match: { kind: 'exact', value: 'm' }, action: { kind: 'keep_labels', labels: [], gauges: 'sum' } })
  })
})

test('keeps what makes a histogram, whatever is kept', () => {
  const keeps = keepsLabel({ kind: 'keep_labels', labels: ['job'], gauges: 'sum' })
  expect(['__name__', 'le', 'quantile', 'job', 'pod'].map(keeps)).toEqual([true, true, true, true, false])
})

test('the oldest rule that matches decides', () => {
  const drop = { action: { kind: 'drop_metric' } } as const
  const set = new RuleSet(
    [
      { id: '1', version: 1, match: { kind: 'prefix', value: 'http' }, ...drop },
      { id: '2', version: 1, match: { kind: 'exact', value: 'http' }, ...drop },
    ],
    0,
  )
  expect([set.ruleFor('http')?.id, set.ruleFor('other')]).toEqual(['1', null])
})

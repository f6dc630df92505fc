import { expect, test } from 'vitest'
import { inputOfRule, newRule, problemOfRule, ruleText, tagsOfText, type RuleFields } from './metric-rule-model.ts'

const whole: RuleFields = { ...newRule('service:cart'), name: 'checkout.failures' }

test.each([
  [{ name: '' }, 'Give the metric a name.'],
  [{ name: '1st' }, 'A name begins with a letter and has letters, digits, _ . and : in it.'],
  [{ kind: 'distribution' }, 'Say which field has the number.'],
  [{ kind: 'set' }, 'Say which field is counted.'],
  [{ tags: 'a,b,c,d,e,f,g,h,i,j,k' }, 'At most 10 tags.'],
  [{}, null],
] as const)('%j', (change, problem) => {
  expect(problemOfRule({ ...whole, ...change })).toBe(problem)
  expect(inputOfRule({ ...whole, ...change }) === null).toBe(problem !== null)
})

test('what is sent', () => {
  expect(inputOfRule({ ...whole, name: ' a ', field: 'left over', tags: 'service, host', unit: 'ms' })).toEqual({
    name: 'a',
    query: 'service:cart',
    kind: 'counter',
    field: null,
    tags: ['service', 'host'],
    unit: 'none',
    isEnabled: true,
  })
  expect(inputOfRule({ ...whole, kind: 'distribution', field: ' took ', unit: 'millisecond' })).toMatchObject({
    field: 'took',
    unit: 'millisecond',
  })
})

test('tags with commas and blanks', () => expect(tagsOfText('a, b  a,,c')).toEqual(['a', 'b', 'c']))

test.each([
  [{ kind: 'counter', field: null, tags: [] }, 'how many rows'],
  [{ kind: 'distribution', field: 'took', tags: ['service', 'host'] }, 'the distribution of took by service, host'],
  [{ kind: 'set', field: 'user', tags: [] }, 'how many different values of user'],
] as const)('%j in words', (rule, text) => expect(ruleText({ ...rule, tags: [...rule.tags] })).toBe(text))

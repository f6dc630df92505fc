import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { labelCountMax, labelNameLengthMax, labelValueLengthMax } from '../limits.ts'
import { normalizeLabels } from './labels.ts'

function check(name: string, pairs: [string, string][], want: string): void {
  test(`${name}`, () => {
    const got = normalizeLabels(pairs)
    expect(got.type === 'ok' ? got.labels.map((pair) => pair.join('=')).join(',') : got.reason).toBe(want)
  })
}

describe('normalizeLabels', () => {
  check(
    'sorts by code units',
    [
      ['b', '1'],
      ['__name__', 'up'],
      ['B', '2'],
      ['é', '3'],
    ],
    'B=2,__name__=up,b=1,é=3',
  )
  check(
    'leaves out empty values',
    [
      ['__name__', 'up'],
      ['job', ''],
    ],
    '__name__=up',
  )
  check('wants a metric name', [['job', 'x']], 'metric_name_missing')
  check('an empty metric name is none', [['__name__', '']], 'metric_name_missing')
  check(
    'refuses an empty name',
    [
      ['__name__', 'up'],
      ['', 'x'],
    ],
    'label_name_empty',
  )
  check(
    'refuses a name twice',
    [
      ['__name__', 'up'],
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'x'],
    ],
    'duplicate_label',
  )
  check(
    'refuses too many',
    Array.from({ length: labelCountMax + 1 }, (_, i): [string, string] => [`l${i}`, 'x']),
    'too_many_labels',
  )
  check(
    'refuses a long name',
    [
      ['__name__', 'up'],
      ['n'.repeat(labelNameLengthMax + 1), 'x'],
    ],
    'label_name_too_long',
  )
  check(
    'refuses a long value',
    [
      ['__name__', 'up'],
      ['a', 'x'.repeat(labelValueLengthMax + 1)],
    ],
    'label_value_too_long',
  )

  test('does not depend on the order given', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.string()), { selector: (pair) => pair[0], maxLength: 10 })
    fc.assert(
      fc.property(pairs, (some) => {
        const all: [string, string][] = [...some.filter(([name]) => name !== '__name__'), ['__name__', 'up']]
        expect(normalizeLabels([...all].reverse())).toEqual(normalizeLabels(all))
      }),
    )
  })
})

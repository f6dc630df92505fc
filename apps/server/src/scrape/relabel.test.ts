import { describe, expect, test } from 'vitest'
import { compileRelabel, type RelabelConfig } from './relabel.ts'

type Labels = Record<string, string>

function run(configs: readonly RelabelConfig[], labels: Labels): Labels | null {
  const changed = new Map(Object.entries(labels))
  return compileRelabel(configs)(changed) ? Object.fromEntries(changed) : null
}

const abc = { a: 'foo', b: 'bar', c: 'baz' }

/** Rules, labels before, labels after (null: dropped). */
const cases: readonly [name: string, configs: readonly RelabelConfig[], before: Labels, after: Labels | null][] = [
  [
    'replace with groups of joined sources',
    [{ sourceLabels: ['a', 'b'], regex: 'f(.*);(.*)r', targetLabel: 'd', replacement: 'ch$1-ch$2' }],
    abc,
    { ...abc, d: 'choo-chba' },
  ],
  [
    'one rule sees what the one before did',
    [
      { sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'b', replacement: '${1}x' },
      { sourceLabels: ['b'], targetLabel: 'c' },
    ],
    abc,
    { a: 'foo', b: 'oox', c: 'oox' },
  ],
  ['no match changes nothing', [{ sourceLabels: ['a'], regex: 'x.*', targetLabel: 'd' }], abc, abc],
  ['the expression is anchored', [{ sourceLabels: ['a'], regex: 'o', targetLabel: 'd', replacement: 'x' }], abc, abc],
  ['an empty replacement deletes', [{ targetLabel: 'a', replacement: '' }], abc, { b: 'bar', c: 'baz' }],
  [
    'the target may have groups',
    [{ sourceLabels: ['a'], regex: '(f)(.*)', targetLabel: 'x_$1', replacement: '${2}' }],
    abc,
    { ...abc, x_f: 'oo' },
  ],
  [
    'named groups, as Go writes them',
    [{ sourceLabels: ['a'], regex: '(?P<first>.).*', targetLabel: 'd', replacement: '${first}$$' }],
    abc,
    { ...abc, d: 'f$' },
  ],
  ['as in Go, $1x is the group 1x', [{ sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: '$1x' }], abc, abc],
  ['a group that is not there is empty', [{ sourceLabels: ['a'], targetLabel: 'd', replacement: 'x${7}y' }], abc, { ...abc, d: 'xy' }],
  ['keep', [{ action: 'keep', sourceLabels: ['a'], regex: 'foo|qux' }], abc, abc],
  ['keep what does not match', [{ action: 'keep', sourceLabels: ['a'], regex: 'qux' }], abc, null],
  ['drop', [{ action: 'drop', sourceLabels: ['a'], regex: 'f.*' }], abc, null],
  ['drop what does not match', [{ action: 'drop', sourceLabels: ['nothing'], regex: 'f.*' }], abc, abc],
  ['keepequal', [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }], { a: 'x', b: 'x' }, { a: 'x', b: 'x' }],
  ['keepequal of different ones', [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }], abc, null],
  ['dropequal', [{ action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }], { a: 'x', b: 'x' }, null],
  ['labelmap', [{ action: 'labelmap', regex: '__meta_(.+)' }], { __meta_zone: 'eu', b: 'x' }, { __meta_zone: 'eu', zone: 'eu', b: 'x' }],
  ['labeldrop', [{ action: 'labeldrop', regex: '[ab]' }], abc, { c: 'baz' }],
  ['labelkeep', [{ action: 'labelkeep', regex: '[ab]' }], abc, { a: 'foo', b: 'bar' }],
  [
    'upper and lower case',
    [
      { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'd' },
      { action: 'lowercase', sourceLabels: ['d'], targetLabel: 'e' },
    ],
    abc,
    { ...abc, d: 'FOO', e: 'foo' },
  ],
  // md5('foo') = acbd18db4cc2f85cedef654fccc4a4d8; its last 8 bytes modulo 1000 are 696.
  ['hashmod', [{ action: 'hashmod', sourceLabels: ['a'], targetLabel: 'd', modulus: 1000 }], abc, { ...abc, d: '696' }],
]

test.each(cases)('%s', (_name, configs, before, after) => {
  expect(run(configs, before)).toEqual(after)
})

describe('a wrong rule says where and what', () => {
  test.each<[RelabelConfig, string]>([
    [{ regex: '(' }, 'not a regular expression'],
    [{ sourceLabels: ['a'] }, 'needs a target_label'],
    [{ action: 'hashmod', targetLabel: 'd' }, 'needs a modulus'],
  ])('%j', (config, text) => {
    expect(() => compileRelabel([{ targetLabel: 'x' }, config])).toThrow(
      expect.objectContaining({ code: 'scrape.relabel_invalid', publicText: expect.stringContaining(text) as string }),
    )
  })
})

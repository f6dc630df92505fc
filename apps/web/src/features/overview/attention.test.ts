import type { PerformanceFinding, Problem } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { attentionOf } from './attention.ts'

function finding(id: string, lastSeenAt: string, more: Partial<PerformanceFinding> = {}): PerformanceFinding {
  return {
    id,
    service: 'api',
    operation: 'GET /',
    kind: 'server',
    finding: 'slow_query',
    state: 'new',
    title: `finding ${id}`,
    subject: '',
    firstSeenAt: lastSeenAt,
    lastSeenAt,
    occurrences: 1,
    changeAt: null,
    facts: [],
    cause: null,
    example: null,
    stateChangedAt: lastSeenAt,
    stateChangedBy: null,
    ...more,
  }
}

function problem(id: string, lastSeen: string, state: Problem['state']): Problem {
  return {
    id,
    title: `problem ${id}`,
    place: '',
    type: 'Error',
    severity: 17,
    service: 'api',
    state,
    count: 1,
    users: 0,
    firstSeen: lastSeen,
    lastSeen,
    firstRelease: '',
    lastRelease: '',
    spark: [],
  }
}

const nowMs = Date.parse('2026-11-21T10:05:00Z')
const [early, earlier, late] = ['2026-11-20T10:00:00Z', '2026-11-20T09:00:00Z', '2026-11-21T10:00:00Z']
const cause = { deployId: '1', version: '2', service: 'api', at: early, source: 'spans' } as const

test('what is going on comes first; in it a regression with its deploy, other regressions, the newest; what is known is not there', () => {
  const rows = attentionOf(
    [
      finding('a', late),
      finding('b', late, { finding: 'latency_regression', changeAt: early, cause }),
      finding('c', late, { state: 'known' }),
      finding('d', late, { finding: 'error_regression', changeAt: early }),
      finding('import', early, { finding: 'latency_regression', changeAt: earlier, cause }),
    ],
    [problem('e', late, 'ongoing'), problem('f', late, 'regressed'), problem('g', early, 'new'), problem('h', earlier, 'regressed')],
    nowMs,
  )
  expect(rows.map(({ key }) => key)).toEqual(['fb', 'fd', 'pf', 'fa', 'fimport', 'ph', 'pg'])
})

test('the reason stands beside each', () => {
  const rows = attentionOf(
    [finding('a', late, { changeAt: early, cause }), finding('b', late, { changeAt: early }), finding('c', early, { state: 'returned' })],
    [{ ...problem('d', late, 'new'), count: 1200 }, problem('e', early, 'regressed')],
    nowMs,
  )
  expect(Object.fromEntries(rows.map(({ key, why }) => [key, why]))).toEqual({
    fa: 'going on, since 2 of api',
    fb: 'going on, changed 24 h ago',
    fc: 'over, came back',
    pd: 'going on, new, 1,200 events',
    pe: 'over, came back',
  })
})

test('errors come before warnings, and messages last, however new they are', () => {
  const said = { ...problem('said', late, 'new'), severity: 9 }
  const warned = { ...problem('warned', late, 'regressed'), severity: 13 }
  const rows = attentionOf(
    [finding('a', early)],
    [said, warned, problem('over', earlier, 'new'), { ...problem('b', earlier, 'new'), severity: 0 }],
    nowMs,
  )
  expect(rows.map(({ key, weight }) => [key, weight])).toEqual([
    ['fa', 'failure'],
    ['pover', 'failure'],
    ['pb', 'failure'],
    ['pwarned', 'warning'],
    ['psaid', 'message'],
  ])
})

test('no more than eight', () => {
  const many = Array.from({ length: 30 }, (_, i) => finding(`${i}`, late))
  expect(attentionOf(many, [], nowMs)).toHaveLength(8)
})

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

const [early, late] = ['2026-11-20T10:00:00Z', '2026-11-21T10:00:00Z']

test('a regression with its deploy comes first, then other regressions, then the newest; what is known is not there', () => {
  const cause = { deployId: '1', version: '2', service: 'api', at: early, source: 'spans' } as const
  const rows = attentionOf(
    [
      finding('a', late),
      finding('b', early, { finding: 'latency_regression', changeAt: early, cause }),
      finding('c', late, { state: 'known' }),
      finding('d', early, { finding: 'error_regression', changeAt: early }),
    ],
    [problem('e', late, 'ongoing'), problem('f', late, 'regressed'), problem('g', early, 'new')],
  )
  expect(rows.map(({ key }) => key)).toEqual(['fb', 'pf', 'fd', 'fa', 'pg'])
})

test('no more than eight', () => {
  const many = Array.from({ length: 30 }, (_, i) => finding(`${i}`, late))
  expect(attentionOf(many, [])).toHaveLength(8)
})

import type { UsageRow } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { balanceOf, reasonsOf } from './usage.queries.ts'

const row = (change: Partial<UsageRow>): UsageRow => ({
  projectId: '1',
  projectName: 'web',
  kind: 'metrics',
  received: 100,
  stored: 80,
  refused: { too_old: 5, bad: 1 },
  dropped: { dead_letter: 4 },
  queued: 10,
  bytes: 1,
  leftOut: {},
  ...change,
})

describe('the equation', () => {
  it('holds, or says what is missing', () => {
    expect(balanceOf([row({})])).toEqual({ received: 100, stored: 80, refused: 6, dropped: 4, queued: 10, missing: 0 })
    expect(balanceOf([row({}), row({ stored: 79 })]).missing).toBe(1)
    expect(balanceOf([]).received).toBe(0)
  })

  it('lists reasons, largest first, without zeros', () => {
    expect(reasonsOf([row({ refused: { a: 0, b: 2 }, dropped: { c: 9 } })]).map((each) => each.reason)).toEqual(['c', 'b'])
  })
})

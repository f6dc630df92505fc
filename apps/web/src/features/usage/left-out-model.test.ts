import { expect, it } from 'vitest'
import type { UsageRow } from '@bellwether/protocol'
import { leftOutOf } from './left-out-model.ts'

const row = (kind: string, leftOut: Record<string, number>): UsageRow => ({
  projectId: '1',
  projectName: 'shop',
  kind,
  received: 9,
  stored: 9,
  refused: {},
  dropped: {},
  queued: 0,
  bytes: 0,
  leftOut,
})

it('lists what was left out by limit, the largest first', () => {
  const rows = leftOutOf([row('logs', { attributes_limit: 3, events_limit: 0 }), row('spans', { attribute_names_limit: 40, odd: 1 })])
  expect(rows.map(({ kind, reason, parts }) => [kind, reason, parts])).toEqual([
    ['spans', 'attribute_names_limit', 40],
    ['logs', 'attributes_limit', 3],
    ['spans', 'odd', 1],
  ])
  expect(rows.map(({ meaning }) => meaning !== '')).toEqual([true, true, false])
  expect(leftOutOf([row('metrics', {})])).toEqual([])
})

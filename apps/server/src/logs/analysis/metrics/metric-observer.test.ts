import { expect, test } from 'vitest'
import { ManualClock } from '../../../ingest/testing/manual-clock.ts'
import { compileSearch, MatchBudget } from '../../../search/index.ts'
import { matchPeriodMs, matchStepsOfProject, matchStepsPerRow } from '../../../search/limits.ts'
import { searchFieldsOf } from '../../fields.ts'
import { LogsBatch } from '../../schema.ts'
import { LogTails, type TailEvent } from '../../tails.ts'
import { createScope } from '../../../kernel/scope.ts'
import { LogMetricObserver, type MetricSink } from './metric-observer.ts'

const tenant = { organizationId: 1, projectId: 1 }
const fields = searchFieldsOf(() => '0')
/** As heavy as one can be: the sets of states never repeat for long, and each character moves all of them. */
const heavy = '/\\b(?:\\w+\\W)*\\w+\\bzzzz\\b/'
const heavyBody = 'éa bc dé '.repeat(900)

function batchOf(bodies: readonly string[]): LogsBatch {
  const batch = new LogsBatch()
  batch.begin(tenant, Date.UTC(2026, 10, 21), 5)
  for (const body of bodies) {
    batch.time(Date.UTC(2026, 10, 21) / 1000, 0)
    batch.body.pushString(body)
    batch.endRow()
  }
  return batch
}

function sinkInto(counted: Map<string, number>): MetricSink {
  const names: string[] = []
  return {
    find: (_kind, labels) => ({ type: 'ok', handle: names.push(labels[0]?.[1] ?? '') - 1 }),
    increment(handle, amount) {
      const name = names[handle] ?? ''
      counted.set(name, (counted.get(name) ?? 0) + amount)
      return true
    },
    setGauge: () => true,
    observe: () => true,
    addMember: () => true,
    refuse: () => undefined,
  }
}

function observing(queries: Readonly<Record<string, string>>) {
  const clock = new ManualClock()
  const budget = new MatchBudget(clock)
  const counted = new Map<string, number>()
  const sink = sinkInto(counted)
  const observer = new LogMetricObserver(() => sink, budget)
  const rules = Object.entries(queries).map(([name, query]) => {
    const matches = compileSearch(query, fields, { nowMs: 0 }).matcher()
    return { id: name, name, kind: 'counter' as const, field: null, tags: [], unit: '', matches, fields }
  })
  observer.setRules(tenant, rules)
  return { clock, budget, counted, observer }
}

test('rows that a heavy rule has no time for are skipped and told, and plain rules see them all', async () => {
  const { clock, counted, observer } = observing({ heavy, plain: 'bc', severe: 'NOT severity:error' })
  const bodies = Array.from({ length: 400 }, () => heavyBody)
  observer.accepted(batchOf(bodies))
  expect(observer.state('heavy')).toMatchObject({ matched: 0, problem: expect.stringMatching(/taken too long/) as string })
  expect(observer.state('heavy').skipped).toBeGreaterThan(390)
  expect(observer.state('plain')).toEqual({ matched: 400, skipped: 0, problem: null })
  expect(observer.state('severe')).toEqual({ matched: 400, skipped: 0, problem: null })
  expect(Object.fromEntries(counted)).toEqual({ plain: 400, severe: 400 })
  // What the heavy one could not see it does not see as “no match”, nor the other way round.
  const turned = observing({ turned: `NOT ${heavy}` })
  turned.observer.accepted(batchOf(bodies))
  expect(turned.observer.state('turned').matched + turned.observer.state('turned').skipped).toBe(400)
  expect(turned.observer.state('turned').skipped).toBeGreaterThan(390)
  // A period later there is time again.
  const before = observer.state('heavy').skipped
  await clock.advance(matchPeriodMs)
  observer.accepted(batchOf([`${'a '.repeat(20)}zzzz`]))
  expect(observer.state('heavy').skipped).toBe(before)
})

test('tails and rules of a project together do so much and no more, whatever the number of requests', async () => {
  const { clock, budget, observer } = observing({ a: heavy, b: `NOT ${heavy}` })
  const tails = new LogTails(clock, budget)
  const gone = new AbortController()
  const events: TailEvent[] = []
  const deliver = (event: TailEvent): Promise<void> => Promise.resolve(void events.push(event))
  for (let i = 0; i < 3; i++) void tails.follow(createScope(1, [1]), { query: heavy, signal: gone.signal, deliver })
  await clock.advance(0)
  const batch = batchOf(Array.from({ length: 100 }, () => heavyBody))
  for (let request = 0; request < 10; request++) {
    tails.accepted(batch)
    observer.accepted(batch)
  }
  // Each request brought something for its rows, twice; the rest is the project's of this period.
  const share = budget.share(tenant, 0)
  const left = share.part(1).left
  expect(left).toBeLessThan((matchStepsOfProject + 10 * 2 * 100 * matchStepsPerRow) / 100)
  await clock.advance(1000)
  const missed = events.reduce((sum, event) => sum + event.missed, 0)
  const shown = events.reduce((sum, event) => sum + event.items.length, 0)
  expect(shown).toBe(0)
  expect(missed).toBeGreaterThan(3 * 10 * 100 - 150)
  gone.abort()
})

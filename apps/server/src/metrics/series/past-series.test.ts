import { expect, test } from 'vitest'
import type { NativeBlock } from '../../engines/index.ts'
import { createScope, type Tenant } from '../../kernel/scope.ts'
import { defaultSeriesLimits } from '../limits.ts'
import type { Matcher } from '../model.ts'
import { PastSeries } from './past-series.ts'
import { SeriesRegistry } from './registry.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const scope = createScope(1, [1])
const minuteMs = 60_000
const minute = 1_000_000

test('series that leave while older ones are read from the engine are read as well, and then none leaves', async () => {
  const registry = new SeriesRegistry(defaultSeriesLimits, 5)
  registry.setNow(minute)
  const write = (name: string, at: number): number => {
    const ref = registry.resolve(tenant, [['__name__', name]])
    registry.touch(ref, at * minuteMs)
    registry.markDurable(ref, at, at)
    return ref
  }
  const leave = (ref: number): number => {
    const work = registry.life.expire(Uint32Array.of(ref), () => true)
    for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
  }
  leave(write('old', minute - 60))
  const [one, two] = [write('one', minute - 5), write('two', minute - 5)]
  const asked: number[] = []
  const nothing: NativeBlock[] = []
  /** Series leave while the engine answers. */
  const engine = {
    async *queryNative({ sql }: { sql: string }) {
      const [, toSec = 0] = /first_seen <= toDateTime\((\d+)\)/.exec(sql) ?? []
      asked.push(Math.floor(Number(toSec) / 60))
      const gone = leave(asked.length === 1 ? one : two)
      expect(gone).toBe(asked.length === 1 ? 1 : 0)
      yield* nothing
    },
  }
  const past = new PastSeries({ engine, registry, clock: { monotonicMs: () => 0 } })
  const matchers: Matcher[] = [{ name: '__name__', op: '=~', value: 'old|one|two' }]
  const request = { matchers, fromMs: (minute - 120) * minuteMs, toMs: minute * minuteMs }
  await past.bring(scope, request, { seriesMax: 10, signal: new AbortController().signal })
  expect(asked).toHaveLength(2)
  // The second time it asks for the time in which the series that left had samples.
  expect(asked[1]! - asked[0]!).toBe(55)
  expect(registry.isListed(two)).toBe(true)
  expect(leave(two)).toBe(1)
})

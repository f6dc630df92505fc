import { expect, test } from 'vitest'
import { defaultSeriesLimits } from '../limits.ts'
import { SeriesRegistry } from '../series/registry.ts'
import { statementParts } from './statement.ts'

const hour = 3_600_000
const range = { fromMs: 497_000 * hour + 1, toMs: 497_001 * hour + 5 }

function open(metrics: number, seriesOfEach: number): SeriesRegistry {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  for (let metric = 0; metric < metrics; metric++) {
    for (let i = 0; i < seriesOfEach; i++)
      registry.resolve({ organizationId: 1, projectId: 7 }, [
        ['__name__', `m${metric}`],
        ['i', `${i}`],
      ])
  }
  return registry
}

test('one series is named by its id, with hours and times', () => {
  const registry = open(1, 10)
  const [part] = statementParts(registry, Uint32Array.of(3), range)
  const id = ((BigInt(registry.idHigh(3)) << 32n) | BigInt(registry.idLow(3))).toString(16)
  expect(part).toEqual({
    condition: `org = 1 AND project = 7 AND metric = ${registry.metricHash(3)} AND hour BETWEEN 497000 AND 497001 AND ts BETWEEN ${range.fromMs} AND ${range.toMs} AND series IN (0x${id})`,
    readsOthers: false,
  })
})

test('most series of a metric are read by reading all of it', () => {
  const registry = open(2, 10)
  const parts = statementParts(
    registry,
    Uint32Array.from({ length: 11 }, (_, i) => i),
    range,
  )
  expect(parts.map((part) => part.readsOthers)).toEqual([true, false])
  expect(parts[0]?.condition).not.toContain('series IN')
  expect(parts[1]?.condition.match(/0x/g)?.length).toBe(1)
})

test('no statement grows beyond what the engine parses, and every series is in exactly one', () => {
  const named = open(1, 50_000)
  const tenth = Uint32Array.from({ length: 5_000 }, (_, i) => i * 10)
  const some = statementParts(named, tenth, range)
  expect(some.map((part) => part.condition.match(/0x/g)?.length)).toEqual([4_000, 1_000])
  const many = open(9_000, 2)
  const whole = statementParts(
    many,
    Uint32Array.from({ length: 18_000 }, (_, i) => i),
    range,
  )
  expect(whole.length).toBe(3)
  for (const part of [...some, ...whole]) expect(part.condition.length).toBeLessThan(200_000)
})

test('times before 1970 and beyond all times are cut to what the columns hold', () => {
  const [part] = statementParts(open(1, 1), Uint32Array.of(0), { fromMs: -5, toMs: 10.5 })
  expect(part?.condition).toContain('hour BETWEEN 0 AND 0 AND ts BETWEEN 0 AND 10')
})

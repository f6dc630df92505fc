import { beforeEach, describe, expect, test } from 'vitest'
import { defaultIngestConfigurations } from '../../naming/index.ts'
import type { AggregateType } from '../aggregates/ports.ts'
import { createMetricsCollector } from './collector.ts'
import type { CollectedRange, CollectedSeries, KnownMetric, MetricsStorageBackend, Observation, StoredObservation } from './ports.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')

/** Keeps what it is given, a point each. */
class MemoryBackend implements MetricsStorageBackend {
  readonly metrics = new Map<string, KnownMetric>()
  readonly written: StoredObservation[] = []
  readonly refused: [string, number][] = []
  commits = 0

  known(storedName: string): KnownMetric | null {
    return this.metrics.get(storedName) ?? null
  }
  write(observation: StoredObservation): { type: 'ok' } {
    this.metrics.set(observation.storedName, { type: observation.type, unit: observation.unit })
    this.written.push(observation)
    return { type: 'ok' }
  }
  refuse(reason: string, values: number): void {
    this.refused.push([reason, values])
  }
  async commit(): Promise<void> {
    this.commits++
  }
  async read(storedName: string, range: CollectedRange, tags: Readonly<Record<string, string>>): Promise<CollectedSeries[]> {
    return this.written
      .filter(
        (one) => one.storedName === storedName && Object.entries(tags).every(([k, v]) => one.tags.some(([a, b]) => a === k && b === v)),
      )
      .filter(({ timeMs }) => (timeMs ?? nowMs) >= range.fromMs && (timeMs ?? nowMs) < range.toMs)
      .map((one) => ({ tags: Object.fromEntries(one.tags), points: [{ timeMs: one.timeMs ?? nowMs, value: Number(one.value) }] }))
  }
}

let backend: MemoryBackend
let told: [string, string][]
const collector = () =>
  createMetricsCollector({
    backend,
    configurations: defaultIngestConfigurations(),
    clock: { nowMs: () => nowMs },
    onRefused: (reason, detail) => void told.push([reason, detail]),
  })

beforeEach(() => {
  backend = new MemoryBackend()
  told = []
})

describe('what is recorded', () => {
  const rows: [Observation, Partial<StoredObservation>][] = [
    [
      { name: 'orders', value: 1 },
      { storedName: 'orders', type: 'distribution', unit: '', tags: [], timeMs: null },
    ],
    [{ name: 'orders', value: 1, type: 'counter' }, { type: 'counter' }],
    [
      { name: 'c:custom/orders@none', value: 1 },
      { storedName: 'orders', type: 'counter', unit: '' },
    ],
    [
      { name: 'd:transactions/duration@second', value: 1 },
      { storedName: 'transaction.duration', type: 'distribution', unit: 'second' },
    ],
    [
      { name: 'transaction.duration', value: 1 },
      { storedName: 'transaction.duration', type: 'distribution', unit: 'millisecond' },
    ],
    [
      { name: 'session.user', value: 'ada' },
      { type: 'set', value: 'ada' },
    ],
    [
      { name: 'session.user', value: 7 },
      { type: 'set', value: 7 },
    ],
    [
      { name: 'system.cpu', value: 0.5, type: 'gauge', unit: 'ratio', timeMs: nowMs },
      { type: 'gauge', unit: 'ratio', timeMs: nowMs },
    ],
    [{ name: 'a', value: -1 }, { value: -1 }],
    [{ name: 'a', value: -1, type: 'gauge' }, { value: -1 }],
    [
      { name: 'a', value: 1, tags: { city: 'Oslo', size: 3, big: true, none: '' } },
      {
        tags: [
          ['city', 'Oslo'],
          ['size', '3'],
          ['big', 'true'],
        ],
      },
    ],
    [{ name: 'n'.repeat(200), value: 1, tags: { ['t'.repeat(200)]: 'v'.repeat(200) } }, {}],
  ]
  test.each(rows)('%j', (observation, want) => {
    expect(collector().record(observation)).toEqual({ type: 'ok' })
    expect(backend.written).toHaveLength(1)
    expect(backend.written[0]).toMatchObject(want)
    expect(backend.refused).toEqual([])
  })

  test('a name without a type is what the metric is already', () => {
    const one = collector()
    one.record({ name: 'orders', value: 1, type: 'counter' })
    expect(one.recordMetric('orders', 2, { city: 'Oslo' })).toEqual({ type: 'ok' })
    expect(backend.written.map(({ type }) => type)).toEqual(['counter', 'counter'])
  })
})

describe('what is refused', () => {
  const rows: [Observation, string, RegExp][] = [
    [{ name: '', value: 1 }, 'name_missing', /no name/],
    [{ name: 'n'.repeat(201), value: 1 }, 'name_too_long', /longer than 200/],
    [{ name: 'a@b', value: 1 }, 'name_invalid', /no '@'/],
    [{ name: 'a\nb', value: 1 }, 'name_invalid', /a\\nb/],
    [{ name: 'a\ud800', value: 1 }, 'invalid_utf8', /Unicode/],
    [{ name: 'c:shop/orders@none', value: 1 }, 'mri_invalid', /no MRI/],
    [{ name: 'e:sessions/crash_rate@ratio', value: 1 }, 'type_not_stored', /derived/],
    [{ name: 'session.crash_free_rate', value: 1 }, 'type_not_stored', /derived/],
    [{ name: 'c:transactions/duration@none', value: 1 }, 'type_changed', /of type d/],
    [{ name: 'c:custom/a@none', value: 1, type: 'gauge' }, 'type_changed', /a counter, and came as a gauge/],
    [{ name: 'session.user', value: 1, type: 'counter' }, 'type_changed', /a set, and came as a counter/],
    [{ name: 'g:sessions/open@none', value: 1 }, 'type_not_allowed', /sessions has no metrics of type gauge/],
    [{ name: 'a', value: 1, unit: 'By/s' }, 'unit_invalid', /By\/s is no unit/],
    [{ name: 'a', value: 1, unit: '' }, 'unit_invalid', /is no unit/],
    [{ name: 'd:custom/a@second', value: 1, unit: 'byte' }, 'unit_invalid', /says second/],
    [{ name: 'a', value: NaN }, 'value_not_finite', /NaN/],
    [{ name: 'a', value: Infinity, type: 'gauge' }, 'value_not_finite', /Infinity/],
    [{ name: 'a', value: -Infinity, type: 'counter' }, 'value_not_finite', /-Infinity/],
    [{ name: 'a', value: '7' }, 'value_not_a_number', /7 is no number/],
    [{ name: 'a', value: -1, type: 'counter' }, 'counter_negative', /cannot go down by 1/],
    [{ name: 'session.user', value: '\udc00' }, 'invalid_utf8', /member/],
    [{ name: 'a', value: 1, timeMs: 0 }, 'timestamp_out_of_range', /1990/],
    [{ name: 'a', value: 1, timeMs: nowMs + 601_000 }, 'timestamp_out_of_range', /ten minutes/],
    [{ name: 'a', value: 1, timeMs: NaN }, 'timestamp_out_of_range', /1990/],
    [{ name: 'a', value: 1, tags: { '': 'x' } }, 'tag_name_missing', /no name/],
    [{ name: 'a', value: 1, tags: { __name__: 'x' } }, 'tag_name_reserved', /__/],
    [{ name: 'a', value: 1, tags: { ['t'.repeat(201)]: 'x' } }, 'tag_name_too_long', /over 200/],
    [{ name: 'a', value: 1, tags: { t: 'v'.repeat(201) } }, 'tag_value_too_long', /over 200/],
    [{ name: 'a', value: 1, tags: { t: '\ud800' } }, 'invalid_utf8', /Unicode/],
    [{ name: 'a', value: 1, tags: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, 1])) }, 'too_many_tags', /65 tags/],
  ]
  test.each(rows)('%j: %s', (observation, reason, why) => {
    const answer = collector().record(observation)
    expect(answer).toMatchObject({ type: 'reject', reason, detail: expect.stringMatching(why) })
    expect(backend.refused).toEqual([[reason, 1]])
    expect(told).toHaveLength(1)
    expect(told[0]?.[1].length).toBeLessThan(300)
    expect(backend.written).toEqual([])
  })

  test('a metric that changes its type keeps the one it has', () => {
    const one = collector()
    one.record({ name: 'orders', value: 1, type: 'counter' })
    expect(one.record({ name: 'orders', value: 1, type: 'gauge' })).toMatchObject({ reason: 'type_changed' })
    expect(one.record({ name: 'orders', value: 1 })).toEqual({ type: 'ok' })
  })
})

test('what was recorded is read back by name or MRI, range and tags', async () => {
  const one = collector()
  one.record({ name: 'queue', value: 5, type: 'gauge', tags: { host: 'a' }, timeMs: nowMs - 60_000 })
  one.record({ name: 'queue', value: 7, type: 'gauge', tags: { host: 'b' }, timeMs: nowMs })
  const range = { fromMs: nowMs - 3_600_000, toMs: nowMs + 1 }
  expect(await one.getMetrics('queue', range)).toHaveLength(2)
  expect(await one.getMetrics('g:custom/queue@none', range, { host: 'b' })).toEqual([
    { tags: { host: 'b' }, points: [{ timeMs: nowMs, value: 7 }] },
  ])
  expect(await one.getMetrics('queue', { fromMs: nowMs - 120_000, toMs: nowMs }, {})).toHaveLength(1)
  await one.commit()
  expect(backend.commits).toBe(1)
})

describe('values of one series, one after another', () => {
  const record = (values: (number | string)[], tags: Record<string, string>, type?: AggregateType) => {
    const one = collector()
    return values.map((value) => one.record({ name: 'orders', value, tags, ...(type === undefined ? {} : { type }) }).type)
  }

  test('are judged once where nobody can change their tags, and each value is', () => {
    expect(record([1, -1, NaN, 2], Object.freeze({ city: 'Oslo' }), 'counter')).toEqual(['ok', 'reject', 'reject', 'ok'])
    expect(backend.written.map(({ value, tags }) => [value, tags])).toEqual([
      [1, [['city', 'Oslo']]],
      [2, [['city', 'Oslo']]],
    ])
    expect(backend.written[0]?.tags).toBe(backend.written[1]?.tags)
    expect(told.map(([reason]) => reason)).toEqual(['counter_negative', 'value_not_finite'])
  })

  test('are judged anew where the tags may have changed', () => {
    const one = collector()
    const tags = { city: 'Oslo' }
    one.recordMetric('orders', 1, tags)
    tags.city = 'Bergen'
    one.recordMetric('orders', 1, tags)
    one.recordMetric('others', 1, tags)
    expect(backend.written.map(({ storedName, tags: stored }) => [storedName, stored[0]?.[1]])).toEqual([
      ['orders', 'Oslo'],
      ['orders', 'Bergen'],
      ['others', 'Bergen'],
    ])
  })
})

describe('the unit a metric has', () => {
  const recorded = (...observations: Observation[]) => {
    const one = collector()
    const answers = observations.map((observation) => one.record(observation))
    return { answers, values: backend.written.map(({ value, unit }) => [value, unit]) }
  }

  test('is that of its first value, and values in another of the family are converted', () => {
    const { values } = recorded(
      { name: 'd:custom/lat@millisecond', value: 500 },
      { name: 'd:custom/lat@second', value: 5 },
      { name: 'lat', value: 2, unit: 'minute' },
      { name: 'lat', value: 7 },
      { name: 'c:custom/disk@gigabyte', value: 1 },
      { name: 'c:custom/disk@byte', value: 1 },
    )
    expect(values).toEqual([
      [500, 'millisecond'],
      [5000, 'millisecond'],
      [120_000, 'millisecond'],
      [7, 'millisecond'],
      [1, 'gigabyte'],
      [1e-9, 'gigabyte'],
    ])
  })

  test('converts all values of one item, and what no number holds is refused', () => {
    const tags = Object.freeze({ city: 'Oslo' })
    const name = 'd:custom/lat@week'
    const { answers, values } = recorded(
      { name: 'd:custom/lat@day', value: 1 },
      { name, value: 1, tags },
      { name, value: 2, tags },
      { name, value: 1e308, tags },
      { name, value: 1e308 },
    )
    expect(values.map(([value]) => value)).toEqual([1, 7, 14])
    expect(answers.slice(3)).toMatchObject([{ reason: 'value_not_finite' }, { reason: 'value_not_finite' }])
  })

  test('of a well-known metric is the usual one where nobody said another', () => {
    const { values } = recorded({ name: 'transaction.duration', value: 3 }, { name: 'd:transactions/duration@second', value: 3 })
    expect(values).toEqual([
      [3, 'millisecond'],
      [3000, 'millisecond'],
    ])
  })

  const refused: [Observation, Observation, RegExp][] = [
    [{ name: 'c:custom/a@none', value: 1 }, { name: 'c:custom/a@second', value: 1 }, /a is in none, and came in second/],
    [{ name: 'a', value: 1 }, { name: 'a', value: 1, unit: 'second' }, /in none, and came in second/],
    [{ name: 'd:custom/a@second', value: 1 }, { name: 'd:custom/a@none', value: 1 }, /in second, and came in none/],
    [{ name: 'd:custom/a@second', value: 1 }, { name: 'd:custom/a@byte', value: 1 }, /in second, and came in byte/],
    [{ name: 'g:custom/a@ratio', value: 1 }, { name: 'g:custom/a@percent', value: 1 }, /in ratio, and came in percent/],
    [{ name: 'd:custom/a@apples', value: 1 }, { name: 'd:custom/a@pears', value: 1 }, /in apples, and came in pears/],
    [{ name: 's:custom/a@second', value: 1 }, { name: 's:custom/a@minute', value: 1 }, /in second, and came in minute/],
  ]
  test.each(refused)('%j, then %j', (before, then, why) => {
    const { answers } = recorded(before, then)
    expect(answers).toEqual([{ type: 'ok' }, { type: 'reject', reason: 'unit_invalid', detail: expect.stringMatching(why) }])
    expect(backend.written).toHaveLength(1)
  })
})

/** The story that the shop tells: the same in every run, with a day, a week, and an incident that has a cause. */
import { expect, test } from 'vitest'
import { dayMs, hourMs, incidentOf, minuteMs, pageViewsPerSec, storyFrom, trouble, versionAt } from './calendar.ts'
import { RemoteWriteBody } from './remote-write-body.ts'
import { Shop } from './shop.ts'

const noon = Date.UTC(2026, 9, 14, 12)

function read(shop: Shop, name: string, attributes: Record<string, string>, instance?: string): number {
  const point = shop.points.numbers.find(
    (each) =>
      each.family.name === name &&
      (instance === undefined || each.source.instance === instance) &&
      Object.entries(attributes).every(([key, value]) => each.attributes[key] === value),
  )
  if (point === undefined) throw new Error(`no point ${name}`)
  return point.read()
}

test('two shops that began at different times agree on every number', () => {
  const early = new Shop(noon - dayMs)
  const late = new Shop(noon - 3 * hourMs)
  early.advanceTo(noon)
  late.advanceTo(noon)
  const counters = (shop: Shop): unknown[] =>
    shop.points.numbers
      .filter((point) => point.present && point.family.kind === 'counter')
      .map((point) => [point.family.name, point.source.instance, point.attributes, point.read()])
  expect(counters(late)).toEqual(counters(early))
  expect(late.points.histograms.map((point) => [...point.cumulative])).toEqual(
    early.points.histograms.map((point) => [...point.cumulative]),
  )
})

test('evenings are busier than nights, and weekends than Tuesdays', () => {
  const at = (day: number, hour: number): number => pageViewsPerSec(Date.UTC(2026, 9, day, hour))
  expect(at(14, 20)).toBeGreaterThan(3 * at(14, 4))
  expect(at(18, 20)).toBeGreaterThan(1.1 * at(13, 20))
})

test('an incident follows the faulty release, exhausts the connections, and ends with the rollback', () => {
  const { deployedMs, rolledBackMs } = incidentOf(Math.floor(noon / dayMs))
  expect(trouble(deployedMs - minuteMs)).toBe(0)
  expect(trouble(rolledBackMs)).toBe(1)
  expect(trouble(rolledBackMs + 7 * minuteMs)).toBe(0)
  expect(versionAt({ service: 'catalog', place: 2 }, deployedMs)).toMatch(/\.1$/)
  expect(versionAt({ service: 'catalog', place: 2 }, rolledBackMs)).toMatch(/\.0$/)
  const shop = new Shop(deployedMs)
  shop.advanceTo(deployedMs - minuteMs)
  const calm = read(shop, 'pg_stat_activity_count', { state: 'active' })
  shop.advanceTo(rolledBackMs - minuteMs)
  expect(calm).toBeLessThan(30)
  expect(read(shop, 'pg_stat_activity_count', { state: 'active' })).toBe(97)
  expect(read(shop, 'shop_build_info', {}, 'catalog-1')).toBe(1)
})

test('counters only grow between restarts, and buckets are cumulative', () => {
  const shop = new Shop(noon)
  shop.advanceTo(noon)
  const before = shop.points.numbers.map((point) => point.read())
  const startedBefore = shop.points.numbers.map((point) => point.source.startedMs)
  shop.advanceTo(noon + 30 * minuteMs)
  for (const [index, point] of shop.points.numbers.entries()) {
    if (point.family.kind !== 'counter' || point.source.startedMs !== startedBefore[index]) continue
    expect(point.read(), point.family.name).toBeGreaterThanOrEqual(before[index] ?? 0)
  }
  for (const point of shop.points.histograms) {
    for (let bucket = 1; bucket < point.cumulative.length; bucket++)
      expect(point.read(bucket)).toBeGreaterThanOrEqual(point.read(bucket - 1))
  }
})

test('the shop has as many series as it promises', () => {
  const shop = new Shop(noon)
  shop.advanceTo(noon)
  const body = new RemoteWriteBody(() => true)
  body.collect(shop.points, noon)
  expect(body.samples).toBeGreaterThan(800)
  expect(body.samples).toBeLessThan(2_000)
})

test('a run has an incident around its beginning, and no other one near it', () => {
  for (let hour = 0; hour < 24; hour++) {
    const startedMs = noon + hour * hourMs
    const story = storyFrom(startedMs)
    expect(trouble(startedMs - 15 * minuteMs, story)).toBe(0)
    expect(trouble(startedMs, story)).toBe(1)
    expect(versionAt({ service: 'catalog', place: 2 }, startedMs, story)).toMatch(/\.1$/)
    for (const awayMs of [-3 * hourMs, -hourMs, 30 * minuteMs, 3 * hourMs]) expect(trouble(startedMs + awayMs, story)).toBe(0)
  }
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../kernel/clock.ts'
import { createScope, type Tenant } from '../../kernel/scope.ts'
import { defaultSeriesLimits } from '../limits.ts'
import type { Labels } from '../model.ts'
import { LabelCache } from './label-cache.ts'
import { SeriesRegistry } from './registry.ts'
import { leaving } from './series-columns.ts'
import { SeriesExpiry } from './series-expiry.ts'
import { metricHashOf } from './series-id.ts'

const tenants: readonly Tenant[] = [
  { organizationId: 1, projectId: 1 },
  { organizationId: 2, projectId: 1 },
]
const restMs = 180_000
const minuteMs = 60_000

/** A registry whose series leave after 10 minutes, on a clock that the test moves. */
class Home {
  nowMs = 1_000_000 * minuteMs
  readonly registry: SeriesRegistry
  readonly expiry: SeriesExpiry
  readonly inHead = new Set<number>()
  backlogMs = 0
  relieved = 0
  #finds = 0

  constructor(limits: Partial<typeof defaultSeriesLimits> = {}, usedBytesMax = 1 << 30, perStep?: number) {
    this.registry = new SeriesRegistry({ ...defaultSeriesLimits, ...limits }, 5, perStep)
    const clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs } as Clock
    this.expiry = new SeriesExpiry({
      registry: this.registry,
      head: { holds: (ref) => this.inHead.has(ref), relieve: () => this.relieved++ },
      histograms: { holds: () => false },
      log: { backlog: () => ({ segments: 0, records: 0, sizeBytes: 0, sizeBytesMax: 1, rows: 0, oldestMs: this.backlogMs }) },
      clock,
      limits: { unseenMinutesMax: 10, usedBytesMax, restMs },
    })
  }

  pass(): ReturnType<typeof this.expiry.pass> extends Generator<void, infer Result> ? Result : never {
    const pass = this.expiry.pass()
    for (let step = pass.next(); ; step = pass.next()) if (step.done === true) return step.value
  }

  wait(minutes: number): void {
    this.nowMs += minutes * minuteMs
    this.expiry.tick()
  }

  /** A sample comes and is durable. */
  write(owner: number, labels: Labels): number {
    const { registry } = this
    const ref = this.find(owner, labels)
    registry.revive(ref)
    registry.touch(ref, this.nowMs)
    registry.markDurable(ref, registry.firstMinute(ref), registry.lastMinute(ref))
    return ref
  }

  /** By its bytes on the wire, if they are known. */
  find(owner: number, labels: Labels): number {
    const { registry } = this
    const tenant = tenants[owner]!
    const bytes = Buffer.from(JSON.stringify(labels))
    const words = Uint32Array.of(
      registry.tenantIndex(tenant),
      bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 7),
      bytes.length,
      9,
    )
    this.#finds++
    const known = this.#finds % 2 === 0 ? registry.lookup(tenant, 1, bytes, 0, bytes.length) : registry.lookupHash(words, 0)
    if (known !== -1) return known
    const ref = registry.resolve(tenant, labels)
    if (ref < 0) return ref
    registry.remember(tenant, 1, bytes, 0, bytes.length, ref)
    registry.rememberHash(words, 0, ref)
    return ref
  }

  listed(owner: number): string[] {
    const { registry } = this
    const { organizationId, projectId } = tenants[owner]!
    return registry
      .tenantsOf(createScope(organizationId, [projectId]))
      .flatMap((tenant) => Array.from(registry.select(tenant, []), (ref) => JSON.stringify(registry.labels(ref))))
      .sort()
  }
}

const set = (i: number): Labels => [
  ['__name__', `m${i % 3}`],
  ['host', `h${i}`],
]

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('write' as const), owner: fc.nat(1), series: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refused' as const), owner: fc.nat(1), series: fc.nat(12) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), minutes: fc.constantFrom(1, 3, 12) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cycle' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('partly' as const),
      steps: fc.oneof(fc.nat(4200), fc.integer({ min: 4090, max: 4140 })),
      series: fc.nat(12),
    }),
  },
)

test('agrees with a plain model through expiry, revival and refs of other series and tenants', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.constantFrom(1, 100), (steps, perStep) => {
      const home = new Home({}, 1 << 30, perStep)
      const { registry } = home
      const cache = new LabelCache(registry)
      registry.holdsRefs(cache)
      // By owner and labels: when it was last seen, and whether it has a sample.
      const model = new Map<string, { seenMs: number; stored: boolean }>()
      const key = (owner: number, series: number): string => `${owner} ${JSON.stringify(set(series))}`
      const note = (owner: number, series: number, stored: boolean): void => {
        const known = model.get(key(owner, series))
        model.set(key(owner, series), { seenMs: home.nowMs, stored: stored || known?.stored === true })
      }
      const expire = (): void => {
        for (const [name, { seenMs, stored }] of model) if (home.nowMs - seenMs >= (stored ? 10 : 2) * minuteMs) model.delete(name)
      }
      const check = (): void => {
        for (const owner of [0, 1]) {
          const want = [...model.keys()].filter((name) => name.startsWith(`${owner} `)).map((name) => name.slice(2))
          expect(home.listed(owner)).toEqual(want.sort())
        }
        expect(registry.seriesCount).toBe(model.size)
      }
      for (const one of steps) {
        if (one.type === 'write') {
          const ref = home.write(one.owner, set(one.series))
          expect(registry.labels(ref)).toEqual(set(one.series))
          expect(registry.metricHash(ref)).toBe(metricHashOf(`m${one.series % 3}`))
          expect(cache.of(ref)).toEqual(set(one.series))
          expect(registry.tenantOf(ref).tenant).toEqual(tenants[one.owner])
          note(one.owner, one.series, true)
        } else if (one.type === 'refused') {
          const ref = registry.resolve(tenants[one.owner]!, set(one.series))
          expect(registry.labels(ref)).toEqual(set(one.series))
          note(one.owner, one.series, false)
        } else if (one.type === 'wait') home.wait(one.minutes)
        else if (one.type === 'cycle') {
          // Everything leaves, and its refs are given out.
          for (const minutes of [12, 4]) {
            home.wait(minutes)
            home.pass()
            expire()
          }
          check()
        } else if (one.type === 'pass') {
          home.pass()
          expire()
          check()
        } else {
          // A series is written while a pass is under way.
          home.wait(11)
          const pass = home.expiry.pass()
          for (let i = 0; i < one.steps; i++) if (pass.next().done === true) break
          const ref = home.write(0, set(one.series))
          for (const _ of pass);
          expire()
          note(0, one.series, true)
          expect(registry.labels(ref)).toEqual(set(one.series))
          check()
        }
      }
    }),
    { numRuns: 400 },
  )
})

describe('a series leaves', () => {
  test('only when nothing of it is in memory or on its way to the engine', () => {
    const home = new Home()
    const [held, fresh, gone] = [0, 1, 2].map((i) => home.write(0, set(i)))
    home.inHead.add(held!)
    home.wait(15)
    home.backlogMs = 20 * minuteMs
    expect(home.pass().expired).toBe(0)
    home.backlogMs = 0
    home.registry.touch(fresh!, home.nowMs - 30 * minuteMs)
    expect(home.pass().expired).toBe(1)
    expect([held, fresh, gone].map((ref) => home.registry.isListed(ref!))).toEqual([true, true, false])
    expect(home.registry.tenant(tenants[0]!).knownFromMinute).toBe(1_000_001)
  })

  test('its labels can be read until its ref is another series, of another tenant, of which nothing is known by its bytes', () => {
    const home = new Home()
    const { registry } = home
    const cache = new LabelCache(registry)
    registry.holdsRefs(cache)
    const ref = home.write(0, set(1))
    expect(cache.of(ref)).toEqual(set(1))
    home.wait(20)
    home.pass()
    expect(cache.of(ref)).toEqual(set(1))
    home.wait(2)
    expect(home.pass().released).toBe(0)
    home.wait(2)
    expect(home.pass().released).toBe(1)
    expect(home.write(1, set(2))).toBe(ref)
    expect(cache.of(ref)).toEqual(set(2))
    expect(registry.metricHash(ref)).toBe(registry.metricHash(home.write(0, set(5))))
    expect(registry.labels(home.find(0, set(1)))).toEqual(set(1))
    expect(home.listed(0).some((text) => text.includes('h2'))).toBe(false)
  })

  test('and may come back while it still is in posting lists', () => {
    const home = new Home({}, 1 << 30, 1)
    const refs = Array.from({ length: 6 }, (_, i) => home.write(0, set(i)))
    home.wait(20)
    const pass = home.expiry.pass()
    while (home.registry.life.restingCount < refs.length) expect(pass.next().done).toBe(false)
    expect(home.listed(0)).toEqual([])
    const back = refs.map((ref, i) => [ref, home.write(0, set(i))])
    for (const _ of pass);
    expect(back.every(([before, now]) => before === now)).toBe(true)
    expect(home.listed(0)).toHaveLength(6)
    const [found] = home.registry.tenantsOf(createScope(1, [1]))
    expect(home.registry.select(found!, [{ name: '__name__', op: '=', value: 'm1' }])).toHaveLength(2)
  })

  test('and rests in full after it came back and left again', () => {
    const home = new Home()
    home.registry.resolve(tenants[0]!, set(1))
    home.wait(2)
    expect(home.pass().expired).toBe(1)
    home.registry.resolve(tenants[0]!, set(1))
    home.wait(2)
    expect(home.pass().expired).toBe(1)
    home.wait(2)
    expect(home.pass().released).toBe(0)
    home.wait(1)
    expect(home.pass().released).toBe(1)
  })

  test('not while someone holds its ref', () => {
    const home = new Home()
    const ref = home.write(0, set(1))
    const pin = home.registry.life.pin()
    home.wait(20)
    home.pass()
    home.wait(20)
    expect(home.pass().released).toBe(0)
    expect(home.registry.labels(ref)).toEqual(set(1))
    pin[Symbol.dispose]()
    expect(home.pass().released).toBe(1)
  })
})

describe('under pressure', () => {
  test('the longest unseen leave first, down to what the memory is for, and never what is in use', () => {
    const home = new Home({}, 1)
    const old = Array.from({ length: 50 }, (_, i) => home.write(0, set(i)))
    home.wait(6)
    const recent = Array.from({ length: 50 }, (_, i) => home.write(0, set(100 + i)))
    home.wait(1)
    expect(home.pass()).toMatchObject({ expired: 50, isPressed: true })
    expect(old.some((ref) => home.registry.isListed(ref))).toBe(false)
    expect(recent.every((ref) => home.registry.isListed(ref))).toBe(true)
    expect(home.relieved).toBe(1)
  })

  test('a project close to its number of series lets go of those not in use, and others of none', () => {
    const home = new Home({ perTenantMax: 100 })
    for (let i = 0; i < 100; i++) home.write(0, set(i))
    const other = home.write(1, set(1))
    expect(home.find(0, set(500))).toBe(-1)
    home.wait(6)
    home.write(0, set(7))
    expect(home.pass().expired).toBe(99)
    expect(home.registry.isListed(other)).toBe(true)
    expect(home.find(0, set(500))).toBeGreaterThanOrEqual(0)
  })
})

test('rules of a third project change while a series leaves: its bytes never mean the series that gets its ref', () => {
  const home = new Home({ wireCacheBytesMax: 1 << 20 }, 1 << 30, 64)
  const { registry } = home
  const third: Tenant = { organizationId: 3, projectId: 1 }
  const ref = home.write(0, set(1))
  const key = Uint32Array.of(0xfffff000, 8, 9, 10)
  registry.rememberHash(key, 0, ref)
  const other = registry.resolve(third, set(1))
  for (let i = 1; i < 7_000; i++) registry.rememberHash(Uint32Array.of(Math.imul(i, 0x9e3779b1) >>> 0, i, 5, 6), 0, other)
  home.wait(20)
  registry.touch(other, home.nowMs)
  const pass = home.expiry.pass()
  for (let steps = 0, step = pass.next(); step.done !== true; step = pass.next(), steps++) {
    if (registry.columns.state[ref] !== leaving) continue
    registry.forgetTenant(third)
    registry.lookupHash(key, 0)
  }
  home.wait(10)
  home.pass()
  expect(registry.resolve(tenants[1]!, set(2))).toBe(ref)
  expect(registry.lookupHash(key, 0)).toBe(-1)
})

test('a stored series whose row is lost leaves like others, and the index knows that it may be in the engine', () => {
  const home = new Home()
  const { registry } = home
  const ref = home.write(0, set(1))
  const writtenMinute = Math.floor(home.nowMs / minuteMs)
  registry.markLost(ref)
  home.wait(3)
  home.pass()
  expect(registry.isListed(ref)).toBe(true)
  home.backlogMs = 60 * minuteMs
  home.wait(10)
  home.pass()
  expect(registry.isListed(ref)).toBe(true)
  home.backlogMs = 0
  home.wait(1)
  home.pass()
  expect(registry.isListed(ref)).toBe(false)
  expect(registry.tenant(tenants[0]!).knownFromMinute).toBe(writtenMinute + 1)
})

test.each([1, 2, 5, 9, 14, 20])('a series that comes back while others leave is listed once, and nobody waits for them: %i', (comesAt) => {
  const home = new Home({}, 1 << 30, 1)
  const { registry } = home
  for (let i = 0; i < 5_000; i++) home.write(0, set(i))
  home.wait(20)
  const pass = home.expiry.pass()
  while (!registry.life.isRemoving) pass.next()
  for (let step = 0; step < comesAt; step++) pass.next()
  const before = registry.life.restingCount
  const back = [0, 1, 2_100, 4_999].map((i) => registry.resolve(tenants[0]!, set(i)))
  expect(registry.life.isRemoving).toBe(true)
  expect(before - registry.life.restingCount).toBeLessThanOrEqual(back.length)
  const listed = (): number[] => [...registry.select(registry.tenant(tenants[0]!), [{ name: 'host', op: '=~', value: 'h(0|1|2100|4999)' }])]
  expect(listed()).toEqual(back)
  for (const _ of pass);
  expect(listed()).toEqual(back)
  expect(home.listed(0)).toEqual([0, 1, 2_100, 4_999].map((i) => JSON.stringify(set(i))).sort())
})

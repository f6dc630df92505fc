import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScope, type Tenant } from '../../kernel/scope.ts'
import { defaultSeriesLimits } from '../limits.ts'
import type { Labels, Matcher } from '../model.ts'
import { droppedByRule, notPlainAscii, type SeriesRules } from '../ports.ts'
import { normalizeLabels } from './labels.ts'
import { SeriesRegistry } from './registry.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }

function labels(pairs: Record<string, string>): Labels {
  const normalized = normalizeLabels(Object.entries(pairs))
  if (normalized.type === 'reject') throw new Error(normalized.reason)
  return normalized.labels
}

function open(limits: Partial<typeof defaultSeriesLimits> = {}): SeriesRegistry {
  return new SeriesRegistry({ ...defaultSeriesLimits, ...limits }, 7)
}

const value = fc.constantFrom('', 'a', 'b', 'ab', 'a.b', 'c', 'é')
const labelSet = fc.record({ __name__: fc.constantFrom('up', 'down'), job: value, host: value, 'odd name': value }).map(labels)
const pattern = fc.constantFrom('a', 'a|b', 'a.*', '.*', '.+', '', '[ab]+', 'a.b', '(a|c)?', 'nothing')
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({
    name: fc.constantFrom('__name__', 'job', 'host', 'odd name', 'none'),
    op: fc.constantFrom('=', '!='),
    value: fc.oneof(value, fc.constant('up')),
  }),
  fc.record({ name: fc.constantFrom('__name__', 'job', 'host', 'odd name', 'none'), op: fc.constantFrom('=~', '!~'), value: pattern }),
)

function naiveMatches(set: Labels, { name, op, value: want }: Matcher): boolean {
  const have = new Map(set).get(name) ?? ''
  if (op === '=') return have === want
  if (op === '!=') return have !== want
  const matches = new RegExp(`^(?:${want})$`, 'su').test(have)
  return op === '=~' ? matches : !matches
}

describe('select', () => {
  test('agrees with filtering all label sets', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(labelSet, fc.constantFrom(1, 2)), { maxLength: 60 }),
        fc.array(matcher, { maxLength: 4 }),
        (sets, matchers) => {
          const registry = open()
          const owners = new Map<number, { set: Labels; project: number }>()
          for (const [set, project] of sets) owners.set(registry.resolve({ organizationId: 1, projectId: project }, set), { set, project })
          for (const found of registry.tenantsOf(createScope(1, [1, 2]))) {
            const want = [...owners]
              .filter(([, { set, project }]) => project === found.tenant.projectId && matchers.every((one) => naiveMatches(set, one)))
              .map(([ref]) => ref)
              .sort((a, b) => a - b)
            expect([...registry.select(found, matchers)]).toEqual(want)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('works over long posting lists', () => {
    const registry = open()
    for (let i = 0; i < 5_000; i++)
      registry.resolve(tenant, labels({ __name__: 'up', host: `h${i}`, mod: `${i % 7}`, half: i < 2_500 ? 'low' : 'high' }))
    const [found] = registry.tenantsOf(createScope(1, [1]))
    const select = (...matchers: Matcher[]): number => registry.select(found!, matchers).length
    expect(select({ name: 'mod', op: '=', value: '3' })).toBe(714)
    expect(select({ name: 'mod', op: '=~', value: '3|4' }, { name: 'half', op: '=', value: 'low' })).toBe(714)
    expect(select({ name: 'host', op: '=~', value: 'h12.' })).toBe(10)
    expect(select({ name: '__name__', op: '=', value: 'up' }, { name: 'host', op: '!~', value: 'h.*' })).toBe(0)
    expect(select()).toBe(5_000)
  })

  test('a catastrophic pattern ends with an answer, a wrong one with a clear error', () => {
    const registry = open()
    registry.resolve(tenant, labels({ __name__: 'up', host: 'a'.repeat(10_000) }))
    const [found] = registry.tenantsOf(createScope(1, [1]))
    expect(registry.select(found!, [{ name: 'host', op: '=~', value: '(a+)+b' }]).length).toBe(0)
    expect(() => registry.select(found!, [{ name: 'host', op: '=~', value: '(' }])).toThrow(/metrics\.bad_regexp/)
  })
})

describe('resolve', () => {
  test('gives one ref per tenant and label set, and its labels back', () => {
    fc.assert(
      fc.property(fc.array(labelSet, { maxLength: 40 }), (sets) => {
        const registry = open()
        const refs = new Map<string, number>()
        for (const set of sets) {
          const key = JSON.stringify(set)
          const ref = registry.resolve(tenant, set)
          expect(ref).toBe(refs.get(key) ?? refs.size)
          refs.set(key, ref)
          expect(registry.labels(ref)).toEqual(set)
          expect(registry.findId(registry.idLow(ref), registry.idHigh(ref))).toBe(ref)
        }
        expect(registry.seriesCount).toBe(refs.size)
      }),
    )
  })

  test('keeps to the limits of a tenant and of all', () => {
    const registry = open({ perTenantMax: 2, totalMax: 3 })
    const one = (project: number, host: string): number =>
      registry.resolve({ organizationId: 1, projectId: project }, labels({ __name__: 'up', host }))
    expect([one(1, 'a'), one(1, 'b'), one(1, 'c'), one(1, 'a')]).toEqual([0, 1, -1, 0])
    expect([one(2, 'a'), one(2, 'b')]).toEqual([2, -1])
  })

  test('survives growing over its first columns', () => {
    const registry = open()
    for (let i = 0; i < 3_000; i++) expect(registry.resolve(tenant, labels({ __name__: `m${i % 10}`, i: `${i}` }))).toBe(i)
    expect(registry.labels(2_999)).toEqual([
      ['__name__', 'm9'],
      ['i', '2999'],
    ])
    expect(registry.metricHash(2_999)).toBe(registry.metricHash(9))
  })
})

describe('rows and times', () => {
  const minute = 60_000

  test('a new series needs a row, a durable one only when its row lags', () => {
    const registry = open()
    const ref = registry.resolve(tenant, labels({ __name__: 'up' }))
    expect(registry.isActive(ref, -Infinity, Infinity)).toBe(false)
    expect(registry.touch(ref, 1_000 * minute)).toBe(true)
    registry.markDurable(ref, registry.firstMinute(ref), registry.lastMinute(ref))
    expect(registry.touch(ref, 1_001 * minute)).toBe(false)
    expect(registry.touch(ref, (1_000 + 360) * minute)).toBe(false)
    expect(registry.touch(ref, (1_001 + 360) * minute)).toBe(true)
    expect(registry.touch(ref, 939 * minute)).toBe(true)
    expect(registry.isActive(ref, 900 * minute, 939 * minute - 1)).toBe(false)
    expect(registry.isActive(ref, 900 * minute, 939 * minute)).toBe(true)
    expect(registry.isActive(ref, (1_362 + 360) * minute, Infinity)).toBe(false)
  })

  test('a restored series is active around its row as far as rows may lag; a row with a wrong id is refused', () => {
    const first = open()
    const set = labels({ __name__: 'up', host: 'a' })
    const ref = first.resolve(tenant, set)
    const id = { low: first.idLow(ref), high: first.idHigh(ref) }
    const second = open()
    expect(second.restore(tenant, id, set, { firstMinute: 1_000, lastMinute: 1_100 })).toBe(0)
    expect(second.isActive(0, (1_100 + 360) * minute, Infinity)).toBe(true)
    expect(second.touch(0, 1_100 * minute)).toBe(false)
    expect(second.resolve(tenant, set)).toBe(0)
    expect(second.restore(tenant, { low: 1, high: 2 }, set, { firstMinute: 1, lastMinute: 1 })).toBe(-1)
    expect(second.restore({ organizationId: 1, projectId: 2 }, { ...id, low: id.low ^ 1 }, set, { firstMinute: 1, lastMinute: 1 })).toBe(-1)
  })
})

test('label bytes give the same series as the labels they are, and ask for strings when they are not plain ASCII', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '_', 'é'), minLength: 1, maxLength: 3 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '~', 'é'), maxLength: 4 })
  fc.assert(
    fc.property(fc.dictionary(name, text, { maxKeys: 6 }), fc.boolean(), (pairs, bytesFirst) => {
      const named = Object.entries({ ...pairs, __name__: 'up' }).sort(([a], [b]) => (a < b ? -1 : 1))
      const parts = named.flat().map((part) => Buffer.from(part))
      const ends = parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length + 3)
      const spans = Uint32Array.from(ends.flatMap((end, i) => [end - parts[i]!.length, end]))
      const bytes = Buffer.concat([Buffer.from('xyz'), ...parts])
      const registry = open()
      const wanted = labels(Object.fromEntries(named))
      if (!bytesFirst) registry.resolve(tenant, wanted)
      const ref = registry.resolveBytes(tenant, bytes, spans, named.length)
      const isPlain = wanted.every(([one, value]) => /^[ -~]*$/.test(one + value))
      expect(ref).toBe(isPlain ? 0 : notPlainAscii)
      if (!isPlain) return
      expect(registry.labels(ref)).toEqual(wanted)
      expect([registry.resolve(tenant, wanted), registry.seriesCount]).toEqual([0, 1])
    }),
  )
})

test('label bytes keep to the limits and to their tenant', () => {
  const registry = open({ perTenantMax: 1 })
  const bytes = Buffer.from('__name__up')
  const spans = Uint32Array.of(0, 8, 8, 10)
  expect(registry.resolveBytes(tenant, bytes, spans, 1)).toBe(0)
  expect(registry.resolveBytes(tenant, Buffer.from('__name__uq'), spans, 1)).toBe(-1)
  expect(registry.resolveBytes({ organizationId: 1, projectId: 2 }, bytes, spans, 1)).toBe(1)
})

test('a lone surrogate, as JSON may bring one, is the same series before and after a restart', () => {
  const sent = labels({ __name__: 'up', host: 'a\ud800' })
  const stored = labels({ __name__: 'up', host: 'a\ufffd' })
  const first = open()
  const ref = first.resolve(tenant, sent)
  expect(first.resolve(tenant, stored)).toBe(ref)
  const second = open()
  expect(second.restore(tenant, { low: first.idLow(ref), high: first.idHigh(ref) }, stored, { firstMinute: 1, lastMinute: 1 })).toBe(0)
  expect(second.resolve(tenant, sent)).toBe(0)
})

test('tenants do not see each other', () => {
  const registry = open()
  registry.resolve({ organizationId: 1, projectId: 1 }, labels({ __name__: 'up' }))
  registry.resolve({ organizationId: 2, projectId: 1 }, labels({ __name__: 'up' }))
  expect(registry.tenantsOf(createScope(1, [1, 2])).map((one) => one.tenant)).toEqual([{ organizationId: 1, projectId: 1 }])
  expect(registry.tenantsOf(createScope(3, [1]))).toEqual([])
  expect(registry.idLow(0)).not.toBe(registry.idLow(1))
})

describe('rules of a project', () => {
  const dropHost: SeriesRules = {
    has: ({ projectId }) => projectId === 1,
    rewrite: (_, set) => (new Map(set).get('__name__') === 'down' ? null : set.filter(([name]) => name !== 'host')),
  }
  const bytesOf = (set: Labels): { bytes: Buffer; spans: Uint32Array } => {
    const bytes = Buffer.from(set.flat().join(''))
    const spans: number[] = []
    let at = 0
    for (const text of set.flat()) spans.push(at, (at += text.length))
    return { bytes, spans: Uint32Array.from(spans) }
  }

  test('change what is stored, as strings and as bytes, of that project alone', () => {
    const registry = open()
    registry.useRules(dropHost)
    const set = labels({ __name__: 'up', host: 'a', job: 'j' })
    const ref = registry.resolve(tenant, set)
    expect(registry.labels(ref)).toEqual(labels({ __name__: 'up', job: 'j' }))
    const { bytes, spans } = bytesOf(labels({ __name__: 'up', host: 'b', job: 'j' }))
    expect(registry.resolveBytes(tenant, bytes, spans, 3)).toBe(ref)
    expect(registry.resolve(tenant, labels({ __name__: 'down' }))).toBe(droppedByRule)
    const other = registry.resolve({ organizationId: 1, projectId: 2 }, set)
    expect(registry.labels(other)).toEqual(set)
    expect(registry.seriesCount).toBe(2)
  })

  test('what was learned before they changed is forgotten, of that project alone', () => {
    const registry = open()
    const hashOf = (owner: Tenant, i: number): Uint32Array => Uint32Array.of(registry.tenantIndex(owner), i, 2, 3)
    const told: boolean[] = []
    const [mine, others] = [tenant, { organizationId: 1, projectId: 2 }].map((owner, i) => {
      const ref = registry.resolve(owner, labels({ __name__: 'up', host: `${i}` }))
      registry.remember(owner, 0, Buffer.from('raw'), 0, 3, ref)
      registry.rememberHash(hashOf(owner, i), 0, ref)
      return ref
    })
    registry.holdsRefs({ unlearn: (isGone) => told.push(isGone(mine!), isGone(others!)) })
    registry.forgetTenant(tenant)
    expect(registry.lookup(tenant, 0, Buffer.from('raw'), 0, 3)).toBe(-1)
    expect(registry.lookupHash(hashOf(tenant, 0), 0)).toBe(-1)
    expect(registry.lookup({ organizationId: 1, projectId: 2 }, 0, Buffer.from('raw'), 0, 3)).toBe(others)
    expect(registry.lookupHash(hashOf({ organizationId: 1, projectId: 2 }, 1), 0)).toBe(others)
    expect(told).toEqual([true, false])
    registry.remember(tenant, 0, Buffer.from('raw'), 0, 3, mine!)
    expect(registry.lookup(tenant, 0, Buffer.from('raw'), 0, 3)).toBe(mine)
  })
})

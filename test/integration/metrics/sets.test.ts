/** Sets over the real engine: distinct members by range, step and group, fresh, inserted and after a restart. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createUniqueStore, isThere, MetricsBatch, type CountUniqueRequest, type Labels } from '../../../apps/server/src/metrics/index.ts'
import { hashMember } from '../../../apps/server/src/metrics/sets/member-hash.ts'
import { setInserts } from '../../../apps/server/src/metrics/sets/inserts.ts'
import { decodeMetricsRecord } from '../../../apps/server/src/metrics/record/decode.ts'
import { encodeMetricsRecord } from '../../../apps/server/src/metrics/record/encode.ts'
import { createScope, type Tenant } from '../../../apps/server/src/kernel/scope.ts'
import {
  budget,
  live,
  openEngine,
  openStack,
  ref,
  scope,
  startMs,
  tenant,
  wipe,
  type EngineHome,
  type Stack,
  type StackOptions,
} from './metrics-stack.ts'

let home: EngineHome
let logDir: string

beforeAll(async () => {
  home = await openEngine()
})
beforeEach(async () => {
  await wipe(home.engine)
  logDir = mkdtempSync(join(tmpdir(), 'bellwether-sets-'))
  return () => rmSync(logDir, { recursive: true, force: true })
})
afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

const open = (options: Partial<StackOptions> = {}): Promise<Stack> => openStack({ engine: home.engine, logDir, ...options })
const bounds = { ...budget, signal: live }
const minute = 60_000

interface Seen {
  readonly labels: Record<string, string>
  readonly timeMs: number
  readonly members: Iterable<string>
}

function batchOfSets(stack: Stack, seen: readonly Seen[], owner: Tenant = tenant): MetricsBatch {
  const batch = new MetricsBatch()
  batch.reset(owner)
  const hash = { low: 0, high: 0 }
  for (const { labels, timeMs, members } of seen) {
    const series = ref(stack.ingest, owner, { __name__: 'users', ...labels })
    batch.sets.begin(series, timeMs)
    for (const member of members) {
      hashMember(member, hash)
      batch.sets.add(hash.low, hash.high)
      batch.pointsReceived++
    }
  }
  return batch
}

function* people(from: number, to: number): Generator<string> {
  for (let at = from; at < to; at++) yield `user-${at}`
}

const users: CountUniqueRequest = {
  matchers: [{ name: '__name__', op: '=', value: 'users' }],
  fromMs: startMs,
  toMs: startMs + 60 * minute,
  stepMs: null,
  groupBy: [],
}

/** Group labels as text → counts. */
async function counted(stack: Stack, request: Partial<CountUniqueRequest> = {}, asked = scope): Promise<Record<string, number[]>> {
  const { groups, counts, startsMs } = await stack.uniques.countUnique(asked, { ...users, ...request }, bounds)
  const steps = startsMs.length
  return Object.fromEntries(groups.map((labels, at) => [labels.join(), [...counts.subarray(at * steps, (at + 1) * steps)]]))
}

function expectNear(is: number | undefined, wanted: number): void {
  expect(Math.abs((is ?? 0) - wanted) / wanted).toBeLessThan(0.02)
}

describe.each([
  ['not inserted yet', { withoutWriter: true }, false],
  ['inserted', {}, true],
] as const)('%s', (_, options, drains) => {
  async function filled(seen: readonly Seen[], owner?: Tenant): Promise<Stack> {
    const stack = await open(options)
    await stack.ingest.accept(batchOfSets(stack, seen, owner), 0)
    if (drains) await stack.drain()
    return stack
  }

  test('few members are counted exactly: over a range, by step and by group', async () => {
    await using stack = await filled([
      { labels: { path: '/a', host: '1' }, timeMs: startMs, members: people(0, 100) },
      { labels: { path: '/a', host: '2' }, timeMs: startMs + minute, members: people(50, 150) },
      { labels: { path: '/b' }, timeMs: startMs + 5 * minute, members: people(0, 30) },
    ])
    expect(await counted(stack)).toEqual({ '': [150] })
    expect(await counted(stack, { groupBy: ['path'] })).toEqual({ 'path,/a': [150], 'path,/b': [30] })
    expect(await counted(stack, { groupBy: ['host'] })).toEqual({ 'host,1': [100], 'host,2': [100], '': [30] })
    expect(await counted(stack, { toMs: startMs + 6 * minute, stepMs: 2 * minute, groupBy: ['path'] })).toEqual({
      'path,/a': [150, 0, 0],
      'path,/b': [0, 0, 30],
    })
    expect(await counted(stack, { fromMs: startMs + minute, toMs: startMs + 2 * minute })).toEqual({ '': [100] })
    const onlyB = [...users.matchers, { name: 'path', op: '=~', value: '/b|/c' } as const]
    expect(await counted(stack, { matchers: onlyB })).toEqual({ '': [30] })
    expect(await counted(stack, { fromMs: startMs + 30 * minute })).toEqual({})
  })

  test('many members within 2 %, united over series and minutes', async () => {
    const wide: Seen[] = Array.from({ length: 10 }, (__, at) => ({
      labels: { host: String(at % 3) },
      timeMs: startMs + at * minute,
      members: people(at * 5_000, at * 5_000 + 8_000),
    }))
    await using stack = await filled(wide)
    expectNear((await counted(stack))['']?.[0], 53_000)
    const steps = (await counted(stack, { toMs: startMs + 10 * minute, stepMs: minute }))['']
    for (const count of steps ?? []) expectNear(count, 8_000)
    expectNear((await counted(stack, { groupBy: ['host'] }))['host,0']?.[0], 32_000)
  })

  test('only the projects of the scope are counted', async () => {
    const other = { organizationId: 1, projectId: 2 }
    await using stack = await filled([{ labels: {}, timeMs: startMs, members: people(0, 10) }], other)
    expect(await counted(stack)).toEqual({})
    expect(stack.uniques.isSet(scope, 'users')).toBe(false)
    expect(await counted(stack, {}, createScope(1, [1, 2]))).toEqual({ '': [10] })
    expect(stack.uniques.isSet(createScope(1, [2]), 'users')).toBe(true)
    expect(await counted(stack, {}, createScope(2, [2]))).toEqual({})
  })
})

test('members in memory and in the engine are united; a repeated member counts once', async () => {
  {
    await using stack = await open()
    await stack.ingest.accept(batchOfSets(stack, [{ labels: {}, timeMs: startMs, members: people(0, 300) }]), 0)
    await stack.drain()
  }
  await using stack = await open({ withoutWriter: true })
  expect(await counted(stack)).toEqual({ '': [300] })
  await stack.ingest.accept(batchOfSets(stack, [{ labels: {}, timeMs: startMs, members: people(250, 400) }]), 0)
  expect(await counted(stack)).toEqual({ '': [400] })
})

test('what was acknowledged and not inserted is found in the log after a restart, then inserted once', async () => {
  {
    await using stack = await open({ withoutWriter: true })
    await stack.ingest.accept(batchOfSets(stack, [{ labels: { a: 'b' }, timeMs: startMs, members: people(0, 77) }]), 0)
  }
  await using stack = await open()
  expect(await counted(stack)).toEqual({ '': [77] })
  await stack.drain()
  expect(await counted(stack)).toEqual({ '': [77] })
  expect(stack.uniques.isSet(scope, 'users')).toBe(true)
  expect(stack.conservation.rows()).toMatchObject([{ received: 77, stored: 77, queued: 0 }])
})

test('an insert is found by what it holds, also when another one of the same minute came between', async () => {
  await using stack = await open({ withoutWriter: true })
  const inserts = ([people(0, 5), people(5, 9)] as const).map((members) => {
    const batch = batchOfSets(stack, [{ labels: {}, timeMs: startMs, members }])
    const record = decodeMetricsRecord(encodeMetricsRecord(batch, stack.registry, [], []))
    return setInserts([{ tenant, record }])[0]!
  })
  const [first, second] = [inserts[0]!, inserts[1]!]
  await home.engine.insertNative({ ...second, token: 'second' })
  expect(await isThere(home.engine, first.probe, live)).toBe(false)
  await home.engine.insertNative({ ...first, token: 'first' })
  await home.engine.insertNative({ ...first, token: 'first' })
  expect(await isThere(home.engine, first.probe, live)).toBe(true)
  await home.engine.command('OPTIMIZE TABLE sets FINAL')
  expect(await isThere(home.engine, first.probe, live)).toBe(true)
  expect(await isThere(home.engine, second.probe, live)).toBe(true)
})

test('what retention or a deletion hides is not counted', async () => {
  await using stack = await open()
  const seen = ['a', 'b', 'c'].map((host, at) => ({ labels: { host }, timeMs: startMs + minute, members: people(at * 10, at * 10 + 10) }))
  await stack.ingest.accept(batchOfSets(stack, seen), 0)
  const cuts = new Map([
    ['a', startMs + minute],
    ['b', startMs + minute - 1],
    ['c', startMs + 100 * minute],
  ])
  const hidden = {
    concerns: () => true,
    cutOf: (_: Tenant, labels: Labels) => ({ samplesMs: cuts.get(labels.find(([name]) => name === 'host')?.[1] ?? '') ?? 0 }),
  }
  const uniques = createUniqueStore({ engine: home.engine, registry: stack.registry, sets: stack.sets, hidden })
  for (const drains of [false, true]) {
    if (drains) await stack.drain()
    const { groups, counts } = await uniques.countUnique(scope, { ...users, groupBy: ['host'] }, bounds)
    expect([groups, [...counts]]).toEqual([[[['host', 'b']]], [10]])
  }
})

test('too many series and too many counts are refused', async () => {
  await using stack = await open({ withoutWriter: true })
  const seen = Array.from({ length: 5 }, (_, at) => ({ labels: { at: String(at) }, timeMs: startMs, members: ['x'] }))
  await stack.ingest.accept(batchOfSets(stack, seen), 0)
  await expect(stack.uniques.countUnique(scope, users, { ...bounds, seriesMax: 4 })).rejects.toMatchObject({
    code: 'query.too_many_series',
  })
  const many = { ...users, stepMs: minute, groupBy: ['at'] }
  await expect(stack.uniques.countUnique(scope, many, { ...bounds, samplesMax: 299 })).rejects.toMatchObject({
    code: 'query.too_many_samples',
  })
  expect((await stack.uniques.countUnique(scope, many, { ...bounds, samplesMax: 300 })).counts).toHaveLength(300)
})

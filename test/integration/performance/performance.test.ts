/** Performance on real engines: what the background run finds in stored rows and traces, what becomes of findings, deploys, the report. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { operatorScope, type Access } from '../../../apps/server/src/accounts/index.ts'
import { runClickHouseMigrations, runPostgresMigrations } from '../../../apps/server/src/engines/index.ts'
import { systemClock, type Clock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import {
  openPerformance,
  PerformanceAnalyzer,
  performanceMigrations,
  type Look,
  type OpenedPerformance,
} from '../../../apps/server/src/performance/index.ts'
import { Dice, madeTrace, query, served } from '../../../apps/server/src/performance/testing/made-traces.ts'
import { quietShape, SimulatedOperation } from '../../../apps/server/src/performance/testing/simulated-operation.ts'
import { createTraceReads, tracesMigrations } from '../../../apps/server/src/traces/index.ts'
import { bearer, fresh, settings } from '../accounts/accounts-stack.ts'
import { openTestPostgres, type TestPostgres } from '../accounts/test-postgres.ts'
import { openEngine, type EngineHome } from '../metrics/metrics-stack.ts'
import { storeOperation, storeTraces } from './stored-operations.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const startMs = Math.floor(Date.now() / hourMs) * hourMs
const ours = { organizationId: 1, projectId: 1 }
const elsewhere = { organizationId: 1, projectId: 2 }
const traceId = 'ab'.repeat(16)
const spanId = 'cd'.repeat(8)
/** The same at every hour of every day: these tests run at all of them. */
const shape = { ...quietShape, dailyFactor: 1, trafficSwing: 0, weekendShare: 1 }

let postgres: TestPostgres
let home: EngineHome
let performance: OpenedPerformance
let access: Access
let nowMs = startMs
let closeAccounts: () => Promise<void>

beforeAll(async () => {
  ;[postgres, home] = await Promise.all([openTestPostgres(), openEngine()])
  const { pool, accounts } = await fresh(postgres)
  closeAccounts = async () => await accounts[Symbol.asyncDispose]()
  await runPostgresMigrations(pool, performanceMigrations)
  await runClickHouseMigrations(home.engine, pool, tracesMigrations)
  const clock: Clock = { ...systemClock, nowMs: () => nowMs }
  const reads = createTraceReads({ keeping: { keepDays: () => 30 }, clock })
  performance = openPerformance({ engine: home.engine, reads, pool, scopeOf: operatorScope, clock, logger: silentLogger })
  const caller = await bearer(accounts, settings.adminToken ?? '')
  access = await accounts.gatekeeper.project(caller, '1', 'admin')
  // 100 minutes: a new version makes it three times as slow half an hour before now.
  const checkout = new SimulatedOperation({ ...shape, seed: 5 }, startMs - 100 * minuteMs, 100, {
    atMs: startMs - 30 * minuteMs,
    latencyFactor: 3,
    errorRate: null,
    trafficFactor: 1,
  })
  const release = (timeMs: number): string => (timeMs >= startMs - 30 * minuteMs ? '2.0.0' : '1.9.0')
  const common = { kind: 2, release, traceId, spanId }
  const steps = checkout.steps(startMs - 100 * minuteMs, startMs, minuteMs)
  await storeOperation(home.engine, { ...common, tenant: ours, service: 'shop', operation: 'POST /checkout' }, steps)
  const calm = new SimulatedOperation({ ...shape, seed: 6, wander: 0, spikeChance: 0 }, startMs - 100 * minuteMs, 100).steps(
    startMs - 100 * minuteMs,
    startMs,
    minuteMs,
  )
  await storeOperation(home.engine, { ...common, tenant: ours, service: 'shop', operation: 'GET /calm' }, calm)
  await storeOperation(home.engine, { ...common, tenant: elsewhere, service: 'secret', operation: 'GET /theirs' }, calm)
})
afterEach(() => {
  nowMs = startMs
})
afterAll(async () => {
  await closeAccounts?.()
  await home?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

const { signal } = new AbortController()
const look = (what: Look): Promise<void> => performance.analyzer.look(ours, what, signal)
const all = { state: 'all', finding: null, service: null, operation: null, limit: 100, cursor: null } as const
const range = { from: 'now-3h', to: 'now' }

describe('a deploy that makes an operation slow', () => {
  test('shows itself by its version, and is what fits the regression', async () => {
    expect(performance.analyzer).toBeInstanceOf(PerformanceAnalyzer)
    await look('versions')
    const deploys = await performance.desk.deploys(access, { ...range, service: null })
    expect(deploys).toMatchObject([{ version: '2.0.0', service: 'shop', source: 'spans', atMs: startMs - 30 * minuteMs }])
    await look('deploy')
    const { items } = await performance.desk.findings(access, all)
    expect(items).toMatchObject([
      {
        finding: 'latency_regression',
        state: 'new',
        service: 'shop',
        operation: 'POST /checkout',
        kind: 2,
        cause: { version: '2.0.0', service: 'shop' },
        example: { traceId, spanIds: [spanId] },
        stateChangedBy: null,
      },
    ])
    expect(Math.abs((items[0]?.changeMs ?? 0) - (startMs - 30 * minuteMs))).toBeLessThanOrEqual(3 * minuteMs)
  })

  test('is known once someone says so, stays resolved while nothing new is seen, and returns with the next change', async () => {
    const [finding] = (await performance.desk.findings(access, all)).items
    const id = finding?.id ?? ''
    expect(await performance.desk.changeFinding(access, id, 'known')).toMatchObject({ state: 'known', stateChangedBy: expect.any(String) })
    await look('deploy')
    expect(await performance.desk.finding(access, id)).toMatchObject({ state: 'known' })
    nowMs = Date.now() + 1000
    await performance.desk.changeFinding(access, id, 'resolved')
    await look('deploy')
    expect(await performance.desk.finding(access, id)).toMatchObject({ state: 'resolved' })
    expect((await performance.desk.findings(access, { ...all, state: 'open' })).items).toEqual([])
    // Two hours later: as fast as ever, until a deploy that someone tells of.
    const later = startMs + 3 * hourMs
    const again = new SimulatedOperation({ ...shape, seed: 8 }, later - 110 * minuteMs, 110, {
      atMs: later - 20 * minuteMs,
      latencyFactor: 3,
      errorRate: null,
      trafficFactor: 1,
    })
    const release = (): string => '2.0.0'
    const what = { tenant: ours, service: 'shop', operation: 'POST /checkout', kind: 2, release, traceId, spanId }
    await storeOperation(home.engine, what, again.steps(later - 110 * minuteMs, later, minuteMs))
    nowMs = later + minuteMs
    const draft = { version: '2.1.0', service: null, environment: null, atMs: later - 20 * minuteMs, url: null, note: 'by hand' }
    await performance.desk.addDeploy(access, draft)
    await look('deploy')
    expect(await performance.desk.finding(access, id)).toMatchObject({
      state: 'returned',
      cause: { version: '2.1.0', service: null, source: 'api' },
    })
  })

  test('pages of findings are stable, and what is none is said to be none', async () => {
    await expect(performance.desk.finding(access, '999999')).rejects.toMatchObject({ code: 'performance.finding_not_found' })
    await expect(performance.desk.finding(access, 'x')).rejects.toMatchObject({ code: 'performance.finding_not_found' })
    await expect(performance.desk.findings(access, { ...all, cursor: 'x' })).rejects.toMatchObject({ code: 'performance.bad_cursor' })
    await expect(performance.desk.operations(access, { ...operationsAsked, from: 'soon' }, signal)).rejects.toMatchObject({
      code: 'performance.bad_range',
    })
  })
})

const operationsAsked = {
  ...range,
  service: null,
  operation: null,
  kind: null,
  search: null,
  order: 'time',
  limit: 10,
  apdexMs: 500,
} as const

describe('operations', () => {
  test('have figures and trends, and are those of the project', async () => {
    const { items, total, stepMs, isPartial } = await performance.desk.operations(access, operationsAsked, signal)
    expect(items.map(({ operation }) => operation)).toEqual(['POST /checkout', 'GET /calm'])
    expect({ total, isPartial }).toEqual({ total: 2, isPartial: false })
    const [checkout] = items
    expect(checkout?.openFindings).toBe(1)
    expect(checkout?.now.count).toBeGreaterThan(500)
    expect(checkout?.now.perMinute).toBeCloseTo((checkout?.now.count ?? 0) / 180, 6)
    expect(checkout?.trend.p50Ms.length).toBe(Math.round((3 * hourMs) / stepMs))
    const known = checkout?.trend.p50Ms.filter((value) => value !== null) ?? []
    expect((known.at(-1) ?? 0) / (known[0] ?? 1)).toBeGreaterThan(2)
    const searched = await performance.desk.operations(access, { ...operationsAsked, search: 'CALM' }, signal)
    expect(searched.items.map(({ operation }) => operation)).toEqual(['GET /calm'])
  })

  test('the time before is as long as the range, wherever that begins', async () => {
    const what = { tenant: ours, service: 'even', operation: 'GET /even', kind: 2, release: () => '1', traceId, spanId }
    const firstMs = startMs - 40 * hourMs
    const rows = Array.from({ length: 40 * 12 }, (_, nth) => ({
      timeMs: firstMs + nth * 5 * minuteMs,
      count: 10,
      errors: 0,
      totalMs: 100,
      lowersMs: [8],
      uppersMs: [10],
      counts: [10],
    }))
    await storeOperation(home.engine, what, rows)
    for (const [fromMinutes, toMinutes] of [
      [115, 55],
      [240, 60],
      [1000, 55],
      [1140, 60],
    ] as const) {
      const asked = {
        from: new Date(startMs - fromMinutes * minuteMs).toISOString(),
        to: new Date(startMs - toMinutes * minuteMs).toISOString(),
        service: 'even',
      }
      const calls = (fromMinutes - toMinutes) * 2
      const { items } = await performance.desk.operations(access, { ...operationsAsked, ...asked }, signal)
      expect([items[0]?.now.count, items[0]?.before?.count], asked.from).toEqual([calls, calls])
      const report = await performance.desk.report(access, { ...asked, apdexMs: 500 }, signal)
      expect([report.now.count, report.before?.count]).toEqual([calls, calls])
      expect(report.beforeFromMs).toBe(startMs - (2 * fromMinutes - toMinutes) * minuteMs)
    }
  })

  test('the report sets the last half hour against the one before', async () => {
    const asked = { from: 'now-30m', to: 'now', service: null, apdexMs: 500 }
    const report = await performance.desk.report(access, asked, signal)
    expect(report.slower.map(({ operation }) => operation)).toEqual(['POST /checkout'])
    expect(report.slower[0]?.lostMs).toBeGreaterThan(10_000)
    expect(report.faster).toEqual([])
    expect(report.deploys).toMatchObject([{ version: '2.0.0' }])
    expect(report.found).toMatchObject([{ finding: 'latency_regression' }])
    expect((await performance.desk.report(access, { ...asked, service: 'nobody' }, signal)).now.count).toBe(0)
  })
})

describe('traces', () => {
  test('N+1 and slow queries are found in what is stored', async () => {
    const dice = new Dice(3)
    const traces = Array.from({ length: 6 }, (_, nth) =>
      madeTrace(
        {
          service: 'shop',
          startMs: startMs - (nth + 2) * minuteMs,
          entry: served('/orders', '/orders', [
            query("SELECT * FROM orders WHERE note = 'it''s'", 900 + nth),
            ...Array.from({ length: 12 }, () => query('SELECT * FROM customers WHERE id = $1', 6)),
          ]),
        },
        dice,
      ),
    )
    await storeTraces(home.engine, ours, traces)
    await look('traces')
    await look('traces')
    const { items } = await performance.desk.findings(access, { ...all, operation: 'GET /orders' })
    expect(items.map(({ finding, subject, state }) => [finding, subject, state]).sort()).toEqual([
      ['n_plus_one', 'SELECT * FROM customers WHERE id = ?', 'new'],
      ['slow_query', 'SELECT * FROM orders WHERE note = ?', 'new'],
    ])
    for (const { example, occurrences } of items) {
      expect(traces.map(({ traceId: id }) => id)).toContain(example?.traceId)
      // The second look saw the same traces.
      expect(occurrences).toBe(6)
    }
  })

  test('what is not seen for a week is over', async () => {
    nowMs = startMs + 8 * 24 * hourMs
    await look('traces')
    const { items } = await performance.desk.findings(access, { ...all, operation: 'GET /orders' })
    expect(items.map(({ state, stateChangedBy }) => [state, stateChangedBy])).toEqual([
      ['resolved', null],
      ['resolved', null],
    ])
  })
})

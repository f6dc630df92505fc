/**
 * One story through all parts: a service that knows nothing of Bellwether, watched by OpenTelemetry's instrumentation, has a slow query.
 * It becomes a finding with its trace, the logs open from the span, and the metric of the operation names the trace.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  performanceFindingSchema,
  redSeriesSchema,
  traceObjectsSchema,
  type PerformanceFinding,
  type SpanOfTrace,
} from '@bellwether/protocol'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openPostgres, type PostgresEngine } from '../../apps/server/src/engines/index.ts'
import { systemClock } from '../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../apps/server/src/kernel/log.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { enterFirst, keepPicture, launchBrowser, visit } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'
import { startWatchedService, type WatchedService } from './watched-service/start.ts'

const project = '/api/0/projects/1'
const pageOf = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item) })
const logRow = z.object({ body: z.string(), spanId: z.string().nullable(), attributes: z.record(z.string(), z.string()) })

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('a slow query in a service that others instrumented', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-crossing-'))
  let postgres: PostgresEngine
  let bellwether: RunningBellwether
  let service: WatchedService
  let browser: Browser
  let finding: PerformanceFinding
  let spans: readonly SpanOfTrace[]

  beforeAll(async () => {
    ;[postgres, bellwether, browser] = await Promise.all([
      openPostgres({ url: null, dataDir: folder, logger: silentLogger, clock: systemClock }),
      startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } }),
      launchBrowser(),
    ])
    service = await startWatchedService(bellwether, postgres.connectionString)
  })
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]()
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  async function ask<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const response = await bellwether.fetch(`${project}${path}`)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return shape.parse(JSON.parse(text))
  }

  test('is a finding, with an example trace that has the query in it', async () => {
    for (let round = 0; round < 12; round++) {
      expect(await service.get(`/orders/${round}`)).toBe(200)
      expect(await service.get('/report')).toBe(200)
    }
    expect(await service.get('/broken')).toBe(500)
    finding = await until(
      'the finding',
      async () => (await ask('/performance/findings?finding=slow_query', pageOf(performanceFindingSchema))).items[0] ?? null,
      150_000,
    )
    expect(finding).toMatchObject({ service: 'orders', state: 'new' })
    expect(finding.subject).toContain('open_orders(?)')
    const trace = await ask(`/traces/${finding.example?.traceId ?? ''}`, traceObjectsSchema)
    ;({ spans } = trace)
    expect(trace.services.map((one) => one.service)).toEqual(['orders'])
    const query = spans.find(({ spanId }) => finding.example?.spanIds.includes(spanId))
    expect(query?.durationMs).toBeGreaterThan(500)
    expect(spans.some(({ kind, name }) => kind === 'server' && name.startsWith('GET'))).toBe(true)
  })

  test('its logs are those of the request: winston’s line under the span of the server', async () => {
    const traceId = finding.example?.traceId ?? ''
    const { items } = await ask(`/traces/${traceId}/logs`, pageOf(logRow))
    expect(items.map(({ body }) => body)).toEqual(['the report took its time'])
    expect(items[0]?.attributes['orders']).toBe('983')
    expect(spans.map(({ spanId }) => spanId)).toContain(items[0]?.spanId)
  })

  test('the metric of the operation names a trace of it', async () => {
    const root = spans.find(({ kind }) => kind === 'server')
    const series = await ask(
      `/services/orders/series?operation=${encodeURIComponent(root?.name ?? '')}&from=now-15m&to=now`,
      redSeriesSchema,
    )
    expect(series.figures.count).toBeGreaterThan(10)
    const slow = series.exemplars.filter(({ durationMs }) => durationMs > 500)
    expect(slow.length).toBeGreaterThan(0)
    const trace = await ask(`/traces/${slow[0]?.traceId ?? ''}`, traceObjectsSchema)
    expect(trace.durationMs).toBeGreaterThan(500)
  })

  test('pino’s lines and errors are there, with their fields', async () => {
    const query = async (text: string) => {
      const response = await bellwether.fetch(`${project}/logs/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text, from: 'now-15m', to: 'now' }),
      })
      return pageOf(logRow).parse(await response.json()).items
    }
    expect((await query('service:orders "was looked up"')).length).toBe(12)
    expect((await query('order:7')).map(({ body }) => body)).toEqual(['order 7 was looked up'])
    expect((await query('severity:error')).map(({ body }) => body)).toContain('no order: the drawer is stuck')
  })

  test('a newcomer finds the cause from the overview in five clicks', async () => {
    await using visitor = await visit(browser, { theme: 'light' })
    const { page } = visitor
    await enterFirst(visitor, () => bellwether.stdout(), 'correct horse battery staple')
    await page.goto(`${bellwether.url}/p/1`)
    await page.getByRole('link', { name: finding.title }).first().click()
    await page.getByRole('link', { name: 'Example trace' }).waitFor()
    await keepPicture(page, 'crossing-1-finding')
    await page.getByRole('link', { name: 'Example trace' }).click()
    await page.getByText('open_orders').first().waitFor()
    await keepPicture(page, 'crossing-2-trace')
    await page.getByRole('treeitem', { name: /GET/ }).first().click()
    await page.getByText('the report took its time').first().waitFor()
    await keepPicture(page, 'crossing-3-logs')
    expect(visitor.troubles).toEqual([])
  })
})

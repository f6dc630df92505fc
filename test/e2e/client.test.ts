/** The client library against the started program: in this process, in programs that end, and on a page of another origin that is left. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetricsCollector, type Refusal } from '../../packages/client/src/index.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { launchBrowser, visit } from '../support/browser.ts'
import { chromiumPath } from '../support/services.ts'
import { until } from '../support/wait.ts'

const dist = join(import.meta.dirname, '../../packages/client/dist')

let program: RunningBellwether

beforeAll(async () => {
  program = await startBellwether()
})
afterAll(async () => {
  await program[Symbol.asyncDispose]()
})

async function total(metric: string, operation: string): Promise<unknown> {
  const answer = await program.fetch('/api/0/projects/1/metrics/query', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ metric, operation, from: 'now-1h', interval: '1h' }),
  })
  const body = (await answer.json()) as { groups?: { total: unknown }[] }
  return body.groups?.[0]?.total ?? null
}

describe('in a program', () => {
  test('records every type, hears of refusals, and reads back', async () => {
    const refused: Refusal[] = []
    const collector = createMetricsCollector({
      url: program.url,
      project: 1,
      token: program.adminToken,
      tags: { app: 'shop' },
      onRefused: (some) => refused.push(...some),
    })
    for (let order = 0; order < 2500; order++)
      collector.record({ name: 'orders', type: 'counter', value: 1, tags: { city: order % 2 ? 'Oslo' : 'Bergen' } })
    for (const ms of [10, 20, 30]) collector.recordMetric('d:custom/render@millisecond', ms)
    collector.record({ name: 'queue', type: 'gauge', value: 4 })
    for (const user of ['ada', 'bob', 'ada']) collector.record({ name: 'visitors', type: 'set', value: user })
    collector.record({ name: 'orders', type: 'counter', value: -1 })
    await collector.flush()
    expect(collector.stats()).toEqual({ buffered: 0, accepted: 2507, refused: 1, dropped: 0 })
    expect(refused).toMatchObject([{ name: 'orders', reason: 'counter_negative' }])
    expect([await total('orders', 'sum'), await total('render', 'sum'), await total('visitors', 'count_unique')]).toEqual([2500, 60, 2])
    const range = { from: 'now-1h', interval: '1h' }
    const cities = await collector.getMetrics('orders', range)
    const sums = cities.map(({ tags, points }) => [tags['city'], tags['app'], points.reduce((sum, { value }) => sum + value, 0)])
    expect(sums.sort()).toEqual([
      ['Bergen', 'shop', 1250],
      ['Oslo', 'shop', 1250],
    ])
    expect((await collector.getMetrics('orders', range, { city: 'Oslo' })).length).toBe(1)
    const averages = (await collector.getMetrics('d:custom/render@millisecond', range)).flatMap(({ points }) => points)
    expect(averages.map(({ value }) => Math.round(value))).toEqual([20])
    await expect(collector.getMetrics('nothing', range)).rejects.toThrow('404')
    await collector.close()
  })

  test.each([
    ['by itself', '', 0, null],
    ['when it is told to', 'setInterval(() => {}, 1000); process.stdout.write("up")', null, 'SIGTERM'],
  ])('one that ends %s sends what it has left', async (how, more, code, signal) => {
    const name = how.replaceAll(' ', '_')
    const options = JSON.stringify({ url: program.url, project: 1, key: program.ingestKey, flushOnExit: true })
    const script = `
      import { createMetricsCollector } from ${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)}
      const collector = createMetricsCollector(${options})
      for (let i = 0; i < 10; i++) collector.record({ name: '${name}', type: 'counter', value: 1 })
      ${more}`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<[number | null, string | null]>((resolve) => child.on('exit', (...end) => resolve(end)))
    if (signal === 'SIGTERM') child.stdout.once('data', () => child.kill('SIGTERM'))
    expect(await ended).toEqual([code, signal])
    expect(await total(name, 'sum')).toBe(10)
  })
})

describe.skipIf(chromiumPath === null)('on a page of another origin', () => {
  let browser: Browser
  let pages: Server

  beforeAll(async () => {
    browser = await launchBrowser()
    pages = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://page').pathname
      const isScript = path.endsWith('.js')
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      if (isScript) response.end(readFileSync(join(dist, path.slice(1))))
      else response.end(path === '/favicon.ico' ? '' : `<!doctype html><title>A shop</title><p>${path}</p>`)
    })
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    await browser.close()
    pages.closeAllConnections()
    pages.close()
  })

  test('what it records arrives, also when it is left at once', async () => {
    const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
    await using visited = await visit(browser, { theme: 'light' })
    const { page } = visited
    await page.goto(`${origin}/shop`)
    const options = JSON.stringify({ url: program.url, project: 1, key: program.ingestKey, tags: { page: 'shop' } })
    // As text: what is compiled for tests cannot import on a page.
    const stats = await page.evaluate(`import('/index.js').then(async ({ createMetricsCollector }) => {
      const collector = createMetricsCollector(${options})
      const click = () => collector.record({ name: 'clicks', type: 'counter', value: 1 })
      for (let i = 0; i < 5; i++) click()
      await collector.flush()
      // Left for the end of the page.
      click()
      click()
      return collector.stats()
    })`)
    expect(stats).toEqual({ buffered: 2, accepted: 5, refused: 0, dropped: 0 })
    expect(await total('clicks', 'sum')).toBe(5)
    await page.goto(`${origin}/elsewhere`)
    await until('the clicks of the page that was left', async () => (await total('clicks', 'sum')) === 7)
    expect(visited.troubles).toEqual([])
  })
})

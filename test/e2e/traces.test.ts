/** Traces and services in Chromium, sent over OTLP: from the lesson without data to the span that failed, by pointer and by keyboard. */
import { tracesAnswerSchema } from '@bellwether/protocol'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'
import {
  failedOrders,
  failedPayment,
  goodOrders,
  itemsOfCart,
  oddTrace,
  sendLargeTrace,
  sendSpans,
  shopSpans,
  traceIdOf,
} from './traced-shop.ts'

const password = 'correct horse battery staple'
const largeCount = 20_000

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('traces and services', () => {
  let bellwether: RunningBellwether
  let browser: Browser
  let signedIn: NonNullable<VisitOptions['state']>

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
    browser = await launchBrowser()
    await using visitor = await visit(browser, { theme: 'light' })
    await enterFirst(visitor, () => bellwether.stdout(), password)
    signedIn = await visitor.page.context().storageState()
    const status = await sendSpans(bellwether, shopSpans(Date.now()))
    if (status !== 200) throw new Error(`the spans were answered ${status}`)
    // Searches see spans once they are in the engine; a page asks when it is opened.
    await until('the spans to be there', async () => (await failedTraces()) === failedOrders || null)
  })
  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  async function open(page: Page, address: string, project = '1'): Promise<void> {
    await page.goto(`${bellwether.url}/p/${project}${address}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  /** A project of a test's own, beside the shop's. */
  async function newProject(name: string): Promise<{ id: string; url: string; ingestKey: string }> {
    const { id } = await made('/api/0/organizations/1/projects', name, z.object({ id: z.string() }))
    const { key } = await made(`/api/0/projects/${id}/keys`, name, z.object({ key: z.string() }))
    return { id, url: bellwether.url, ingestKey: key }
  }

  async function made<T>(path: string, name: string, shape: z.ZodType<T>): Promise<T> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name }) }
    return shape.parse(await (await bellwether.fetch(path, init)).json())
  }

  const tracesIn = (page: Page): Locator => page.getByRole('table', { name: 'traces' }).locator('tbody [data-row]')
  const tree = (page: Page): Locator => page.getByRole('tree')
  const rowsIn = (page: Page): Locator => page.getByRole('treeitem')

  async function failedTraces(): Promise<number> {
    const response = await bellwether.fetch('/api/0/projects/1/traces/search', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'service:payment status:error' }),
    })
    return tracesAnswerSchema.parse(await response.json()).items.length
  }

  test('without spans it teaches, and what it says works', async () => {
    const { id, ingestKey } = await newProject('Untraced')
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '/services', id)
    await page.getByRole('heading', { name: 'No span in' }).waitFor()
    await open(page, '/explore/traces', id)
    await page.getByText(ingestKey).first().waitFor()
    await keepPicture(page, 'traces-empty')
    await page.getByText('curl', { exact: true }).click()
    const snippet = await page.getByLabel('curl', { exact: true }).locator('code').innerText()
    const { stdout } = await promisify(execFile)('bash', ['-c', snippet])
    expect(stdout).toContain('200 OK')
    await tracesIn(page).first().waitFor()
    expect(await tracesIn(page).first().innerText()).toContain('GET /cart')
    expect(visitor.troubles).toEqual([])
  })

  test('from the search to the span that failed, its exception and its attributes', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '/explore/traces')
    await until('all traces counted', async () => (await page.getByText(/\d failed/).count()) > 0 || null)
    await keepPicture(page, 'traces-search')
    const field = page.getByRole('textbox', { name: 'Search traces' })
    await field.fill('service:payment status:error')
    await field.press('Enter')
    await page.waitForURL(/q=service:payment/)
    await until('only failed traces', async () => (await tracesIn(page).count()) === failedOrders || null)
    expect(await axeViolations(page)).toEqual([])
    await page.getByText('Slowest', { exact: true }).click()
    await page.waitForURL(/order=slowest/)
    await tracesIn(page).first().getByRole('link').click()
    await page.waitForURL(/explore\/traces\/[0-9a-f]{32}\?.*span=/)
    const panel = page.getByRole('complementary', { name: 'Span' })
    await panel.getByText(failedPayment.type).first().waitFor()
    await panel.getByText('payment.js:41:11').waitFor()
    await panel.getByText('order.id').waitFor()
    await keepPicture(page, 'trace-failed')
    expect(await axeViolations(page)).toEqual([])
    await panel.getByRole('link', { name: 'Traces with this order.id' }).click()
    await page.waitForURL(/q=order.id/)
    await until('one trace', async () => (await tracesIn(page).count()) === 1 || null)
    expect(visitor.troubles).toEqual([])
  })

  test('a wrong search says where, and a rectangle of the map narrows it', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    visitor.expectFailure('/traces/')
    const { page } = visitor
    await open(page, '/explore/traces?q=duration:>5')
    await page
      .getByRole('alert')
      .getByText(/duration/)
      .waitFor()
    await open(page, '/explore/traces')
    const map = page.getByRole('application', { name: /^Durations of/ })
    await map.focus()
    await page.keyboard.press('ArrowUp')
    for (let i = 0; i < 4; i += 1) await page.keyboard.press('Shift+ArrowLeft')
    await page.getByRole('button', { name: 'Only these' }).click()
    await page.waitForURL(/q=duration.*from=/)
    await open(page, '/explore/traces')
    await map.focus()
    await page.keyboard.press('ArrowUp')
    await page.getByRole('link', { name: 'Compare with the others' }).click()
    await page.waitForURL(/traces\/compare\?/)
    await page.getByRole('textbox', { name: 'Right side' }).waitFor()
  })

  test('the waterfall goes by the keyboard, and its address brings it back', async () => {
    await using visitor = await visit(browser, { theme: 'dark', state: signedIn })
    const { page } = visitor
    await open(page, `/explore/traces/${traceIdOf(goodOrders)}`)
    await page.getByRole('heading', { level: 1, name: 'web: GET /checkout' }).waitFor()
    await tree(page).focus()
    expect(await rowsIn(page).count()).toBe(6)
    const run = rowsIn(page).filter({ hasText: `${itemsOfCart}×` })
    expect(await run.getAttribute('aria-expanded')).toBe('false')
    for (const key of ['j', 'ArrowDown', 'j', 'ArrowRight']) await page.keyboard.press(key)
    expect(await rowsIn(page).count()).toBe(5 + itemsOfCart)
    await page.keyboard.press('ArrowLeft')
    expect(await rowsIn(page).count()).toBe(6)
    // Home is the root, which failed; then the call, then the answer.
    for (const key of ['Home', 'e', 'e', 'Enter']) await page.keyboard.press(key)
    const panel = page.getByRole('complementary', { name: 'Span' })
    await panel.getByRole('heading', { name: 'POST /charge' }).waitFor()
    await panel.getByText('PaymentRefused').first().waitFor()
    for (const key of ['Home', 'j', 'j', 'z']) await page.keyboard.press(key)
    await panel.getByRole('heading', { name: 'GET /cart/:id' }).waitFor()
    await page.waitForURL((url) => url.searchParams.has('span') && url.searchParams.has('zoom'))
    await keepPicture(page, 'trace-dark')
    expect(await axeViolations(page)).toEqual([])
    await page.reload()
    await panel.getByRole('heading', { name: 'GET /cart/:id' }).waitFor()
    await page.getByRole('button', { name: 'All', exact: true }).waitFor()
    await tree(page).focus()
    await page.keyboard.press('0')
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.search.includes('span') && !url.search.includes('zoom'))
    await page.keyboard.press('[')
    await page.waitForURL((url) => url.searchParams.get('fold') === 'all')
    const closedRows = await rowsIn(page).count()
    expect(closedRows).toBeLessThan(6)
    await page.reload()
    await rowsIn(page).first().waitFor()
    expect(await rowsIn(page).count()).toBe(closedRows)
    await page.getByText('Flame graph', { exact: true }).click()
    await page.getByRole('button', { name: new RegExp(`^cart SELECT items: .*${itemsOfCart} spans`) }).waitFor()
    await keepPicture(page, 'trace-flame')
    await page.getByText('Operations', { exact: true }).click()
    await page.getByRole('table', { name: 'operations of the trace' }).getByText('SELECT items').waitFor()
    expect(visitor.troubles).toEqual([])
  })

  test('what is odd about a trace is said and drawn', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, `/explore/traces/${oddTrace}`)
    const notes = page.getByRole('list', { name: 'About this picture' })
    await notes.getByText('One span is missing').waitFor()
    await notes.getByText(/stock is 5 s ahead \(1 span moved\)/).waitFor()
    await notes.getByText('1 span names a descendant as parent').waitFor()
    await rowsIn(page).filter({ hasText: 'missing span' }).waitFor()
    // Moved into the call that asked for it.
    await rowsIn(page).filter({ hasText: 'stock' }).click()
    await page.getByText(/^Moved 5 s back, because the clock of stock is ahead/).waitFor()
    await keepPicture(page, 'trace-odd')
    visitor.expectFailure('/traces/')
    await open(page, `/explore/traces/${'0'.repeat(31)}1`)
    await page.getByText('No span of this trace is here').waitFor()
  })

  test(`a trace of ${largeCount} spans has a screenful of rows in the page`, async () => {
    const project = await newProject('Nightly')
    const trace = await sendLargeTrace(project, { count: largeCount, startMs: Date.now() - 60_000 })
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await until('the whole trace', async () => {
      const answer = await bellwether.fetch(`/api/0/projects/${project.id}/traces/${trace}?form=columns`)
      return answer.ok && (await answer.text()).includes(`"count":${largeCount}`) ? true : null
    })
    await open(page, `/explore/traces/${trace}`, project.id)
    await page.getByText(`${largeCount.toLocaleString('en-US')} spans`).waitFor()
    await tree(page).focus()
    await page.keyboard.press('End')
    await rowsIn(page)
      .filter({ hasText: `step ${(largeCount - 2) % 11}` })
      .last()
      .waitFor()
    expect(await rowsIn(page).count()).toBeLessThan(120)
    await page.getByRole('searchbox', { name: 'Find in this trace' }).fill('name:10')
    await page
      .getByText(/^[\d,]+ spans$/)
      .first()
      .waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.bw-span--found').first().waitFor()
    await keepPicture(page, 'trace-large')
    expect(visitor.troubles).toEqual([])
  })

  test('two groups are compared: the release that fails takes longer in its payment', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '/explore/traces/compare?qa=service:payment+release:1.4.1&qb=service:payment+release:1.4.2')
    await page.getByText(/The right side takes .* longer .* most of it in payment POST \/charge/).waitFor()
    await page.getByRole('table', { name: 'compared operations' }).getByText('SELECT items').waitFor()
    const fields = page.getByRole('list', { name: 'Attributes that differ, most telling first' })
    await fields.getByRole('link', { name: '502', exact: true }).waitFor()
    await keepPicture(page, 'traces-compare')
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Swap sides' }).click()
    await page.getByText(/The right side takes .* less/).waitFor()
    await open(page, `/explore/traces/compare?a=${traceIdOf(1)}&b=${traceIdOf(goodOrders)}&from=now-1d/d`)
    // Two traces: exact, and as one tree.
    await page.getByText(/The right trace takes 840 ms longer \(130 ms → 970 ms\).* payment POST \/charge/).waitFor()
    const difference = page.getByRole('group', { name: 'Operations of both traces, as a tree' })
    await difference.getByRole('button', { name: 'Close web GET /checkout' }).waitFor()
    await keepPicture(page, 'traces-difference')
    expect(await axeViolations(page)).toEqual([])
    await difference.getByRole('link', { name: 'payment POST /charge' }).click()
    await page.waitForURL((url) => url.pathname.endsWith(traceIdOf(goodOrders)) && url.searchParams.has('span'))
    expect(visitor.troubles).toEqual([])
  })

  test('services, one of them, and the map', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '/services')
    const table = page.getByRole('table', { name: 'services' })
    await table.getByRole('link', { name: 'payment' }).waitFor()
    await keepPicture(page, 'services-list')
    await table.getByRole('link', { name: 'payment' }).click()
    await page.getByRole('heading', { level: 1, name: 'payment' }).waitFor()
    await page.getByLabel(/^Chart\. Duration/).waitFor()
    await page.getByRole('table', { name: 'operations' }).getByText('POST /charge').click()
    await page.waitForURL(/operation=POST/)
    await page.getByText('The charts are about').waitFor()
    await keepPicture(page, 'service-one')
    expect(await axeViolations(page)).toEqual([])
    await open(page, '/service-map')
    const node = (name: string): Locator => page.getByRole('button', { name: new RegExp(`^${name}, `) })
    await node('web').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.waitForURL(/node=/)
    await page.getByRole('complementary').getByText('Called by').waitFor()
    await keepPicture(page, 'service-map')
    expect(await axeViolations(page)).toEqual([])
    await page.getByText('Table', { exact: true }).click()
    await page.getByRole('table', { name: 'calls between services' }).getByText('cart').first().waitFor()
    expect(visitor.troubles).toEqual([])
  })

  test('readers who leave in the middle of an answer take nothing down', async () => {
    const all = { query: 'duration:>1ms' }
    const asked: readonly (readonly [path: string, body: object])[] = [
      ['traces/compare', { left: { query: 'NOT (duration:>1ms)' }, right: all }],
      ['difference', { signal: 'spans', selected: all, baseline: { query: 'NOT (duration:>1ms)' } }],
      ['traces/search', { ...all, order: 'slowest' }],
      ['traces/histogram', all],
    ]
    // One after another through the milliseconds that an answer takes.
    for (let round = 0; round < 30; round += 1) {
      for (const [path, body] of asked) {
        const signal = AbortSignal.timeout(2 + round * 2)
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal }
        await bellwether
          .fetch(`/api/0/projects/1/${path}`, init)
          .then(async (answer) => await answer.arrayBuffer())
          .catch(() => undefined)
      }
    }
    expect((await fetch(`${bellwether.url}/health/live`)).status).toBe(200)
  })
})

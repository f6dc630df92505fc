/** The log explorer in Chromium, with logs over OTLP: from the lesson without data to the cause of a failure, live, and without a mouse. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'
import { failedTrace, failures, orders, sendRows, shopRows, type ShopRow } from './logged-shop.ts'

const password = 'correct horse battery staple'

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('the log explorer', () => {
  let bellwether: RunningBellwether
  let browser: Browser
  let signedIn: NonNullable<VisitOptions['state']>

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  const rowsOf = (page: Page): Locator => page.getByRole('table', { name: 'Rows' }).locator('[data-index]')
  const search = (page: Page): Locator => page.getByRole('textbox', { name: 'Search logs' })

  async function open(page: Page, address = ''): Promise<void> {
    await page.goto(`${bellwether.url}/p/1/explore/logs${address}`)
    await page.getByRole('heading', { level: 1, name: 'Logs' }).waitFor()
  }

  /** How many rows of the last hour the server finds. */
  async function found(query: string): Promise<number> {
    const headers = { 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify({ query }) }
    const answer = (await (await bellwether.fetch('/api/0/projects/1/logs/histogram', asked)).json()) as { total: number }
    return answer.total
  }

  async function run(page: Page, text: string): Promise<void> {
    await search(page).fill(text)
    await search(page).press('Enter')
  }

  /** The line under the heading. */
  async function expectCounted(page: Page, text: string): Promise<void> {
    await page.getByText(text, { exact: false }).first().waitFor()
  }

  test('without logs it teaches, and the first row takes the place of the lesson', async () => {
    await using visitor = await visit(browser, { theme: 'light' })
    const { page } = visitor
    await enterFirst(visitor, () => bellwether.stdout(), password)
    signedIn = await page.context().storageState()
    await open(page)
    await page.getByRole('heading', { name: 'No logs in' }).waitFor()
    await page.getByText(bellwether.ingestKey).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'logs-empty')
    // What the lesson says works.
    const snippet = await page.getByRole('region', { name: 'Send the first logs' }).locator('pre').innerText()
    const lines = snippet.split('\n').filter((line) => line.startsWith('{'))
    const address = /https?:\/\/\S+/.exec(snippet)?.[0] ?? ''
    const sent = await fetch(address, { method: 'POST', headers: { 'x-bellwether-key': bellwether.ingestKey }, body: lines.join('\n') })
    expect(sent.status).toBe(200)
    await rowsOf(page).filter({ hasText: 'payment refused: card expired' }).waitFor()
    expect(visitor.troubles).toEqual([])
  })

  test('from the counts to the cause: severity, row, attributes, what is different', async () => {
    expect(await sendRows(bellwether, shopRows(Date.now()))).toBe(200)
    await until('the rows to be found', async () => (await found('host:web-1')) === orders + failures)
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '?q=service:(checkout+OR+cart)+host:web-1')
    await expectCounted(page, `${orders + failures} rows, ${failures} errors (9.09 %)`)
    await page.getByLabel(/^Chart\. Rows over time/).waitFor()
    await keepPicture(page, 'logs-rows')

    await page
      .getByRole('list', { name: 'Severities' })
      .getByRole('button', { name: /^error/ })
      .click()
    await page.waitForURL(/severity:error/)
    await expectCounted(page, `${failures} rows, ${failures} errors (100 %)`)
    await until('only errors in the list', async () => {
      const texts = await rowsOf(page).allInnerTexts()
      return texts.length > 0 && texts.every((text) => text.includes('ERROR'))
    })

    // The newest has a trace; everything it says is one press from a search.
    await rowsOf(page).first().click()
    const drawer = page.getByRole('dialog', { name: 'Log row' })
    await drawer.getByText('ResetError: reset').waitFor()
    expect(await drawer.getByRole('link', { name: 'Its trace' }).getAttribute('href')).toContain(failedTrace)
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'logs-row')
    await drawer.getByRole('button', { name: 'Show http.route as a column' }).click()
    await page.waitForURL(/col=@http\.route/)
    await drawer.getByText('Before and after').click()
    await drawer.getByRole('list', { name: 'Rows around, oldest first' }).getByText('payment of order 5028').waitFor()
    await keepPicture(page, 'logs-around')
    await page.keyboard.press('Escape')
    await page.getByRole('columnheader', { name: 'http.route' }).waitFor()
    expect(await rowsOf(page).first().innerText()).toContain('/orders/:id')

    await page.getByText('Compare', { exact: true }).click()
    const fields = page.getByRole('list', { name: 'Fields that differ, most telling first' })
    await fields.getByRole('region', { name: 'release' }).getByText('only here').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'logs-compare')
    expect(visitor.troubles).toEqual([])
  })

  test('facets ask, leave out and give back; strange names too', async () => {
    await using visitor = await visit(browser, { theme: 'dark', state: signedIn })
    const { page } = visitor
    await open(page, '?q=host:web-1')
    const facet = (name: string): Locator => page.getByRole('complementary', { name: 'Facets' }).getByRole('region', { name, exact: true })
    await facet('service').getByRole('button', { name: /^cart/ }).click()
    await expectCounted(page, `${orders / 3} rows, no errors`)
    await facet('service').getByRole('button', { name: /^cart/ }).click()
    await facet('service').getByRole('button', { name: 'Leave out service cart' }).click()
    await expectCounted(page, `${(orders * 2) / 3 + failures} rows,`)
    await facet('service')
      .getByRole('button', { name: /cart.*left out/ })
      .click()
    await expectCounted(page, `${orders + failures} rows,`)

    await run(page, 'host:web-1 order')
    await rowsOf(page).first().click()
    const drawer = page.getByRole('dialog', { name: 'Log row' })
    await drawer.waitFor()
    await page.keyboard.press('Escape')
    await run(page, '"user name":"u 3" host:web-1')
    await expectCounted(page, `${orders / 5} rows,`)
    await keepPicture(page, 'logs-facets-dark')
    expect(await axeViolations(page)).toEqual([])
    expect(visitor.troubles).toEqual([])
  })

  test('a drag over the chart zooms in, and the facets are of that part', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page)
    const chart = page.getByLabel(/^Chart\. Rows over time/)
    await chart.locator('canvas').first().waitFor()
    const box = await chart.boundingBox()
    const [left, top, width] = [box?.x ?? 0, (box?.y ?? 0) + 60, box?.width ?? 0]
    await page.mouse.move(left + width * 0.7, top)
    await page.mouse.down()
    await page.mouse.move(left + width * 0.85, top, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=20\d\d-/)
    const counts = page.getByRole('complementary', { name: 'Facets' }).getByRole('region', { name: 'severity' }).locator('.bw-facet__count')
    await until('the facets to count what the line under the heading says', async () => {
      const total = Number(/^([\d,]+) rows/.exec(await page.locator('.bw-page__lead').innerText())?.[1] ?? Number.NaN)
      const parts = (await counts.allInnerTexts()).map(Number)
      return total > 0 && total < orders / 2 && parts.reduce((a, b) => a + b, 0) === total
    })
    expect(visitor.troubles).toEqual([])
  })

  test('patterns: shapes with their counts, and the rows of one', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '?view=patterns&q=host:web-1')
    const patterns = page.getByRole('table', { name: 'patterns' })
    const failed = patterns.getByRole('row').filter({ hasText: 'refused: connection reset' })
    await failed.getByText(String(failures), { exact: true }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'logs-patterns')
    await failed.click()
    await keepPicture(page, 'logs-pattern')
    await page.getByRole('button', { name: 'Show its rows' }).click()
    await page.waitForURL(/pattern:/)
    await expectCounted(page, `${failures} rows, ${failures} errors (100 %)`)
    expect(visitor.troubles).toEqual([])
  })

  test('a wrong search is shown where it is wrong; suggestions come from the data', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page)
    await page.keyboard.press('/')
    await page.keyboard.type('service:ch')
    await page.getByRole('option', { name: /checkout/ }).waitFor()
    await keepPicture(page, 'logs-suggestions')
    await page.keyboard.press('Tab')
    expect(await search(page).inputValue()).toContain('service:checkout')
    visitor.expectFailure('/logs/')
    await run(page, 'service:checkout OR')
    await page.getByRole('alert').filter({ hasText: 'OR has nothing on one side' }).waitFor()
    await page.getByText('Mend the search to see rows.').waitFor()
    expect(await page.getByRole('alert').count()).toBe(1)
    expect(await page.locator('.bw-search__wrong').innerText()).toBe('OR')
    await keepPicture(page, 'logs-wrong')
    await run(page, 'servcie:checkout connection nothinglikeit')
    const meant = page.getByRole('status').filter({ hasText: 'Did you mean' })
    await meant.getByRole('button', { name: 'service', exact: true }).click()
    await page.waitForURL(/[?&]q=service/)
    // Of the right name one part is left that nothing meets.
    await page.getByRole('button', { name: 'nothinglikeit', exact: true }).click()
    await rowsOf(page).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    expect(visitor.troubles).toEqual([])
  })

  test('live: rows come by themselves, wait while paused, and only those that match', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    // The first stream ends as one does whose session is over; the others are the server's.
    const ending = JSON.stringify({ code: 'api.tail_over', message: 'The time is over.' })
    const stream = { contentType: 'text/event-stream', body: `event: end\ndata: ${ending}\n\n` }
    await page.route('**/logs/tail?*', async (route) => await route.fulfill(stream), { times: 1 })
    await open(page, '?q=service:tailed&live=on')
    const bar = page.getByRole('group', { name: 'Live tail' })
    await bar.getByText('Ended: The time is over.').waitFor()
    await bar.getByRole('button', { name: 'Go on' }).click()
    await bar.getByText('Live', { exact: true }).waitFor()
    await sendRows(bellwether, [row('tailed', 'first of them'), row('other', 'not looked for')])
    await rowsOf(page).filter({ hasText: 'first of them' }).waitFor()
    expect(await rowsOf(page).filter({ hasText: 'not looked for' }).count()).toBe(0)
    await bar.getByRole('button', { name: 'Pause' }).click()
    await sendRows(bellwether, [row('tailed', 'while it was paused')])
    await bar.getByRole('button', { name: 'Go on with 1 new' }).waitFor()
    expect(await rowsOf(page).filter({ hasText: 'while it was paused' }).count()).toBe(0)
    await keepPicture(page, 'logs-live')
    expect(await axeViolations(page)).toEqual([])
    await bar.getByRole('button', { name: 'Go on with 1 new' }).click()
    await rowsOf(page).filter({ hasText: 'while it was paused' }).waitFor()
    expect(visitor.troubles).toEqual([])
  })

  test('a search is kept under a name, and a metric is made of one', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await open(page, '?q=severity:error&col=@http.route')
    await page.getByRole('button', { name: 'Saved views' }).click()
    const views = page.getByRole('dialog', { name: 'Saved views' })
    await views.getByLabel('Keep this search as').fill('Failures')
    await views.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Failures', exact: true }).waitFor()
    await open(page)
    await page.getByRole('button', { name: 'Saved views' }).click()
    await views.getByRole('button', { name: /^Failures/ }).click()
    await page.waitForURL(/severity:error/)
    await page.getByRole('columnheader', { name: 'http.route' }).waitFor()

    await page.getByText('Metrics', { exact: true }).last().click()
    await page.getByRole('button', { name: 'Metric from this search' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('shop.failures')
    await page.getByLabel('By', { exact: true }).fill('service')
    await keepPicture(page, 'logs-metric')
    await page.getByRole('button', { name: 'Save metric' }).click()
    const made = page.getByRole('table', { name: 'metrics from logs' })
    await made.getByText('how many rows by service').waitFor()
    await sendRows(bellwether, [row('checkout', 'fails once more', 17), row('checkout', 'is well again')])
    await made.getByRole('row').filter({ hasText: 'severity:error' }).getByText('1', { exact: true }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    expect(visitor.troubles).toEqual([])
  })

  test('the keyboard alone: search, walk the rows, open, walk on, close', async () => {
    await using visitor = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = visitor
    await page.goto(`${bellwether.url}/p/1`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('l')
    await page.waitForURL('**/explore/logs**')
    await page.getByRole('heading', { level: 1, name: 'Logs' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('host:web-1 refused')
    await page.keyboard.press('Enter')
    await expectCounted(page, `${failures} rows,`)
    await until('the first row to be reached', async () => {
      await page.keyboard.press('Tab')
      return await page.evaluate(() => document.activeElement?.getAttribute('data-index') === '0')
    })
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-index') === '2')
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog', { name: 'Log row' })
    await drawer.getByText('payment of order 5027').waitFor()
    await page.keyboard.press('j')
    await drawer.getByText('payment of order 5026').waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    expect(visitor.troubles).toEqual([])
  })

  test('fits a phone, with facets in a drawer', async () => {
    await using visitor = await visit(browser, { theme: 'light', width: 390, height: 844, state: signedIn })
    const { page } = visitor
    await open(page, '?q=host:web-1')
    await rowsOf(page).first().waitFor()
    await keepPicture(page, 'logs-phone')
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(overflow).toBe(0)
    await page.getByRole('button', { name: 'Facets' }).click()
    await page.getByRole('dialog', { name: 'Facets' }).getByRole('button', { name: /^cart/ }).waitFor()
    await keepPicture(page, 'logs-phone-facets')
    expect(visitor.troubles).toEqual([])
  })

  function row(service: string, body: string, severity = 9): ShopRow {
    return { timeMs: Date.now(), severity, body, service, release: '1', attributes: {} }
  }
})

/**
 * Performance in Chromium, from spans sent over OTLP: a new version makes a query slow and some calls fail; the background run finds it, the
 * finding names the version, and leads to a trace. By pointer and keyboard, light, dark, and on a phone.
 */
import type { FindingKind } from '@bellwether/protocol'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'
import { sendDeployedShop } from './deployed-shop.ts'

const password = 'correct horse battery staple'

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('performance', () => {
  let bellwether: RunningBellwether
  let browser: Browser
  let signedIn: NonNullable<VisitOptions['state']>

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
    await sendDeployedShop(bellwether, Date.now())
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  async function open(page: Page, address: string): Promise<void> {
    await page.goto(`${bellwether.url}/p/1${address}`)
    await page.getByRole('heading', { level: 1, name: 'Performance' }).waitFor()
  }
  const row = (page: Page, text: string) => page.getByRole('table').locator('tbody [data-row]').filter({ hasText: text })

  test('what a new version made slow is found, named and explained, down to the trace', { timeout: 240_000 }, async () => {
    await using visitor = await visit(browser, { theme: 'light' })
    const { page } = visitor
    await enterFirst(visitor, () => bellwether.stdout(), password)
    signedIn = await page.context().storageState()
    const answered = new Set<FindingKind>()
    page.on('response', (response) => {
      if (!/performance\/findings\?state=/.test(response.url())) return
      const add = async (): Promise<void> => {
        const { items } = (await response.json()) as { items: { finding: FindingKind }[] }
        for (const { finding } of items) answered.add(finding)
      }
      void add().catch(() => undefined)
    })
    await open(page, '/performance?view=findings')
    const wanted: readonly FindingKind[] = ['latency_regression', 'slow_query', 'n_plus_one']
    await until('the findings', () => wanted.every((kind) => answered.has(kind)) || null, 200_000)
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'performance-findings')
    await row(page, 'POST /checkout takes').press('Enter')
    const drawer = page.getByRole('dialog')
    await drawer.getByText('It fits the deploy of').waitFor()
    await drawer.getByLabel(/^Chart\. Duration/).waitFor()
    expect(await drawer.innerText()).toContain('2.0.0')
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'performance-finding')
    await drawer.getByRole('button', { name: 'Known' }).click()
    await drawer.getByText('known', { exact: true }).waitFor()
    await drawer.getByRole('link', { name: 'Example trace' }).click()
    await page.waitForURL(/explore\/traces\/[0-9a-f]{32}\?.*span=/)
    await page.getByRole('treeitem').filter({ hasText: 'SELECT' }).first().waitFor()
    expect(visitor.troubles).toEqual([])
  })

  test('operations and the report say the same in figures, in the dark and on a phone', async () => {
    await using visitor = await visit(browser, { theme: 'dark', state: signedIn })
    const { page } = visitor
    await open(page, '/performance?from=now-30m&to=now')
    await row(page, 'POST /checkout').first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await row(page, 'POST /checkout').first().click()
    await page
      .getByRole('dialog')
      .getByLabel(/^Chart\. Failed/)
      .waitFor()
    await keepPicture(page, 'performance-operation-dark')
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByText('Report', { exact: true }).click()
    await page.getByRole('table', { name: 'slower' }).getByText('POST /checkout').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'performance-report-dark')
    await page.setViewportSize({ width: 390, height: 800 })
    await open(page, '/performance?from=now-30m&to=now')
    await row(page, 'POST /checkout').first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await keepPicture(page, 'performance-phone')
    expect(visitor.troubles).toEqual([])
  })
})

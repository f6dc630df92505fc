/** From a label that explodes to a rule in two presses, what it does to data, and back again; in Chromium, with data over OTLP. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { sendOrders } from './exploding-counter.ts'

const password = 'correct horse battery staple'
const hourMs = 3_600_000
const limit = 100

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('cardinality', () => {
  let bellwether: RunningBellwether
  let browser: Browser

  beforeAll(async () => {
    const environment = { BELLWETHER_SERIES_PER_METRIC_MAX: String(limit), BELLWETHER_SELF_WATCH: 'off' }
    bellwether = await startBellwether({ environment })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  /** The number that an instant query gives, or null. */
  async function ask(query: string, program = bellwether): Promise<number | null> {
    const answer = await program.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    const [first] = data.result
    return first === undefined ? null : Number(first.value[1])
  }

  /** On a phone nothing is cut or beside the screen, and the action stands below the text. */
  async function expectBannerFitsPhone(page: Page, banner: Locator): Promise<void> {
    await page.setViewportSize({ width: 390, height: 844 })
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(overflow).toBe(0)
    const text = await banner.getByText('the metric has all the 100 series').boundingBox()
    const action = await banner.getByRole('button').boundingBox()
    expect(text?.width).toBeGreaterThan(200)
    expect(action?.y).toBeGreaterThanOrEqual((text?.y ?? 0) + (text?.height ?? 0))
    await keepPicture(page, 'cardinality-explosion-phone')
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  test('a label explodes, a rule in two presses helps at once, and is taken back', async () => {
    expect(await sendOrders(bellwether, limit, 3, hourMs)).toBe(200)
    expect(await sendOrders(bellwether, 5 * limit, 4, hourMs)).toBe(200)
    expect(await ask('count(orders_total)')).toBe(limit)

    await using visitor = await visit(browser, { theme: 'light' })
    const { page } = visitor
    await enterFirst(visitor, () => bellwether.stdout(), password)

    await page.goto(`${bellwether.url}/p/1/data/cardinality`)
    const banner = page.getByRole('status').filter({ hasText: 'orders_total: label user explodes' })
    await banner.getByText('the metric has all the 100 series').waitFor()
    await banner.getByText('user-1', { exact: false }).first().waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page
      .getByRole('table', { name: 'dropped points' })
      .getByText(String(4 * limit), { exact: true })
      .waitFor()
    await keepPicture(page, 'cardinality-explosion')
    await expectBannerFitsPhone(page, banner)

    // The first press shows what it would do, the second does it.
    await banner.getByRole('button', { name: 'Drop user…' }).click()
    await page.getByText('100 series of the last day become 2 (50 times fewer).').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'cardinality-rule')
    await page.getByRole('button', { name: 'Save rule' }).click()
    const rules = page.getByRole('table', { name: 'rules' })
    await rules.getByText('drop label user').waitFor()
    await page.getByText('orders_total: a rule has taken over').waitFor()
    await page.waitForFunction(() => document.activeElement?.id === 'content')
    await keepPicture(page, 'cardinality-rules')

    // Every user is in the sums now: what each had before the rule is where it begins.
    expect(await sendOrders(bellwether, 5 * limit, 5, hourMs)).toBe(200)
    expect(await sendOrders(bellwether, 5 * limit, 7, hourMs)).toBe(200)
    expect(await ask('sum(orders_total{user=""})')).toBe(5 * limit * 2)
    expect(await ask('count(orders_total{user=""})')).toBe(2)

    await rules.getByRole('button', { name: 'Undo the latest change of the rule for orders_total' }).click()
    await page.getByText('The rule for orders_total is gone').waitFor()
    await page.getByText('No rules').waitFor()
    expect(await sendOrders(bellwether, 5 * limit, 9, hourMs)).toBe(200)
    expect(await ask('max(orders_total{user="user-1"})')).toBe(9)
    expect(await ask('sum(orders_total{user=""})')).toBe(5 * limit * 2)

    await page.getByRole('button', { name: 'Bring it back' }).click()
    await rules.getByText('drop label user').waitFor()
    const usage = (await (await bellwether.fetch('/api/0/organizations/default/usage')).json()) as { items: Record<string, unknown>[] }
    const [row] = usage.items
    const sum = (counts: unknown): number => Object.values(counts as Record<string, number>).reduce((a, b) => a + b, 0)
    expect(row?.['received']).toBe(Number(row?.['stored']) + sum(row?.['refused']) + sum(row?.['dropped']) + Number(row?.['queued']))
    expect(visitor.troubles).toEqual([])
  })

  test('a program killed in the middle goes on with its rules and from its totals', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-rules-'))
    const environment = { BELLWETHER_SELF_WATCH: 'off' }
    try {
      const first = await startBellwether({ environment, dataDir })
      const match = { kind: 'prefix', value: 'orders' }
      const action = { kind: 'aggregate', labels: ['user'], gauges: 'sum' }
      const body = JSON.stringify({ match, action, note: '' })
      const headers = { 'content-type': 'application/json' }
      const made = await first.fetch('/api/0/projects/1/cardinality/rules', { method: 'POST', headers, body })
      expect(made.status).toBe(201)
      for (const orders of [10, 12, 15]) expect(await sendOrders(first, 20, orders, hourMs)).toBe(200)
      expect(await ask('sum(orders_total)', first)).toBe(20 * 5)
      await first.kill()
      const second = await startBellwether({ environment, dataDir, ingestKey: first.ingestKey, adminToken: first.adminToken })
      // The first value after a restart is where each begins; what it grew by meanwhile is lost, and nothing counts twice.
      for (const orders of [17, 18, 20]) expect(await sendOrders(second, 20, orders, hourMs)).toBe(200)
      expect(await ask('sum(orders_total)', second)).toBe(20 * (5 + 3))
      expect(await ask('count({__name__="orders_total",user!=""})', second)).toBeNull()
      await second[Symbol.asyncDispose]()
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})

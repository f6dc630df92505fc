/** Retention and deletion by hand: what would go is said before it is saved; a metric goes by typing its name, and is listed as deleted. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { sendGauges } from '../support/otlp-json.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'

const password = 'four quiet random words'

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('retention', () => {
  let bellwether: RunningBellwether
  let browser: Browser
  let signedIn: NonNullable<VisitOptions['state']>

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_ADMIN_PASSWORD: password } })
    browser = await launchBrowser()
    const nowMs = Date.now()
    for (const metric of ['doomed_metric', 'other_metric']) {
      await sendGauges(
        bellwether,
        metric,
        [40, 3, 0].map((days) => ({ timeMs: nowMs - days * 86_400_000, value: days, attributes: { host: 'a' } })),
      )
    }
    await using first = await visit(browser, { theme: 'light' })
    first.expectFailure('/api/0/auth/')
    await first.page.goto(bellwether.url)
    await first.page.getByLabel('E-mail').fill('admin@bellwether.local')
    await first.page.getByLabel('Password', { exact: true }).fill(password)
    await first.page.keyboard.press('Enter')
    await first.page.waitForURL('**/p/1')
    signedIn = await first.page.context().storageState()
  })

  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  test('days and patterns are saved after they said what goes', async () => {
    await using seen = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = seen
    await page.goto(`${bellwether.url}/p/1/settings/retention`)
    await page.getByLabel('Days that metrics are kept').fill('30')
    await page.getByRole('button', { name: 'Add a pattern' }).click()
    await page.getByLabel('Pattern 1', { exact: true }).fill('other_*')
    await page.getByLabel('Days of pattern 1').fill('2')
    await page.getByText(/cannot be brought back/).waitFor()
    await keepPicture(page, 'retention-preview')
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Save retention', exact: true }).click()
    await page.getByText(/changed .* by/).waitFor()
    await page.reload()
    expect(await page.getByLabel('Days that metrics are kept').inputValue()).toBe('30')
    expect(await page.getByLabel('Days of pattern 1').inputValue()).toBe('2')
    expect(seen.troubles).toEqual([])
  })

  test('a metric is deleted from its own page by typing its name', async () => {
    await using seen = await visit(browser, { theme: 'dark', state: signedIn })
    const { page } = seen
    await page.goto(`${bellwether.url}/p/1/explore/metrics`)
    const list = page.getByRole('region', { name: 'All metrics' })
    await list.getByText('doomed_metric').first().click()
    await page.getByRole('button', { name: 'Delete…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete this metric?' })
    await dialog.getByText(/1 series with/).waitFor()
    await keepPicture(page, 'delete-metric-dark')
    expect(await axeViolations(page)).toEqual([])
    expect(await dialog.getByRole('button', { name: 'Delete metric' }).isDisabled()).toBe(true)
    await dialog.getByLabel(/^Type/).fill('doomed_metric')
    await dialog.getByRole('button', { name: 'Delete metric' }).click()
    await dialog.waitFor({ state: 'detached' })
    await until('the metric is gone from the list', async () => ((await list.getByText('doomed_metric').count()) === 0 ? true : null))
    await page.goto(`${bellwether.url}/p/1/settings/retention`)
    await page.getByRole('table', { name: 'deletions' }).getByText('deleted', { exact: true }).waitFor()
    await keepPicture(page, 'retention-deletions-dark')
    expect(seen.troubles).toEqual([])
  })
})

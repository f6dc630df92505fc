/**
 * A person's first ten minutes, in a real browser on the real program: the printed link, a password, the first data, a chart. Then every
 * page in both themes and at phone width: no axe violation, no console error, no failed request, nothing wider than the screen.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { sendGauges } from '../support/otlp-json.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'

const password = 'four quiet random words'
const email = 'ada@example.org'

/** Address below the project, and the page's heading. */
const pages: readonly [path: string, name: string][] = [
  ['', 'overview'],
  ['/explore/metrics?q=up_and_down', 'explore'],
  ['/explore/traces', 'traces'],
  ['/explore/traces/compare', 'traces-compare-empty'],
  ['/services', 'services'],
  ['/service-map', 'map'],
  ['/performance', 'performance-empty'],
  ['/performance?view=findings', 'performance-findings-empty'],
  ['/performance?view=report', 'performance-report-empty'],
  ['/problems', 'problems-empty'],
  ['/releases', 'releases-empty'],
  ['/explore/logs', 'logs'],
  ['/start', 'start'],
  ['/data/sources', 'sources'],
  ['/data/targets', 'targets'],
  ['/data/usage', 'usage'],
  ['/data/refused', 'refused'],
  ['/data/import', 'import'],
  ['/data/cardinality', 'cardinality'],
  ['/data/scrubbing', 'scrubbing'],
  ['/settings/retention', 'retention'],
  ['/data/model?metric=up_and_down', 'data-model'],
  ['/settings/project', 'projects'],
  ['/settings/keys', 'keys'],
  ['/settings/members', 'members'],
  ['/settings/tokens', 'tokens'],
  ['/settings/audit', 'audit'],
  ['/settings/account', 'account'],
  ['/system', 'system'],
  ['/system/lanes', 'lanes'],
]

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('the screens', () => {
  let bellwether: RunningBellwether
  let browser: Browser
  let signedIn: NonNullable<VisitOptions['state']>

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_ADMIN_EMAIL: email } })
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
  })

  test('the printed link leads in, the first data shows up, the chart draws it', async () => {
    await using first = await visit(browser, { theme: 'light' })
    const { page } = first
    const link = await until('the link', () => /http:\S+\/first-run\?token=\S+/.exec(bellwether.stdout())?.[0] ?? null)
    first.expectFailure('/api/0/auth/session')
    await page.goto(link)
    await page.getByRole('heading', { name: 'Welcome to Bellwether' }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'first-run')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByLabel('The same again').fill(password)
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Save and go on' }).click()
    await page.waitForURL('**/p/1')
    await page.getByRole('heading', { level: 1 }).waitFor()

    signedIn = await page.context().storageState()
    const sources = page.waitForResponse(/\/sources/)
    await page.goto(`${bellwether.url}/p/1/start`)
    await page.getByText(bellwether.ingestKey).first().waitFor()
    await sources
    await keepPicture(page, 'start-waiting')
    await sendWave()
    await page.getByText('Receiving data').waitFor()
    await keepPicture(page, 'start-arrived')
    await page.getByRole('link', { name: 'See the metrics' }).click()
    await page.getByRole('region', { name: 'All metrics' }).getByText('up_and_down').first().waitFor()
    await keepPicture(page, 'explore-browser')

    await page.goto(`${bellwether.url}/p/1/explore/metrics?q=up_and_down`)
    await page
      .getByLabel(/^Chart\./)
      .first()
      .waitFor()
    await page.getByRole('table', { name: 'Series' }).getByText('wave').waitFor()
    await keepPicture(page, 'explore-first')
    expect(first.troubles).toEqual([])
  })

  test('a wrong password is refused in words, the right one leads in', async () => {
    await using again = await visit(browser, { theme: 'dark' })
    const { page } = again
    again.expectFailure('/api/0/auth/')
    await page.goto(bellwether.url)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'sign-in-dark')
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('not this one at all')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/p/1')
    expect(again.troubles).toEqual([])
  })

  test.each(pages)('%s is in order, light and dark, and fits a phone', async (path, name) => {
    await using seen = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = seen
    await openPage(page, path)
    await keepPicture(page, `${name}-light`)
    expect(await axeViolations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await keepPicture(page, `${name}-dark`)
    expect(await axeViolations(page, 'colours')).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 390, height: 844 })
    await keepPicture(page, `${name}-phone`)
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
    expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0)
    expect(seen.troubles).toEqual([])
  })

  test('a title of one long word is not covered on a phone', async () => {
    await using seen = await visit(browser, { theme: 'light', width: 390, height: 844, state: signedIn })
    const { page } = seen
    await openPage(page, '/problems')
    const widths = await page.getByRole('heading', { level: 1 }).evaluate((title) => {
      title.textContent = 'java.lang.IllegalStateExceptionThatHasAVeryLongNameOfItsOwn: cart 3 is locked'
      return [title.scrollWidth, title.clientWidth]
    })
    expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0)
  })

  test('the main path works with the keyboard alone', async () => {
    await using seen = await visit(browser, { theme: 'light', state: signedIn })
    const { page } = seen
    await openPage(page, '')
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await page.waitForURL('**/explore/metrics**')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('system')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/system**')
    expect(seen.troubles).toEqual([])
  })

  /** Opens a page of project 1 and waits until nothing on it is loading. */
  async function openPage(page: Page, path: string): Promise<void> {
    await page.goto(`${bellwether.url}/p/1${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null)
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toContain(`/p/1${path.split('?')[0]}`)
  }

  async function sendWave(): Promise<void> {
    const nowMs = Date.now()
    const points = Array.from({ length: 60 }, (_, index) => ({
      attributes: { shape: 'wave' },
      timeMs: nowMs - (59 - index) * 5_000,
      value: 50 + 40 * Math.sin(index / 6),
    }))
    expect(await sendGauges(bellwether, 'up_and_down', points)).toBe(200)
  }
})

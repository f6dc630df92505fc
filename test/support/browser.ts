/** A real Chromium, with a trap for everything that goes wrong on a page without anyone looking. */
import { AxeBuilder } from '@axe-core/playwright'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { chromiumPath } from './services.ts'
import { until } from './wait.ts'

const screenFolder = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'test-results/screens')

export type Theme = 'light' | 'dark'

export interface Visit extends AsyncDisposable {
  readonly page: Page
  /** Console errors, uncaught errors and failed requests so far, except those announced with `expectFailure`. */
  readonly troubles: readonly string[]
  /** A request that is meant to fail, by a part of its address: the browser reports it on the console. */
  expectFailure(address: string): void
}

export async function launchBrowser(): Promise<Browser> {
  if (chromiumPath === null) throw new Error('no Chromium')
  const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  return await chromium.launch({ executablePath: chromiumPath, args })
}

export interface VisitOptions {
  readonly theme: Theme
  readonly width?: number
  readonly height?: number
  /** Cookies and storage of an earlier visit. */
  readonly state?: Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>
}

/** A browser window of its own: no cookies but those of `state`. */
export async function visit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const context = await browser.newContext({
    colorScheme: options.theme,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    reducedMotion: 'reduce',
    ...(options.state === undefined ? {} : { storageState: options.state }),
  })
  const page = await context.newPage()
  const troubles: string[] = []
  const expected: string[] = []
  const isExpected = (text: string): boolean => expected.some((address) => text.includes(address))
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`
    if (message.type() === 'error' && !isExpected(text)) troubles.push(`console: ${text}`)
  })
  page.on('pageerror', (error) => troubles.push(`uncaught: ${error.message}`))
  page.on('response', (response) => {
    const text = `${response.status()} ${response.request().method()} ${response.url()}`
    if (response.status() >= 400 && !isExpected(text)) troubles.push(`answer: ${text}`)
  })
  return {
    page,
    troubles,
    expectFailure: (address) => expected.push(address),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** The first administrator's way in: by the printed link (among `printed()`, once it is there) to a password of their own, and to project 1. */
export async function enterFirst(visitor: Visit, printed: () => string, password: string): Promise<void> {
  const { page } = visitor
  visitor.expectFailure('/api/0/auth/session')
  await page.goto(await until('the link', () => /http:\S+\/first-run\?token=\S+/.exec(printed())?.[0] ?? null))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('The same again').fill(password)
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await page.waitForURL('**/p/1')
}

/** Serious and critical violations of WCAG 2.2 A and AA on the page as it stands, as `rule: where`. */
export async function axeViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`))
}

/** Keeps a picture for people to look at, in test-results/screens/. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(screenFolder, { recursive: true })
  await page.screenshot({ path: join(screenFolder, `${name}.png`) })
}

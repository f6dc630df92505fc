/** A real Chromium, with a trap for everything that goes wrong on a page without anyone looking. */
import { AxeBuilder } from '@axe-core/playwright'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type ConsoleMessage, type Page, type Response } from 'playwright-core'
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

type State = NonNullable<VisitOptions['state']>

/** A signed-in tab that the visits of a file use one after another: a new one costs a second of processor, a page in it a fraction. */
interface SharedTab {
  readonly state: State
  readonly page: Page
  isTaken: boolean
}

const sharedTabs = new WeakMap<Browser, SharedTab>()

/** A browser window with no cookies and nothing stored but what `state` has. */
export async function visit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const tab = options.state === undefined ? null : await takeSharedTab(browser, options.state)
  const page = tab?.page ?? (await openTab(browser, options.state))
  await page.emulateMedia({ colorScheme: options.theme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: options.width ?? 1440, height: options.height ?? 900 })
  const trap = trapTroubles(page)
  return {
    page,
    troubles: trap.troubles,
    expectFailure: trap.expect,
    async [Symbol.asyncDispose]() {
      trap.end()
      if (tab === null) return await page.context().close()
      // Nothing of this visit asks or listens on.
      await page.goto('about:blank')
      tab.isTaken = false
    },
  }
}

async function openTab(browser: Browser, state: State | undefined): Promise<Page> {
  const context = await browser.newContext(state === undefined ? {} : { storageState: state })
  // For a machine that is busy; it costs only tests that fail.
  context.setDefaultTimeout(60_000)
  return await context.newPage()
}

/** Null while another visit of the same state is not over, or when the file has another state as well. */
async function takeSharedTab(browser: Browser, state: State): Promise<SharedTab | null> {
  const known = sharedTabs.get(browser)
  if (known === undefined) {
    const tab = { state, page: await openTab(browser, state), isTaken: true }
    sharedTabs.set(browser, tab)
    return tab
  }
  if (known.isTaken || known.state !== state) return null
  known.isTaken = true
  await known.page.context().setStorageState(state)
  return known
}

interface TroubleTrap {
  readonly troubles: readonly string[]
  expect(address: string): void
  end(): void
}

function trapTroubles(page: Page): TroubleTrap {
  const troubles: string[] = []
  const expected: string[] = []
  const isExpected = (text: string): boolean => expected.some((address) => text.includes(address))
  const onConsole = (message: ConsoleMessage): void => {
    const text = `${message.text()} ${message.location().url}`
    if (message.type() === 'error' && !isExpected(text)) troubles.push(`console: ${text}`)
  }
  const onError = (error: Error): void => void troubles.push(`uncaught: ${error.message}`)
  const onResponse = (response: Response): void => {
    const text = `${response.status()} ${response.request().method()} ${response.url()}`
    if (response.status() >= 400 && !isExpected(text)) troubles.push(`answer: ${text}`)
  }
  page.on('console', onConsole).on('pageerror', onError).on('response', onResponse)
  return {
    troubles,
    expect: (address) => expected.push(address),
    end: () => page.off('console', onConsole).off('pageerror', onError).off('response', onResponse),
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

const guidelines = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** What may be wrong in one theme and right in the other; the elements are the same in both. */
const rulesOfColours = ['color-contrast', 'link-in-text-block']

/**
 * Serious and critical violations of WCAG 2.2 A and AA on the page as it stands, as `rule: where`; with `colours` only those that a
 * change of the theme can bring.
 */
export async function axeViolations(page: Page, scope: 'all' | 'colours' = 'all'): Promise<string[]> {
  const runOnly = scope === 'all' ? { type: 'tag' as const, values: guidelines } : { type: 'rule' as const, values: rulesOfColours }
  // One page without foreign frames: no second page is opened to join results, and what is in order is not described.
  const builder = new AxeBuilder({ page }).setLegacyMode(true).options({ runOnly, resultTypes: ['violations'] })
  const { violations } = await builder.analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`))
}

/** Keeps a picture for people to look at, in test-results/screens/. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(screenFolder, { recursive: true })
  await page.screenshot({ path: join(screenFolder, `${name}.png`) })
}

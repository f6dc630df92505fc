/**
 * Sentry's own SDKs on a DSN of ours: a Node program, and a page in a real browser whose minified stack is resolved by the source map of its
 * build. Then the screens of what came of it, and what becomes of a problem that is resolved and comes back.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProblemDetail, ProblemEvent, ProblemList, ReleaseList } from '@bellwether/protocol'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { build } from 'vite'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, enterFirst, keepPicture, launchBrowser, visit, type VisitOptions } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'

const programs = fileURLToPath(new URL('./sentry-programs/', import.meta.url))
const api = '/api/0/projects/1'

let bellwether: RunningBellwether
let dsn: string

beforeAll(async () => {
  bellwether = await startBellwether({ environment: { BELLWETHER_ADMIN_EMAIL: 'ada@example.org' } })
  const { host } = new URL(bellwether.url)
  dsn = `http://${bellwether.ingestKey}@${host}/1`
})

afterAll(async () => {
  await bellwether?.[Symbol.asyncDispose]()
})

async function read<T>(path: string): Promise<T> {
  const response = await bellwether.fetch(`${api}${path}`)
  expect([path, response.status]).toEqual([path, 200])
  return (await response.json()) as T
}

async function problemWith(title: string, count = 1, state = 'all'): Promise<ProblemList['items'][number]> {
  return await until(`the problem ${title}`, async () => {
    const { items } = await read<ProblemList>(`/problems?state=${state}`)
    return items.find((item) => item.title.includes(title) && item.count >= count) ?? null
  })
}

async function runShop(release: string): Promise<void> {
  const child = spawn(process.execPath, [join(programs, 'shop.mjs'), dsn, release], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (data: Buffer) => (said += data.toString()))
  child.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect([code, said]).toEqual([0, 'flushed true\n'])
}

describe('@sentry/node', () => {
  test('errors are problems with stack, cause, user, tags and what happened before', async () => {
    await runShop('shop@1.0.0')
    const problem = await problemWith('CartError: the cart has no total')
    expect(problem).toMatchObject({
      state: 'new',
      count: 1,
      users: 1,
      service: 'shop',
      firstRelease: 'shop@1.0.0',
      severity: 17,
      type: 'CartError',
    })
    const event = await until('the event', async () => {
      const response = await bellwether.fetch(`${api}/problems/${problem.id}/events/latest`)
      return response.status === 200 ? ((await response.json()) as ProblemEvent) : null
    })
    expect(event).toMatchObject({ environment: 'test', user: '42', tags: { plan: 'pro' }, newer: null, older: null })
    expect(event.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(event.errors.map(({ type }) => type)).toEqual(['CartError', 'TypeError'])
    const trace = await until('the trace', async () => {
      const response = await bellwether.fetch(`${api}/traces/${event.traceId}`)
      return response.status === 200 ? await response.text() : null
    })
    expect([trace.includes('GET /cart'), trace.includes('SELECT * FROM carts')]).toEqual([true, true])
    const own = event.errors[1]?.frames.filter(({ isInApp }) => isInApp) ?? []
    expect(own[0]).toMatchObject({ function: 'priceOf', context: expect.arrayContaining(['  return item.price.amount']) as string[] })
    expect(event.breadcrumbs.some(({ message }) => message === 'added 3 books')).toBe(true)
    await problemWith('order 4711 took long')
    const detail = await read<ProblemDetail>(`/problems/${problem.id}`)
    expect(detail.tags.find(({ tag }) => tag === 'plan')).toMatchObject({ values: [{ value: 'pro', count: 1 }], total: 1 })
  })

  test('sessions give the share without a crash, feedback is kept, and nothing was lost on the way', async () => {
    const health = await until('the session', async () => {
      const { items } = await read<ReleaseList>('/releases')
      return items.find(({ release, sessions }) => release === 'shop@1.0.0' && sessions > 0) ?? null
    })
    expect(health).toMatchObject({ environment: 'test', crashed: 0, crashFreeSessions: 1, newProblems: 2 })
    const feedback = await read<{ items: { message: string; name: string }[] }>('/feedback')
    // The address that was given to be answered; everywhere else it is scrubbed.
    expect(feedback.items).toMatchObject([{ message: 'the total is missing', name: 'Ada', email: 'ada@example.org' }])
    const usage = await read<{ items: { kind: string; refused: Record<string, number> }[] }>('/../../organizations/default/usage')
    expect(usage.items.filter(({ kind }) => kind !== 'metrics').map(({ refused }) => refused)).toEqual([{}, {}])
  })

  test('a problem that was resolved and comes back has regressed; the same error of another release is the same problem', async () => {
    const { id } = await problemWith('CartError')
    const decided = await bellwether.fetch(`${api}/problems/decide`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ids: [id], decision: 'resolved' }),
    })
    expect(decided.status).toBe(200)
    expect(await problemWith('CartError', 1, 'resolved')).toMatchObject({ id, state: 'resolved' })
    await runShop('shop@1.1.0')
    expect(await problemWith('CartError', 2, 'regressed')).toMatchObject({ id, lastRelease: 'shop@1.1.0', firstRelease: 'shop@1.0.0' })
    // A masked number: the same message.
    expect(await problemWith('order 4711', 2)).toMatchObject({ count: 2 })
  })
})

describe('answers', () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${bellwether.url}${path}`, { method: 'POST', body, headers })

  test('have the shapes that the clients expect', async () => {
    const auth = { 'x-sentry-auth': `Sentry sentry_key=${bellwether.ingestKey}, sentry_version=7` }
    const cut = await post('/api/1/envelope/', '{}\n{"type":"event","length":100}\n{"a":1}', auth)
    expect([cut.status, await cut.json()]).toEqual([
      400,
      { detail: 'invalid event envelope: item 1 ends after 7 of 100 bytes', causes: [] },
    ])
    expect((await post(`/api/1/envelope/?sentry_key=${bellwether.ingestKey}`, '{}', auth)).status).toBe(401)
    expect((await post('/api/2/envelope/', '{}', auth)).status).toBe(403)
    expect((await post('/api/1/envelope/', '{}', { 'x-sentry-auth': `Sentry sentry_key=${'0'.repeat(32)}` })).status).toBe(401)
    const fine = await post('/api/1/envelope/', '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n', auth)
    expect([fine.status, fine.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(await fine.json()).toEqual({ id: '9ec79c33ec9942ab8353589fcb2e04dc' })
    // Passed on by a server of the sender's own, without a key: that of the DSN in it counts.
    const passedOn = (key: string, project: number): Promise<Response> =>
      post('/api/1/envelope/', `{"event_id":"9ec79c33ec9942ab8353589fcb2e04dd","dsn":"https://${key}@errors.example/${project}"}\n`)
    const tunnelled = await passedOn(bellwether.ingestKey, 1)
    expect([tunnelled.status, await tunnelled.json()]).toEqual([200, { id: '9ec79c33ec9942ab8353589fcb2e04dd' }])
    expect([(await passedOn('0'.repeat(32), 1)).status, (await passedOn(bellwether.ingestKey, 2)).status]).toEqual([401, 400])
    const preflight = await fetch(`${bellwether.url}/api/1/envelope/`, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST'])
  })

  test('reports of browsers, and one event as old clients send it', async () => {
    const report = {
      'csp-report': { 'document-uri': 'https://a.example', 'violated-directive': 'img-src', 'blocked-uri': 'https://evil.example/x' },
    }
    const sent = await post(`/api/1/security/?sentry_key=${bellwether.ingestKey}`, JSON.stringify(report), {
      'content-type': 'application/csp-report',
    })
    expect(sent.status).toBe(201)
    const stored = await post(
      `/api/1/store/?sentry_key=${bellwether.ingestKey}`,
      JSON.stringify({ message: 'from long ago', level: 'error' }),
    )
    expect(stored.status).toBe(200)
    await problemWith("Blocked 'img-src' from 'evil.example'")
    await problemWith('from long ago')
  })

  test('errors that come by OpenTelemetry are problems too', async () => {
    const attributes = {
      'exception.type': 'java.io.IOException',
      'exception.message': 'disk 7 is gone',
      'exception.stacktrace': 'java.io.IOException: disk 7 is gone\n\tat org.example.Disk.read(Disk.java:7)',
    }
    const record = {
      timeUnixNano: `${Date.now()}000000`,
      severityNumber: 17,
      body: { stringValue: 'could not read' },
      attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    }
    const sent = await fetch(`${bellwether.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-bellwether-key': bellwether.ingestKey },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }),
    })
    expect(sent.status).toBe(200)
    expect(await problemWith('java.io.IOException')).toMatchObject({
      title: 'java.io.IOException: disk 7 is gone',
      place: 'read in Disk.java',
    })
  })
})

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('@sentry/browser', () => {
  let browser: Browser
  let site: Server
  let siteUrl: string
  let folder: string
  let signedIn: NonNullable<VisitOptions['state']>

  /** A build of the page, and the source map of its script. */
  async function built(scripts: string): Promise<{ readonly name: string; readonly map: string }> {
    await build({
      configFile: false,
      logLevel: 'silent',
      root: programs,
      build: {
        outDir: folder,
        emptyOutDir: false,
        sourcemap: true,
        minify: true,
        rollupOptions: { input: join(programs, 'page.ts'), output: { entryFileNames: `${scripts}/[name]-[hash].js` } },
      },
    })
    const script = readdirSync(join(folder, scripts)).find((file) => file.endsWith('.js')) ?? ''
    return { name: `/${scripts}/${script}`, map: readFileSync(join(folder, scripts, `${script}.map`), 'utf8') }
  }

  async function upload(release: string, { name, map }: { readonly name: string; readonly map: string }): Promise<void> {
    const uploaded = await bellwether.fetch(`${api}/source-maps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ release, name, map }),
    })
    expect([uploaded.status, await uploaded.json()]).toMatchObject([201, { name: `~${name}`, release }])
  }

  /** Presses the button whose handler throws, on a page of this build. */
  async function buy(release: string, script: string): Promise<void> {
    await using buyer = await visit(browser, { theme: 'light' })
    const { page } = buyer
    const reported = page.waitForResponse(
      (response) => response.url().includes('/api/1/envelope/') && (response.request().postData() ?? '').includes('"exception"'),
    )
    await page.goto(`${siteUrl}/?${new URLSearchParams({ dsn, release, script }).toString()}`)
    await page.getByRole('button', { name: 'Buy' }).click()
    expect((await reported).status()).toBe(200)
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bellwether-page-'))
    site = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site')
      if (pathname.endsWith('.js')) response.setHeader('content-type', 'text/javascript').end(readFileSync(join(folder, pathname)))
      else
        response
          .setHeader('content-type', 'text/html')
          .end(
            `<!doctype html><link rel="icon" href="data:,"><button>Buy</button><script type="module" src="${searchParams.get('script')}"></script>`,
          )
    }).listen(0, '127.0.0.1')
    await once(site, 'listening')
    const address = site.address()
    siteUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    site?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  test('a minified stack is read by the source map of its release, also when that comes later', async () => {
    const page = await built('assets')
    await buy('web@2.0.0', page.name)
    const problem = await problemWith("reading 'amount'")
    expect(problem).toMatchObject({ service: 'web', lastRelease: 'web@2.0.0', type: 'TypeError' })
    const before = await until('the event', async () => {
      const response = await bellwether.fetch(`${api}/problems/${problem.id}/events/latest`)
      return response.status === 200 ? ((await response.json()) as ProblemEvent) : null
    })
    expect(before.errors[0]?.frames[0]).toMatchObject({ unresolved: 'no source map of release web@2.0.0', raw: null })
    await upload('web@2.0.0', page)
    const { errors } = await read<ProblemEvent>(`/problems/${problem.id}/events/latest`)
    const frames = errors[0]?.frames ?? []
    expect(frames[0]).toMatchObject({ isInApp: true, unresolved: null })
    expect(frames[0]?.file).toMatch(/page\.ts$/)
    expect(frames[0]?.context.join('\n')).toContain('item.price as { readonly amount: number }')
    expect(frames[0]?.raw).toContain('/assets/page-')
  })

  test('with source maps there first, builds that look different have the same problem', async () => {
    for (const [release, scripts] of [
      ['web@3.0.0', 'static'],
      ['web@3.1.0', 'bundles'],
    ] as const) {
      const page = await built(scripts)
      await upload(release, page)
      await buy(release, page.name)
    }
    const problem = await problemWith("reading 'amount'", 2)
    expect(problem).toMatchObject({ firstRelease: 'web@3.0.0', lastRelease: 'web@3.1.0' })
    expect(problem.place).toMatch(/page\.ts$/)
  })

  test('the screens tell it: list, one problem, releases', async () => {
    await using seen = await visit(browser, { theme: 'light' })
    const { page } = seen
    await enterFirst(seen, () => bellwether.stdout(), 'four quiet random words')
    signedIn = await page.context().storageState()
    await page.goto(`${bellwether.url}/p/1/problems`)
    const table = page.getByRole('table', { name: 'problems' })
    await table.getByText('CartError: the cart has no total').waitFor()
    await keepPicture(page, 'problems')
    expect(await axeViolations(page)).toEqual([])
    await table.getByText('CartError: the cart has no total').click()
    await page.getByRole('heading', { name: 'CartError: the cart has no total' }).waitFor()
    await page.getByText('return item.price.amount').first().waitFor()
    await page.getByText('added 3 books', { exact: false }).last().waitFor()
    await keepPicture(page, 'problem')
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('link', { name: 'Logs of its trace' }).waitFor()
    await page.goto(`${bellwether.url}/p/1/releases`)
    await page.getByRole('table', { name: 'releases' }).getByText('shop@1.1.0').waitFor()
    await page.getByRole('table', { name: 'source maps' }).getByText('web@3.1.0').waitFor()
    await keepPicture(page, 'releases')
    expect(await axeViolations(page)).toEqual([])
    expect(seen.troubles).toEqual([])
  })

  test('problems are worked off with the keyboard', async () => {
    await using seen = await visit(browser, { theme: 'dark', state: signedIn })
    const { page } = seen
    await page.goto(`${bellwether.url}/p/1/problems?q=from+long+ago`)
    const row = page.getByRole('table', { name: 'problems' }).getByRole('row', { name: /from long ago/ })
    await row.focus()
    await page.keyboard.press('e')
    await page.getByText('No problem matches').waitFor()
    await page.getByText(/Resolved 1/).click()
    await row.waitFor()
    await keepPicture(page, 'problems-resolved-dark')
    expect(await problemWith('from long ago')).toMatchObject({ state: 'resolved' })
    expect(seen.troubles).toEqual([])
  })
})

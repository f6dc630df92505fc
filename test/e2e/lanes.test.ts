/**
 * A project that floods: it is moved by itself, its data waits unread while the other project's is seen at once, nothing acknowledged is
 * lost when the program is killed in the middle, and it comes back by itself. The page shows it all, in Chromium.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LanesStatusBody } from '@bellwether/protocol'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { axeViolations, keepPicture, launchBrowser, visit } from '../support/browser.ts'
import { chromiumPath, mayBeMissing } from '../support/services.ts'
import { until } from '../support/wait.ts'

const pointsPerBody = 500
const adminToken = 'token-of-the-lanes-test'
const ingestKey = '0123456789abcdef0123456789abcdef'
const email = 'ada@example.org'
const password = 'four quiet random words'

describe.skipIf(mayBeMissing('Chromium', chromiumPath))('a project that floods', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-lanes-'))
  let bellwether: RunningBellwether
  let browser: Browser
  let flooder = { id: '', key: '' }
  let acknowledged = 0
  /** Later than any before it, so that every sample is one of its own. */
  let timeMs = Date.now() - 600_000

  function start(environment: Record<string, string>): Promise<RunningBellwether> {
    const common = {
      BELLWETHER_ADMIN_EMAIL: email,
      BELLWETHER_ADMIN_PASSWORD: password,
      BELLWETHER_SELF_WATCH: 'off',
      BELLWETHER_STATSD_PORT: '0',
      BELLWETHER_LPQ_WINDOW: '60',
      BELLWETHER_LPQ_BACKOFF: '0',
    }
    return startBellwether({ dataDir, adminToken, ingestKey, environment: { ...common, ...environment } })
  }

  beforeAll(async () => {
    // So little of the processor for the low lane that its queue is still there when the program is killed.
    bellwether = await start({ BELLWETHER_LPQ_BUDGET: '0.001', BELLWETHER_LPQ_SHARE: '0.01' })
    browser = await launchBrowser()
    const made = await api<{ id: string }>('/api/0/organizations/1/projects', { name: 'Flood' })
    const { key } = await api<{ key: string }>(`/api/0/projects/${made.id}/keys`, { name: 'flood' })
    flooder = { id: made.id, key }
  })
  afterAll(async () => {
    await browser?.close()
    await bellwether?.[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function api<T>(path: string, body?: unknown): Promise<T> {
    const change = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const answer = await bellwether.fetch(path, body === undefined ? {} : change)
    expect(answer.status, path).toBeLessThan(300)
    return (await answer.json()) as T
  }

  const lanes = (): Promise<LanesStatusBody> => api<LanesStatusBody>('/api/0/system/lanes')

  async function send(key: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Promise<number> {
    const headers = { 'content-type': type, 'x-bellwether-key': key }
    const answer = await fetch(`${bellwether.url}/v1/metrics`, { method: 'POST', headers, body })
    await answer.arrayBuffer()
    return answer.status
  }

  function gauge(name: string, points: number, atMs: number): string {
    const dataPoints = Array.from({ length: points }, (_, i) => ({
      attributes: [{ key: 'i', value: { stringValue: String(i) } }],
      timeUnixNano: `${atMs}000000`,
      asDouble: i,
    }))
    return JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints } }] }] }] })
  }

  async function flood(): Promise<void> {
    const status = await send(flooder.key, gauge('flood', pointsPerBody, timeMs++))
    if (status === 200) acknowledged += pointsPerBody
  }

  async function ask(project: string, query: string): Promise<number> {
    const headers = { 'x-bellwether-project': project }
    const answer = await bellwether.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`, { headers })
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1] ?? 0)
  }

  async function usageOf(project: string): Promise<Record<string, unknown>> {
    const { items } = await api<{ items: Record<string, unknown>[] }>('/api/0/organizations/1/usage')
    const row = items.find(({ projectId }) => projectId === project)
    if (row === undefined) throw new Error(`no usage of project ${project}`)
    return row
  }

  test('goes over its budget and is moved; what it sends then waits unread, and the others do not', async () => {
    await until(
      'the move',
      async () => {
        await flood()
        return (await lanes()).moves.length > 0
      },
      30_000,
    )
    const [move] = (await lanes()).moves
    expect(move).toMatchObject({ projectId: flooder.id, name: 'Flood', change: 'added', reason: 'budget', actor: 'system' })
    expect(move?.usedBudget).toBeGreaterThan(0.001)

    for (let body = 0; body < 30; body++) await flood()
    // Nobody reads it now, so nobody can say that it is none.
    expect(await send(flooder.key, Uint8Array.of(0xff), 'application/x-protobuf')).toBe(200)
    expect(await send(ingestKey, gauge('quiet', 1, Date.now()))).toBe(200)
    expect(await ask('1', 'count(quiet)')).toBe(1)
    const status = await lanes()
    expect(status.projects.find(({ projectId }) => projectId === flooder.id)).toMatchObject({ lane: 'low', switch: 'auto' })
    const low = status.lanes.find(({ lane }) => lane === 'low')
    expect(low?.rows).toBeGreaterThan(0)
  })

  test('the page shows who it is, why, and what waits', async () => {
    await using seen = await visit(browser, { theme: 'light' })
    const { page } = seen
    seen.expectFailure('/api/0/auth/session')
    await page.goto(bellwether.url)
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/p/1')
    await page.goto(`${bellwether.url}/p/1/system/lanes`)
    const row = page.getByRole('table', { name: 'budgets' }).getByRole('row').filter({ hasText: 'Flood' })
    await row.getByText('low priority').first().waitFor()
    await page.getByRole('table', { name: 'moves' }).getByText('to low priority: over its budget').waitFor()
    await page.getByRole('table', { name: 'queues' }).getByText('requests').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'lanes-flood-light')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await axeViolations(page)).toEqual([])
    await keepPicture(page, 'lanes-flood-dark')

    await page.emulateMedia({ colorScheme: 'light' })
    const ours = page.getByRole('group', { name: 'Low priority for Flood' })
    await ours.getByText('Always').click()
    await page.getByRole('table', { name: 'moves' }).getByText('to low priority: switched to always low').waitFor()
    await ours.getByText('By budget').click()
    await page.getByRole('table', { name: 'moves' }).getByText('left to its budget again').waitFor()
    expect(seen.troubles).toEqual([])
  })

  test('killed with a queue: every acknowledged point is there once, and the project comes back by itself', async () => {
    for (let body = 0; body < 20; body++) await flood()
    expect((await lanes()).lanes.find(({ lane }) => lane === 'low')?.rows).toBeGreaterThan(0)
    await bellwether.kill()
    bellwether = await start({ BELLWETHER_LPQ_BUDGET: '1000', BELLWETHER_LPQ_SHARE: '1' })
    await until('the queue to be read', async () => (await lanes()).lanes.every(({ segments }) => segments === 0), 60_000)
    expect(await ask(flooder.id, 'sum(count_over_time(flood[1h]))')).toBe(acknowledged)
    const refused = await api<{ items: { reason: string; protocol: string }[] }>(`/api/0/projects/${flooder.id}/refused`)
    expect(refused.items.filter(({ reason }) => reason === 'malformed')).toHaveLength(1)
    const usage = await usageOf(flooder.id)
    expect(usage['refused']).toEqual({ malformed: 1 })
    expect(usage['received']).toBe(Number(usage['stored']) + 1)

    await until('it to come back', async () => (await lanes()).moves[0]?.change === 'removed')
    expect((await lanes()).moves[0]).toMatchObject({ projectId: flooder.id, actor: 'system' })
    await flood()
    expect(await ask(flooder.id, 'sum(count_over_time(flood[1h]))')).toBe(acknowledged)
    expect(await send(flooder.key, Uint8Array.of(0xff), 'application/x-protobuf')).toBe(400)
  })
})

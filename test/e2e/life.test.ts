/** The started program as a whole: starting, stopping, dying, being started wrongly. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBellwether, startBellwether, testSettings, type RunningBellwether } from '../support/bellwether.ts'
import { sendGauges } from '../support/otlp-json.ts'
import { asker, comparable } from '../support/prometheus-api.ts'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/wait.ts'

const keys = { adminToken: 'test-token-of-the-life-tests', ingestKey: '0123456789abcdef0123456789abcdef' }

async function valuesOf(running: RunningBellwether, query: string): Promise<string[]> {
  const answer = await asker(running.url, running.adminToken)('/api/v1/query', { query })
  return [...comparable(answer).values()].flat().map(([, value]) => value)
}

describe('one data directory through its life', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-life-'))
  const environment = { BELLWETHER_SELF_WATCH: 'off' }
  let running: RunningBellwether

  beforeAll(async () => {
    running = await startBellwether({ dataDir, environment, ...keys })
  })

  afterAll(async () => {
    await running.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('says that it lives and is ready', async () => {
    expect((await fetch(new URL('/health/live', running.url))).status).toBe(200)
    expect((await fetch(new URL('/health/ready', running.url))).status).toBe(200)
    expect(running.stdout()).toContain(`Bellwether is ready at ${running.url}`)
  })

  test('prints the sign-in link at the first start', () => {
    expect(running.stdout()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/\S+/)
  })

  test('shows data that is acknowledged', async () => {
    const timeMs = Date.now()
    expect(await sendGauges(running, 'life', [{ attributes: { step: 'one' }, timeMs, value: 41 }])).toBe(200)
    expect(await valuesOf(running, 'life{step="one"}')).toEqual(['41'])
  })

  test('refuses a second program on the same data directory, in one line', async () => {
    const second = runBellwether(['serve'], testSettings(dataDir, keys))
    expect(await second.exited).not.toBe(0)
    const lines = second.stderr().trim().split('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(dataDir)
    expect((await fetch(new URL('/health/ready', running.url))).status).toBe(200)
  })

  test('stops on SIGTERM with code 0 and leaves no process behind', async () => {
    const pids = running.pids()
    expect(pids.length).toBeGreaterThan(2)
    const stopMs = performance.now()
    expect(await running.stop()).toBe(0)
    // Far above the deadlines of its parts together, for a busy machine; that no timer delays it is proved in orderly-stop.test.ts.
    expect(performance.now() - stopMs).toBeLessThan(60_000)
    await until('its children to be gone', () => pids.every((pid) => !isAlive(pid)))
  })

  test('has its data after a start, and prints no first-run link again', async () => {
    running = await startBellwether({ dataDir, environment, ...keys })
    expect(await valuesOf(running, 'last_over_time(life{step="one"}[1h])')).toEqual(['41'])
  })

  test('loses nothing acknowledged to SIGKILL, and its children end with it', async () => {
    expect(await sendGauges(running, 'life', [{ attributes: { step: 'two' }, timeMs: Date.now(), value: 42 }])).toBe(200)
    const children = running.processes().filter(({ pid }) => pid !== running.pid)
    expect(children.length).toBeGreaterThan(1)
    await running.kill()
    running = await startBellwether({ dataDir, environment, ...keys })
    expect(await valuesOf(running, 'last_over_time(life{step="two"}[1h])')).toEqual(['42'])
    expect(await valuesOf(running, 'count_over_time(life[1h])')).toEqual(['1', '1'])
  })
})

describe('a wrong start says why in one line and ends', () => {
  const cases: [what: string, environment: Record<string, string>, words: string[]][] = [
    ['a port that is not a number', { BELLWETHER_PORT: 'http' }, ['BELLWETHER_PORT', 'whole number']],
    ['a key that is not 32 hexadecimal digits', { BELLWETHER_INGEST_KEY: 'secret' }, ['BELLWETHER_INGEST_KEY', '32']],
    ['an address without a scheme', { BELLWETHER_CLICKHOUSE_URL: 'localhost:8123' }, ['BELLWETHER_CLICKHOUSE_URL']],
    ['a ClickHouse that is not there', { BELLWETHER_CLICKHOUSE_URL: 'http://127.0.0.1:9' }, ['127.0.0.1:9']],
    ['a PostgreSQL that is not there', { BELLWETHER_POSTGRES_URL: 'postgres://nobody@127.0.0.1:9/none' }, ['127.0.0.1:9']],
  ]

  test.each(cases)('%s', async (_what, environment, words) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-wrong-'))
    const run = runBellwether(['serve'], { ...testSettings(dataDir, keys), ...environment })
    expect(await run.exited, run.stderr()).toBeGreaterThan(0)
    const lines = run.stderr().trim().split('\n')
    expect(lines, run.stderr()).toHaveLength(1)
    for (const word of words) expect(lines[0]).toContain(word)
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('two problems are two lines', async () => {
    const run = runBellwether(['serve'], { ...testSettings(tmpdir(), keys), BELLWETHER_PORT: '-1', BELLWETHER_LOG_LEVEL: 'loud' })
    expect(await run.exited).toBeGreaterThan(0)
    expect(run.stderr().trim().split('\n')).toHaveLength(2)
  })

  test('a port in use', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = address !== null && typeof address === 'object' ? String(address.port) : ''
    const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-wrong-'))
    const run = runBellwether(['serve'], { ...testSettings(dataDir, keys), BELLWETHER_PORT: port })
    expect(await run.exited).toBeGreaterThan(0)
    expect(run.stderr()).toContain(port)
    expect(run.stderr().trim().split('\n')).toHaveLength(1)
    await new Promise((resolve) => holder.close(resolve))
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('a data directory that is a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellwether-wrong-'))
    const file = join(folder, 'data')
    writeFileSync(file, 'not a folder')
    const run = runBellwether(['serve'], testSettings(file, keys))
    expect(await run.exited).toBeGreaterThan(0)
    expect(run.stderr().trim().split('\n')).toHaveLength(1)
    expect(run.stderr()).toContain(file)
    rmSync(folder, { recursive: true, force: true })
  })

  test('a command that does not exist is wrong use', async () => {
    const run = runBellwether(['sevre'])
    expect(await run.exited).toBe(2)
  })
})

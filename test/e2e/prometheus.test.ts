/**
 * A real Prometheus scrapes itself every second and writes everything here; then both are asked the same queries. Query times are
 * half a second away from the scrapes, so that no window begins or ends exactly on a sample: there Prometheus 2 and 3 differ.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAuthorizingProxy } from '../support/authorizing-proxy.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable, differences, type ApiAnswer, type Ask } from '../support/prometheus-api.ts'
import { startPrometheus, type RunningPrometheus } from '../support/prometheus.ts'
import { mayBeMissing, prometheusPath, promtoolPath } from '../support/services.ts'
import { until } from '../support/wait.ts'
import { queries } from './prometheus-queries.ts'

const historySec = 40

describe.skipIf(mayBeMissing('Prometheus', prometheusPath))('beside a real Prometheus', () => {
  let bellwether: RunningBellwether
  let prometheus: RunningPrometheus
  let askPrometheus: Ask
  let askBellwether: Ask
  /** Between two scrapes, with `historySec` of samples before it, everywhere. */
  let atSec = 0

  beforeAll(async () => {
    bellwether = await startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off' } })
    prometheus = await startPrometheus(bellwether)
    askPrometheus = asker(prometheus.url)
    askBellwether = asker(bellwether.url, bellwether.adminToken)
    const scrapes = async (ask: Ask, sec: number): Promise<string[]> => {
      const all = [...comparable(await ask('/api/v1/query', { query: 'up[10m]', time: String(sec) })).values()].flat()
      return all.map(([time]) => String(time))
    }
    const enough = await until(
      'forty scrapes',
      async () => {
        const times = await scrapes(askPrometheus, Date.now() / 1000)
        return times.length > historySec + 5 ? times : null
      },
      90_000,
    )
    atSec = Number(enough[historySec]) + 0.5
    const wanted = await scrapes(askPrometheus, atSec)
    await until('the same scrapes here', async () => (await scrapes(askBellwether, atSec)).join() === wanted.join())
  })

  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]()
    await bellwether?.[Symbol.asyncDispose]()
  })

  test.each(queries)('instant: %s', async (query) => {
    const parameters = { query, time: String(atSec) }
    const wanted = await askPrometheus('/api/v1/query', parameters)
    const got = await askBellwether('/api/v1/query', parameters)
    expect(wanted.status, wanted.error).toBe('success')
    expect(got.status, got.error).toBe('success')
    expect(got.data?.resultType).toBe(wanted.data?.resultType)
    expect(differences(comparable(wanted), comparable(got))).toEqual([])
  })

  test.each(queries)('range: %s', async (query) => {
    const parameters = { query, start: String(atSec - 24), end: String(atSec), step: '3' }
    const wanted = await askPrometheus('/api/v1/query_range', parameters)
    const got = await askBellwether('/api/v1/query_range', parameters)
    expect(wanted.status, wanted.error).toBe('success')
    expect(got.status, got.error).toBe('success')
    expect(got.data?.resultType).toBe('matrix')
    expect(differences(comparable(wanted), comparable(got))).toEqual([])
  })

  test('most of the queries have something to compare', async () => {
    let empty = 0
    for (const query of queries) {
      if (comparable(await askPrometheus('/api/v1/query', { query, time: String(atSec) })).size === 0) empty += 1
    }
    expect(empty).toBeLessThan(queries.length / 6)
  })

  test('the same label names and series, as soon as both have seen the newest', async () => {
    const sorted = (answer: ApiAnswer): string => JSON.stringify((answer.data as unknown as unknown[]).map(canonical).toSorted())
    for (const path of ['/api/v1/labels', '/api/v1/series']) {
      await until(`the same ${path}`, async () => {
        const parameters = { start: String(atSec - historySec), end: String(Date.now() / 1000), 'match[]': '{job="prometheus"}' }
        const [wanted, got] = await Promise.all([askPrometheus(path, parameters), askBellwether(path, parameters)])
        return sorted(wanted) === sorted(got)
      })
    }
  })

  test('metadata of Prometheus arrives', async () => {
    const metadata = await until('metadata', async () => {
      const answer = (await (await bellwether.fetch('/api/v1/metadata?metric=go_goroutines')).json()) as { data: Record<string, unknown> }
      return answer.data['go_goroutines'] ?? null
    })
    expect(metadata).toEqual([{ type: 'gauge', help: 'Number of goroutines that currently exist.', unit: '' }])
  })

  test('a query that Prometheus refuses is refused here in the same way', async () => {
    for (const query of ['sum(', 'rate(up)', 'up + on (job) group_left () {__name__=~".+"}']) {
      const wanted = await askPrometheus('/api/v1/query', { query, time: String(atSec) })
      const got = await askBellwether('/api/v1/query', { query, time: String(atSec) })
      expect([got.status, got.errorType], query).toEqual([wanted.status, wanted.errorType])
    }
  })

  test.skipIf(mayBeMissing('promtool', promtoolPath))('promtool asks Bellwether', async () => {
    await using proxy = await startAuthorizingProxy(bellwether.url, bellwether.adminToken)
    const run = promisify(execFile)
    const promtool = async (...args: string[]): Promise<string> => (await run(promtoolPath ?? '', ['query', ...args])).stdout
    const at = new Date(atSec * 1000).toISOString()
    expect(await promtool('instant', `--time=${at}`, proxy.url, 'count(up)')).toContain('{} => 1 @')
    expect(await promtool('labels', proxy.url, 'job')).toContain('prometheus')
    expect(await promtool('series', '--match=up', proxy.url)).toContain('up')
  })
})

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

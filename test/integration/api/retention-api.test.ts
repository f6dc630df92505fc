/** Retention and deletions over the API on real engines: previews, effect at once, audit; and that another project is not touched. */
import type { DeletionAnswer, MetricDeletion, RetentionPreviewBody, RetentionStatus } from '@bellwether/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminToken, nowMs, openApiStack, ours, type ApiStack } from './api-stack.ts'

let stack: ApiStack
const base = '/api/0/projects/1'
const dayMs = 86_400_000

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  for (const name of ['kept', 'debug_one', 'doomed']) {
    await stack.put(
      ours,
      [40, 10, 1].map((days) => ({ labels: { __name__: name, host: 'a' }, timeMs: nowMs - days * dayMs, value: days })),
    )
  }
  await stack.put(stack.theirs.tenant, [{ labels: { __name__: 'doomed', host: 'a' }, timeMs: nowMs - 40 * dayMs, value: 40 }])
  await stack.metrics.drain()
})
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
})

async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object, token = adminToken) {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await stack.app.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: answer.statusCode, body: (answer.payload === '' ? null : JSON.parse(answer.payload)) as T }
}

/** Days ago of the samples that a query of all time shows. */
async function shown(name: string): Promise<number[]> {
  const query = encodeURIComponent(`${name}[100d]`)
  const { body } = await call<{ data: { result: { values: [number, string][] }[] } }>(
    'GET',
    `/api/v1/query?query=${query}&time=${nowMs / 1000}`,
  )
  return body.data.result.flatMap(({ values }) => values.map(([, value]) => Number(value)))
}

describe('retention', () => {
  const policy = { days: 30, rollupDays: null, rules: [{ pattern: 'debug_*', days: 5 }] }

  test('nothing is set at first; a preview counts and changes nothing', async () => {
    expect((await call<RetentionStatus>('GET', `${base}/retention`)).body).toMatchObject({
      policy: { days: null, rules: [] },
      changedAt: null,
    })
    expect((await call<RetentionPreviewBody>('POST', `${base}/retention/preview`, policy)).body).toEqual({ samples: 4, rollups: 0 })
    expect(await shown('debug_one')).toEqual([40, 10, 1])
  })

  test('is in force at once, said in the audit log, and ends again', async () => {
    expect((await call<RetentionStatus>('PUT', `${base}/retention`, policy)).body).toMatchObject({ policy, changedBy: expect.any(String) })
    expect([await shown('kept'), await shown('debug_one')]).toEqual([[10, 1], [1]])
    const audit = await call<{ items: { action: string; detail: Record<string, string> }[] }>('GET', '/api/0/organizations/1/audit')
    expect(audit.body.items[0]).toMatchObject({ action: 'retention.change', detail: { policy: expect.stringContaining('debug_*') } })
    await call('PUT', `${base}/retention`, { days: null, rollupDays: null, rules: [] })
    expect(await shown('kept')).toEqual([40, 10, 1])
  })

  test('what makes no sense is refused', async () => {
    for (const wrong of [
      { ...policy, days: 0 },
      { ...policy, rollupDays: 3 },
      { ...policy, rules: [{ pattern: '', days: 1 }] },
      { days: 3 },
    ])
      expect((await call('PUT', `${base}/retention`, wrong)).status).toBe(400)
  })
})

describe('deleting', () => {
  test('a metric: counted, then hidden at once and gone, of this project alone', async () => {
    const dry = await call<DeletionAnswer>('DELETE', `${base}/metrics/doomed?dryRun=true`)
    expect(dry.body).toEqual({ id: null, series: 1, samples: 3 })
    expect(await shown('doomed')).toEqual([40, 10, 1])
    const { status, body } = await call<DeletionAnswer>('DELETE', `${base}/metrics/doomed`)
    expect([status, body]).toEqual([200, { id: expect.any(String), series: 1, samples: 3 }])
    expect(await shown('doomed')).toEqual([])
    expect((await call('GET', `${base}/metrics/doomed`)).status).toBe(404)
    await stack.retention.settled()
    const list = await call<{ items: MetricDeletion[] }>('GET', `${base}/retention/deletions`)
    expect(list.body.items).toMatchObject([{ match: ['{__name__="doomed"}'], state: 'done', samples: 3 }])
    const audit = await call<{ items: { action: string }[] }>('GET', '/api/0/organizations/1/audit')
    expect(audit.body.items[0]?.action).toBe('metrics.delete')
    await stack.put(ours, [{ labels: { __name__: 'doomed', host: 'a' }, timeMs: nowMs - 40 * dayMs, value: 7 }])
    expect(await shown('doomed')).toEqual([7])
    const theirs = await stack.metrics.store.select(
      { ...stack.theirs.tenant, projectIds: [stack.theirs.tenant.projectId] } as never,
      { matchers: [{ name: '__name__', op: '=', value: 'doomed' }], fromMs: 0, toMs: nowMs },
      { seriesMax: 10, samplesMax: 10, signal: new AbortController().signal },
    )
    expect([...theirs.values]).toEqual([40])
  })

  test('series by selectors; a selector of everything, of nothing, and of another project is refused', async () => {
    expect((await call('POST', `${base}/metrics/delete-series`, { match: ['{host=~".*"}'] })).status).toBe(400)
    expect((await call('POST', `${base}/metrics/delete-series`, { match: ['nothing{a="b"}'] })).status).toBe(404)
    expect((await call('POST', `${base}/metrics/delete-series`, { match: ['kept'] }, stack.theirs.token)).status).toBe(404)
    expect((await call('DELETE', `${base}/metrics/kept`, undefined, stack.theirs.token)).status).toBe(404)
    const { body } = await call<DeletionAnswer>('POST', `${base}/metrics/delete-series`, { match: ['kept{host="a"}', 'debug_one'] })
    expect(body).toMatchObject({ series: 2, samples: 6 })
    await stack.retention.settled()
    expect([await shown('kept'), await shown('debug_one')]).toEqual([[], []])
  })
})

/** Rules over the API on real engines: versions, undo, audit, limits, previews; and that another project sees nothing of it. */
import type { CardinalityRule, RulePreview } from '@bellwether/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminToken, nowMs, openApiStack, ours, type ApiStack } from './api-stack.ts'

let stack: ApiStack
const base = '/api/0/projects/1/cardinality'

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  const labels = (user: number) => ({ __name__: 'hits_total', job: 'web', region: user % 2 === 0 ? 'n' : 's', user: `u${user}` })
  await stack.put(
    ours,
    Array.from({ length: 40 }, (_, user) => ({ labels: labels(user), timeMs: nowMs, value: user })),
  )
  await stack.put(ours, [{ labels: { __name__: 'up', job: 'web' }, timeMs: nowMs, value: 1 }])
  await stack.metrics.drain()
})
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
})

async function call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, token = adminToken) {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await stack.app.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: answer.statusCode, body: (answer.payload === '' ? null : JSON.parse(answer.payload)) as T }
}

const match = { kind: 'exact', value: 'hits_total' }
const dropUser = { match, action: { kind: 'drop_labels', labels: ['user'], gauges: 'last' }, note: 'too many users' }
const list = async (): Promise<CardinalityRule[]> => (await call<{ items: CardinalityRule[] }>('GET', `${base}/rules`)).body.items

describe('costs', () => {
  test('the dearest metrics first, with samples from the engine', async () => {
    const { status, body } = await call<{ metrics: { name: string; activeSeries: number; samples: number }[] }>('GET', base)
    expect(status).toBe(200)
    expect(body).toMatchObject({ activeSeries: 41, limits: { metric: 200_000 }, explosions: [] })
    expect(body.metrics.map(({ name, activeSeries, samples }) => [name, activeSeries, samples])).toEqual([
      ['hits_total', 40, 40],
      ['up', 1, 1],
    ])
    const bySamples = await call<{ metrics: { name: string }[] }>('GET', `${base}?order=samples&limit=1`)
    expect(bySamples.body.metrics.map(({ name }) => name)).toEqual(['hits_total'])
  })

  test('the labels of one, most values first', async () => {
    const { body } = await call<{ labels: { name: string; values: number; examples: string[] }[] }>('GET', `${base}/metrics/hits_total`)
    expect(body).toMatchObject({ activeSeries: 40, samples: 40, seriesCounted: 40 })
    expect(body.labels.map(({ name, values }) => [name, values])).toEqual([
      ['user', 40],
      ['region', 2],
      ['job', 1],
    ])
    expect(body.labels[1]?.examples.sort()).toEqual(['n', 's'])
    expect((await call('GET', `${base}/metrics/nothing`)).status).toBe(404)
  })
})

describe('previews', () => {
  const preview = async (draft: object): Promise<RulePreview> => (await call<RulePreview>('POST', `${base}/rules/preview`, draft)).body

  test('say what would have become of the last day', async () => {
    expect(await preview(dropUser)).toEqual({
      metrics: ['hits_total'],
      metricCount: 1,
      seriesBefore: 40,
      seriesAfter: 2,
      samplesBefore: 40,
      samplesAfter: 2,
      labelsGone: ['user'],
      overruledBy: null,
    })
    const all = { match: { kind: 'pattern', value: '.*' }, note: '' }
    expect(await preview({ ...all, action: { kind: 'keep_labels', labels: ['job'] } })).toMatchObject({
      metricCount: 2,
      seriesBefore: 41,
      seriesAfter: 2,
      labelsGone: ['user', 'region'],
    })
    expect(await preview({ ...all, action: { kind: 'drop_metric' } })).toMatchObject({ seriesAfter: 0, samplesAfter: 0 })
    expect(await preview({ ...dropUser, match: { kind: 'prefix', value: 'none_' } })).toMatchObject({ metricCount: 0, samplesBefore: 0 })
    expect(await list()).toEqual([])
  })

  test.each([
    [{ ...dropUser, match: { kind: 'pattern', value: '(' } }, /pattern is not valid/],
    [{ ...dropUser, action: { kind: 'drop_labels', labels: ['le'], gauges: 'last' } }, /'le' cannot be taken away/],
    [{ ...dropUser, action: { kind: 'drop_labels', labels: [], gauges: 'last' } }, /has to name one/],
    [{ ...dropUser, action: { kind: 'explode' } }, /action/],
  ])('%j is refused in words, and so is the rule', async (draft, text) => {
    for (const path of [`${base}/rules/preview`, `${base}/rules`]) {
      const { status, body } = await call<{ error: { message: string } }>('POST', path, draft)
      expect([status, body.error.message]).toEqual([400, expect.stringMatching(text)])
    }
  })
})

describe('rules', () => {
  test('every change is a version, can be taken back, and stands in the audit log', async () => {
    const made = await call<CardinalityRule>('POST', `${base}/rules`, dropUser)
    expect(made).toMatchObject({ status: 201, body: { ...dropUser, state: 'active', version: 1, lastChange: 'create' } })
    const rule = `${base}/rules/${made.body.id}`
    const change = async (body: object): Promise<[string, number, string]> => {
      const { body: next } = await call<CardinalityRule>('PATCH', rule, body)
      return [next.state, next.version, next.lastChange]
    }
    expect(await change({ state: 'paused' })).toEqual(['paused', 2, 'pause'])
    expect(await change({ undo: true })).toEqual(['active', 3, 'undo'])
    expect(await change({ action: { kind: 'drop_metric' } })).toEqual(['active', 4, 'change'])
    expect(await change({ undo: true })).toEqual(['active', 5, 'undo'])
    expect((await list()).map(({ action }) => action)).toEqual([dropUser.action])
    expect((await call('DELETE', rule)).status).toBe(204)
    expect(await list()).toEqual([])
    expect((await call('PATCH', rule, { state: 'paused' })).status).toBe(404)
    expect((await call('DELETE', rule)).status).toBe(404)
    expect(await change({ undo: true })).toEqual(['active', 7, 'undo'])
    expect((await call<RulePreview>('POST', `${base}/rules/preview`, dropUser)).body.overruledBy).toBe(made.body.id)
    const audit = await call<{ items: { action: string; target: string }[] }>('GET', '/api/0/organizations/default/audit')
    const ownEntries = audit.body.items.filter(({ target }) => target === `cardinality-rule:${made.body.id}`)
    expect(ownEntries.map(({ action }) => action.replace('cardinality-rule.', ''))).toEqual(
      ['create', 'pause', 'undo', 'change', 'undo', 'delete', 'undo'].reverse(),
    )
  })

  test('a change that says nothing, or two things at once, is refused', async () => {
    const [rule] = await list()
    for (const body of [{}, { undo: true, state: 'paused' }, { undo: false }, { state: 'deleted' }]) {
      expect((await call('PATCH', `${base}/rules/${rule?.id}`, body)).status).toBe(400)
    }
  })

  test('nobody else sees or changes them, and who may only read changes nothing', async () => {
    const [rule] = await list()
    const theirs = `/api/0/projects/${stack.theirs.project}/cardinality/rules`
    expect((await call<{ items: unknown[] }>('GET', theirs, undefined, stack.theirs.token)).body.items).toEqual([])
    expect((await call('PATCH', `${theirs}/${rule?.id}`, { undo: true }, stack.theirs.token)).status).toBe(404)
    expect((await call('DELETE', `${theirs}/${rule?.id}`, undefined, stack.theirs.token)).status).toBe(404)
    expect((await list()).length).toBe(1)
    const wanted = { name: 'reader', permissions: ['read'], projectId: null, expiresAt: null }
    const reader = await call<{ secret?: string; token?: string }>('POST', '/api/0/organizations/default/tokens', wanted)
    const secret = reader.body.secret ?? reader.body.token ?? ''
    expect((await call('GET', `${base}/rules`, undefined, secret)).status).toBe(200)
    expect((await call('POST', `${base}/rules`, dropUser, secret)).status).toBe(403)
    expect((await call('PATCH', `${base}/rules/${rule?.id}`, { undo: true }, secret)).status).toBe(403)
  })

  test('two changes at once follow each other', async () => {
    const [rule] = await list()
    const path = `${base}/rules/${rule?.id}`
    const before = rule?.version ?? 0
    await Promise.all(Array.from({ length: 6 }, (_, i) => call('PATCH', path, { note: `note ${i}` })))
    expect((await list())[0]?.version).toBe(before + 6)
  })
})

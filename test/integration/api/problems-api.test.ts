/** Problems by the API, over real engines: what retention hides, when one is back, whole hours, weights, exceptions told twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminToken, openApiStack, ours, type ApiStack } from './api-stack.ts'
import { byLogs, insertTwice, onSpan } from './thrown-rows.ts'

let stack: ApiStack
const headers = { authorization: `Bearer ${adminToken}` }
const base = '/api/0/projects/1'
const [hourMs, dayMs] = [3_600_000, 86_400_000]

beforeAll(async () => {
  stack = await openApiStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

/** `any` as JSON is: what is read from it is what the test is about. */
async function call<Answer>(method: 'GET' | 'POST' | 'PUT', path: string, payload?: object): Promise<Answer> {
  const answer = await stack.app.inject({ method, url: `${base}${path}`, headers, ...(payload === undefined ? {} : { payload }) })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

/** Counts of an event, and its row, as the writer inserts them. */
async function put(problem: string, atMs: number, weight = 1): Promise<void> {
  const { organizationId, projectId } = ours
  await stack.engine.command(
    `INSERT INTO problem_hours (org, project, problem, hour, release, environment, service, count, first, last, severity, type, title, place, user_hashes)
      VALUES (${organizationId}, ${projectId}, 0x${problem}, ${Math.floor(atMs / hourMs)}, '', '', 'shop', ${weight}, ${atMs}, ${atMs}, 17, 'E', 'E ${problem}', '', [])`,
  )
  for (const [row, source, id] of [
    [0, 'sentry', `0x${problem}`],
    [1, 'sentry-feedback', '0'],
  ] as const)
    await stack.engine.command(
      `INSERT INTO logs (org, project, bucket, keep, ts, batch, row, source, body, problem, weight, attributes)
        VALUES (${organizationId}, ${projectId}, ${Math.floor(atMs / 600_000)}, 30, ${atMs} * 1000000, 7, ${row}, '${source}', 'said ${problem}', ${id}, ${weight}, map('tags.plan', 'free'))`,
    )
}

test('events, tags, intervals and feedback that retention hides are not shown', async () => {
  const problem = '00000000000000a1'
  const atMs = Date.now() - 3 * dayMs
  await put(problem, atMs)
  const range = `from=${new Date(atMs - hourMs).toISOString()}&to=${new Date(atMs + hourMs).toISOString()}`
  const seen = async (): Promise<unknown> => {
    const detail = await call<{ tags: unknown[]; spark: number[]; totalCount: number }>('GET', `/problems/${problem}?${range}`)
    const events = await call<{ items: unknown[] }>('GET', `/problems/${problem}/events`)
    const feedback = await call<{ items: { message: string }[] }>('GET', '/feedback')
    const latest = await stack.app.inject({ url: `${base}/problems/${problem}/events/latest`, headers })
    return {
      events: events.items.length,
      latest: latest.statusCode,
      hasTags: detail.tags.length > 0,
      spark: detail.spark.reduce((sum, each) => sum + each, 0),
      feedback: feedback.items.filter(({ message }) => message === `said ${problem}`).length,
    }
  }
  expect(await seen()).toEqual({ events: 1, latest: 200, hasTags: true, spark: 1, feedback: 1 })
  await call('PUT', '/logs/retention', { days: 1 })
  expect(await seen()).toEqual({ events: 0, latest: 404, hasTags: false, spark: 0, feedback: 0 })
  await call('PUT', '/logs/retention', { days: 30 })
  expect(await seen()).toMatchObject({ events: 1, feedback: 1 })
})

test('a resolved problem is back by what came afterwards, whatever time that says', async () => {
  const problem = '00000000000000b1'
  const state = async (): Promise<string> => (await call<{ state: string }>('GET', `/problems/${problem}`)).state
  await put(problem, Date.now() - 60_000)
  await put(problem, Date.now() + 20 * hourMs)
  await call('POST', '/problems/decide', { ids: [problem], decision: 'resolved' })
  expect(await state()).toBe('resolved')
  const list = await call<{ items: { id: string; state: string }[] }>('GET', '/problems?state=all')
  expect(list.items.find(({ id }) => id === problem)?.state).toBe('resolved')
  await put(problem, Date.now() - 2 * hourMs)
  expect(await state()).toBe('resolved')
  await put(problem, Date.now() + 1)
  expect(await state()).toBe('regressed')
})

test('counts say which whole hours they are of, and tags count what events stand for', async () => {
  const problem = '00000000000000c1'
  const hour = Math.floor(Date.now() / hourMs) * hourMs - 5 * hourMs
  await put(problem, hour + 5 * 60_000, 2.5)
  await put(problem, hour + 55 * 60_000, 5.5)
  const range = `from=${new Date(hour + 50 * 60_000).toISOString()}&to=${new Date(hour + 58 * 60_000).toISOString()}`
  const hours = { from: new Date(hour).toISOString(), to: new Date(hour + hourMs).toISOString() }
  const list = await call<{ items: { id: string; count: number }[] }>('GET', `/problems?state=all&${range}`)
  expect(list).toMatchObject(hours)
  expect(list.items.find(({ id }) => id === problem)?.count).toBe(8)
  const detail = await call<{ tags: { tag: string }[] }>('GET', `/problems/${problem}?${range}`)
  expect(detail).toMatchObject({ count: 8, ...hours })
  expect(detail.tags.find(({ tag }) => tag === 'plan')).toEqual({ tag: 'plan', total: 8, values: [{ value: 'free', count: 8 }] })
})

test('quantiles go by weights that are no whole numbers', async () => {
  const { organizationId, projectId } = ours
  const atMs = Date.now() - 60_000
  // Ten rows stand for eleven, twelve for themselves: the middle is among the latter.
  await stack.engine.command(
    `INSERT INTO logs (org, project, bucket, keep, ts, batch, row, service, body, weight, attributes)
      SELECT ${organizationId}, ${projectId}, ${Math.floor(atMs / 600_000)}, 30, ${atMs} * 1000000, 8, number, 'weighed', '', if(number < 10, 1.1, 1),
        map('ms', if(number < 10, '1', '100')) FROM numbers(22)`,
  )
  const asked = { query: 'service:weighed', from: 'now-10m', to: 'now', measure: 'p50', field: '@ms' }
  const { series } = await call<{ series: { values: (number | null)[] }[] }>('POST', '/logs/histogram', asked)
  expect(series.flatMap(({ values }) => values).filter((value) => value !== null && value > 0)).toEqual([100])
})

interface Listed {
  readonly id: string
  readonly title: string
  readonly count: number
  readonly spark: readonly number[]
}

async function listed(range = ''): Promise<Record<string, readonly [count: number, spark: number]>> {
  const { items } = await call<{ items: Listed[] }>('GET', `/problems?state=all&service=twice${range}`)
  return Object.fromEntries(items.map(({ title, count, spark }) => [title, [count, spark.reduce((sum, each) => sum + each, 0)]]))
}

test('an exception of a span counts unless logs say the same', async () => {
  const refused = { type: 'Refused', message: 'no money' }
  const both = [
    { ...refused, trace: 1, span: 1, weight: 4 },
    { ...refused, trace: 2, span: 2, weight: 4 },
  ]
  await insertTwice(
    stack.engine,
    onSpan([...both, { ...refused, trace: 3, span: 3, weight: 4 }, { type: 'shop.Gone', message: 'away', trace: 1, span: 5 }]),
  )
  // As long as only the spans are there, theirs count.
  expect(await listed()).toEqual({ 'Refused: no money': [12, 12], 'shop.Gone: away': [1, 1] })
  await insertTwice(
    stack.engine,
    byLogs([
      ...both.map((one) => ({ ...one, isPino: one.span === 2 })),
      { ...refused, trace: 9, span: 9, weight: 4, isPino: true },
      { type: 'Gone', message: 'away', trace: 1, span: 5 },
    ]),
  )
  const once = { 'Refused: no money': [16, 16], 'Gone: away': [1, 1] }
  expect(await listed()).toEqual(once)
  await stack.engine.command('OPTIMIZE TABLE problem_hours FINAL')
  expect(await listed()).toEqual(once)
  // By hours, as of longer ranges.
  expect(await listed('&from=now-2d')).toEqual(once)
})

test('its events, releases and totals are those that count', async () => {
  const { items } = await call<{ items: Listed[] }>('GET', '/problems?state=all&service=twice&text=Refused')
  const id = items[0]?.id ?? ''
  const detail = await call<{ count: number; totalCount: number }>('GET', `/problems/${id}`)
  expect(detail).toMatchObject({ count: 16, totalCount: 16 })
  const events = await call<{ items: { traceId: string; message: string }[] }>('GET', `/problems/${id}/events`)
  expect(events.items.map(({ traceId, message }) => [traceId.slice(0, 2), message]).sort()).toEqual([
    ['01', 'it failed: no money'],
    ['02', 'it failed: no money'],
    ['03', 'Refused: no money'],
    ['09', 'it failed: no money'],
  ])
})

test('what logs said first hides what the span says later; without a span nothing is the same', async () => {
  const late = { type: 'Late', message: 'again', trace: 11, span: 11 }
  await insertTwice(stack.engine, byLogs([late]))
  await insertTwice(stack.engine, onSpan([late]))
  await insertTwice(stack.engine, byLogs([{ ...late, type: 'Nowhere', span: 0 }]))
  await insertTwice(stack.engine, onSpan([{ ...late, type: 'Nowhere', span: 0 }]))
  const found = await listed()
  expect([found['Late: again'], found['Nowhere: again']]).toEqual([
    [1, 1],
    [2, 2],
  ])
})

/** How many events all ways of asking about the problem of this type find. */
async function eventsOf(type: string): Promise<Record<string, unknown>> {
  const list = await call<{ items: (Listed & { type: string })[] }>('GET', '/problems?state=all&service=twice')
  const id = list.items.find((problem) => problem.type === type)?.id ?? ''
  const path = `/problems/${id}`
  const { count, spark, tags } = await call<Listed & { tags: { tag: string; total: number }[] }>('GET', path)
  const { items } = await call<{ items: { id: string; message: string }[] }>('GET', `${path}/events`)
  const paged: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: { id: string }[]; next: string | null } = await call('GET', `${path}/events?limit=1${cursor}`)
    paged.push(...page.items.map((event) => event.id))
    cursor = page.next === null ? null : `&cursor=${page.next}`
  }
  const ids = items.map((event) => event.id)
  const beside = await Promise.all(ids.map((event) => call<{ older: unknown; newer: unknown }>('GET', `${path}/events/${event}`)))
  expect(beside.map(({ older }) => older)).toEqual([...ids.slice(1), null])
  expect(beside.map(({ newer }) => newer)).toEqual([null, ...ids.slice(0, -1)])
  return {
    messages: items.map(({ message }) => message.replace('it failed', 'log')).sort(),
    counted: [list.items.find((problem) => problem.id === id)?.count, count, tags.find(({ tag }) => tag === 'service')?.total],
    spark: spark.reduce((sum, each) => sum + each, 0),
  }
}

test('of several exceptions of one problem on a span, logs take out the one they tell', async () => {
  const on = { type: 'net.Lost', trace: 21, span: 21 }
  const hosts = ['timeout of host 1', 'timeout of host 2', 'refused by host 3'].map((message) => ({ ...on, message }))
  await insertTwice(stack.engine, onSpan(hosts))
  await insertTwice(stack.engine, byLogs([{ ...on, message: ' refused by host 3\n' }]))
  // The same message of another span is another event.
  await insertTwice(stack.engine, byLogs([{ ...on, message: 'timeout of host 1', span: 22 }]))
  expect(await eventsOf('net.Lost')).toEqual({
    messages: ['log:  refused by host 3\n', 'log: timeout of host 1', 'net.Lost: timeout of host 1', 'net.Lost: timeout of host 2'],
    counted: [4, 4, 4],
    spark: 4,
  })
  // Of another problem, as logs do not say where the type is from.
  await insertTwice(stack.engine, byLogs([{ ...on, type: 'Lost', message: 'timeout of host 2' }]))
  expect(await eventsOf('net.Lost')).toMatchObject({ counted: [3, 3, 3], spark: 3 })
})

test('of retries that fail alike on one span, logs take out those that they tell', async () => {
  const retry = { type: 'Retried', message: 'no route', trace: 31, span: 31 }
  const retries = [0, 2000, 4000].map((laterMs) => ({ ...retry, laterMs }))
  await insertTwice(stack.engine, onSpan(retries))
  expect((await listed())['Retried: no route']?.[0]).toBe(3)
  // The last one is logged, then the others, in a request of their own.
  await insertTwice(stack.engine, byLogs([{ ...retry, laterMs: 4010 }]))
  const told = 'Retried: no route'
  expect(await eventsOf('Retried')).toEqual({ messages: [told, told, 'log: no route'].sort(), counted: [3, 3, 3], spark: 3 })
  await insertTwice(
    stack.engine,
    byLogs([
      { ...retry, laterMs: 1 },
      { ...retry, laterMs: 1990 },
    ]),
  )
  expect(await eventsOf('Retried')).toMatchObject({ messages: Array(3).fill('log: no route'), counted: [3, 3, 3], spark: 3 })
})

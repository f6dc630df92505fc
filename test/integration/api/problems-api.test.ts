/** Problems by the API, over real engines: what retention hides, when one is back, whole hours, weights. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminToken, openApiStack, ours, type ApiStack } from './api-stack.ts'

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

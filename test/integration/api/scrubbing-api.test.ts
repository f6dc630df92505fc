/** Policies of scrubbing over the API: what holds before anyone chose, changing it, trying it, what is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiStack, adminToken, openApiStack } from './api-stack.ts'

let stack: ApiStack
beforeAll(async () => {
  stack = await openApiStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const path = '/api/0/projects/1/scrubbing'
const policy = {
  secrets: true,
  cards: false,
  emails: true,
  rules: [
    { name: 'customer', kind: 'field', value: 'customer.*', enabled: true },
    { name: 'order', kind: 'pattern', value: 'ord-\\d+', enabled: true },
  ],
}

async function call(method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${adminToken}` }
  const answer = await stack.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: answer.json() }
}

describe('the policy of a project', () => {
  test('is everything, until someone chooses', async () => {
    expect(await call('GET', path)).toEqual({
      status: 200,
      body: { policy: { secrets: true, cards: true, emails: true, rules: [] }, changedAt: null, changedBy: null },
    })
  })

  test('is changed, kept and audited', async () => {
    expect(await call('PUT', path, policy)).toMatchObject({ status: 200, body: { policy } })
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { policy, changedBy: expect.any(String) as string } })
    const { body } = await call('GET', '/api/0/organizations/default/audit')
    expect(JSON.stringify(body)).toContain('"scrubbing.change"')
  })

  test.each([
    ['a pattern that is none', { ...policy, rules: [{ name: 'x', kind: 'pattern', value: '(', enabled: true }] }],
    ['a pattern that is too large', { ...policy, rules: [{ name: 'x', kind: 'pattern', value: '(a{1000}){1000}', enabled: true }] }],
    ['a name with blanks', { ...policy, rules: [{ name: 'x y', kind: 'field', value: 'a', enabled: true }] }],
    ['something missing', { secrets: true }],
  ])('is refused with %s, and stays as it was', async (_name, bad) => {
    const { status } = await call('PUT', path, bad)
    expect(status).toBe(400)
    expect(await call('GET', path)).toMatchObject({ body: { policy } })
  })
})

test('a policy is tried on a line, taken apart as at the door', async () => {
  const text = '{"msg":"ord-17 of a@b.cd with 4111111111111111","customer.name":"Ada","customer":{"id":5},"password":"x","n":1}'
  expect(await call('POST', `${path}/try`, { policy, text })).toEqual({
    status: 200,
    body: {
      text: '[scrubbed:order] of [scrubbed:email] with 4111111111111111',
      attributes: { 'customer.name': '[scrubbed:customer]', 'customer.id': '[scrubbed:customer]', password: '[scrubbed:secret]', n: '1' },
      kinds: ['secret', 'email', 'rule'],
    },
  })
})

import fastify from 'fastify'
import { expect, test } from 'vitest'
import { tokenRefused, type Access, type Caller, type Gatekeeper } from '../../accounts/index.ts'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createScope } from '../../kernel/scope.ts'
import { LogTails } from '../../logs/index.ts'
import { tailAccessMs } from '../limits.ts'
import { mountLogTail } from './log-tail.ts'

const caller: Caller = { kind: 'token', id: '1', name: 'reader' }

/** Tails whose readers are known until `stop` says otherwise. */
async function opened(search = '') {
  const clock = new ManualClock()
  const tails = new LogTails(clock)
  const standing: { error: AppError | null; projectId: number } = { error: null, projectId: 1 }
  const project = (): Promise<Access> =>
    standing.error === null
      ? Promise.resolve({ caller, role: 'viewer', permissions: new Set(['read'] as const), scope: createScope(1, [standing.projectId]) })
      : Promise.reject(standing.error)
  const unused = (): Promise<never> => Promise.reject(new Error('not asked'))
  const gatekeeper: Gatekeeper = {
    projects: unused,
    authenticate: () => Promise.resolve(caller),
    project,
    organization: unused,
    system: unused,
    organizations: unused,
    defaultProject: unused,
  }
  const app = fastify()
  const logs = { tail: tails.follow.bind(tails) }
  await mountLogTail(app, { logs, accounts: { gatekeeper }, logger: silentLogger, clock })
  const answer = app.inject({ url: `/api/0/projects/1/logs/tail${search}`, headers: { authorization: 'Bearer x' } })
  let isOver = false
  const whole = answer.then(({ body }) => {
    isOver = true
    return body
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => tails.open === 1)
  const look = async (): Promise<void> => {
    await clock.advance(tailAccessMs)
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { app, tails, clock, standing, whole, look, until, isOver: () => isOver }
}

test('a tail that is over says so', async () => {
  const { app, clock, whole } = await opened('?seconds=3')
  await clock.advance(3000)
  expect(await whole).toContain('event: end\ndata: {"code":"api.tail_over"')
  await app.close()
})

test('a tail ends with the access it was opened with, and says why', async () => {
  const { app, tails, standing, whole, look, until, isOver } = await opened()
  await look()
  await look()
  expect([isOver(), tails.open]).toEqual([false, 1])
  standing.error = new AppError(tokenRefused)
  await look()
  await until(() => tails.open === 0)
  const body = await whole
  expect(body).toMatch(/^event: rows\n/)
  expect(body.trimEnd().split('\n\n').at(-1)).toBe(
    `event: end\ndata: ${JSON.stringify({ code: tokenRefused.code, message: tokenRefused.publicText })}`,
  )
  await app.close()
})

test('a tail does not go on when its address means another project', async () => {
  const { app, standing, whole, look } = await opened()
  standing.projectId = 2
  await look()
  expect(await whole).toContain('event: end\ndata: {"code":"api.tail_moved"')
  await app.close()
})

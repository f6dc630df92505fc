/** The route of batches: what it holds up while the disk writes, whom its work is counted for, what a repetition counts. */
import { gzipSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import type { MetricsCollector } from '../../metrics/index.ts'
import { createTestDoor, testKey, testNowMs, testTenant, type TestDoor } from '../testing/door.ts'
import { type CollectorDoor, registerCollectorRoutes } from './routes.ts'

const logFull = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'The log is full.' })

interface Stage {
  readonly app: FastifyInstance
  readonly it: TestDoor
  recorded: number
  nowMs: number
  commit: () => Promise<void>
  readonly spent: number[]
}

async function open(): Promise<Stage> {
  const spent: number[] = []
  const it = createTestDoor({}, { cost: { nowMs: () => performance.now(), spent: ({ projectId }) => void spent.push(projectId) } })
  const app = Fastify()
  const stage: Stage = { app, it, recorded: 0, nowMs: 0, commit: () => Promise.resolve(), spent }
  const collector = {
    record: () => {
      stage.recorded++
      return { type: 'ok' } as const
    },
    commit: () => stage.commit(),
  } as unknown as MetricsCollector
  const collectors: CollectorDoor = {
    of: () => collector,
    refuse: () => undefined,
    keys: { resolve: () => testTenant },
    gatekeeper: {} as CollectorDoor['gatekeeper'],
    sources: { note: () => undefined },
    refusedSamples: { note: () => undefined },
    clock: { nowMs: () => testNowMs, monotonicMs: () => stage.nowMs },
  }
  await registerCollectorRoutes(app, it.door, collectors)
  return stage
}

function send({ app }: Stage, headers: Record<string, string> = {}, payload: string | Buffer = '[{"name":"a","value":1}]') {
  return app.inject({
    method: 'POST',
    url: `/api/0/projects/${testTenant.projectId}/metrics`,
    headers: { 'x-bellwether-key': testKey, 'content-type': 'application/json', ...headers },
    payload,
  })
}

test.each(['identity', 'gzip'])('a batch (%s) that waits for the disk holds up nobody, and its recording is counted', async (encoding) => {
  const stage = await open()
  let written = (): void => undefined
  const isWaiting = new Promise<void>((resolve) => {
    stage.commit = () => {
      resolve()
      return new Promise((settle) => void (written = settle))
    }
  })
  const body = Buffer.from('[{"name":"a","value":1}]')
  const waiting = send(stage, { 'content-encoding': encoding }, encoding === 'gzip' ? gzipSync(body) : body)
  // Sends it: `inject` does nothing before it is waited for.
  const answered = waiting.then(({ statusCode }) => statusCode)
  await isWaiting
  expect(stage.spent).toEqual([testTenant.projectId])
  const other = await stage.it.send('influx', Buffer.from(`m v=1 ${testNowMs}000000`))
  expect(other.samplesWritten).toBe(1)
  written()
  expect(await answered).toBe(200)
})

test('a batch whose commit fails is recorded once, however long its sender tries', async () => {
  const stage = await open()
  stage.commit = () => Promise.reject(logFull)
  const headers = { 'x-bellwether-batch-id': 'same' }
  for (let minute = 0; minute < 60; minute++) {
    stage.nowMs = minute * 60_000
    expect((await send(stage, headers)).statusCode).toBe(429)
  }
  stage.commit = () => Promise.resolve()
  expect((await send(stage, headers)).json()).toEqual({ accepted: 1, refused: 0, refusals: [], repeated: true })
  expect(stage.recorded).toBe(1)
})

/** How long logs are kept: hidden at once, gone with their partitions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLogsStack, type LogsStack, type SentLog } from './logs-stack.ts'

const live = new AbortController().signal
const dayMs = 86_400_000

let stack: LogsStack
beforeAll(async () => {
  stack = await openLogsStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

describe('retention', () => {
  const policy = { days: 10, severities: [{ severity: 'debug' as const, days: 1 }] }
  const ago = (days: number): number => Date.now() - days * dayMs
  const old: SentLog[] = [
    { body: 'elder info', timeMs: ago(8), severity: 9, service: 'old' },
    { body: 'elder debug', timeMs: ago(3), severity: 5, service: 'old' },
    { body: 'ancient error', timeMs: ago(20), severity: 17, service: 'old' },
  ]
  async function bodies(): Promise<string[]> {
    const request = { query: 'service:old', fromMs: ago(25), toMs: Date.now(), order: 'newest' as const, limit: 10, cursor: null }
    const { items } = await stack.manager.query(stack.access.scope, request, live)
    const counts = await stack.manager.histogram(
      stack.access.scope,
      { ...request, stepSec: 86_400, intervals: 30, by: null, measure: 'count', field: null, limit: 1 },
      live,
    )
    expect(counts.isByMinute).toBe(true)
    expect(counts.total).toBe(items.length)
    return items.map(({ body }) => body)
  }

  test('by severity: rows carry their days, and a shorter policy hides at once what came before', async () => {
    await stack.put(old)
    expect(await bodies()).toEqual(['elder debug', 'elder info', 'ancient error'])
    const state = await stack.retention.put(stack.access, policy, live)
    expect(state).toMatchObject({ policy, changedBy: expect.any(String) as string })
    expect(await bodies()).toEqual(['elder info'])
    await stack.put([
      { body: 'new debug', timeMs: ago(0.1), severity: 5, service: 'old' },
      { body: 'new info', timeMs: ago(0.1), severity: 9, service: 'old' },
    ])
    expect(await bodies()).toEqual(['new info', 'new debug', 'elder info'])
    const kept = new Map<string, number>()
    const sql = `SELECT body, toUInt32(keep) AS keep FROM logs WHERE service = 'old'`
    for await (const block of stack.engine.queryNative({ sql, class: 'internal' })) {
      const [body, keep] = block.columns
      if (body?.kind !== 'string' || keep?.kind !== 'u32') throw new Error('unexpected columns')
      body.data.forEach((text, i) => kept.set(text, keep.data[i] ?? 0))
    }
    expect([kept.get('new debug'), kept.get('new info'), kept.get('elder info')]).toEqual([1, 10, 30])
    await stack.retention.put(stack.access, { days: 30, severities: [] }, live)
  })

  test('rows past their days leave the engine with their partition, others of that day stay', async () => {
    const bucket = Math.floor(ago(5) / 600_000)
    const insert = (keep: number): Promise<void> =>
      stack.engine.command(
        `INSERT INTO logs (org, project, bucket, keep, ts, body) VALUES (1, 1, ${bucket}, ${keep}, ${bucket} * 600000000000, 'kept ${keep} days')`,
      )
    await insert(2)
    await insert(9)
    await stack.engine.command('OPTIMIZE TABLE logs FINAL')
    const left: string[] = []
    for await (const block of stack.engine.queryNative({ sql: `SELECT body FROM logs WHERE bucket = ${bucket}`, class: 'internal' })) {
      const column = block.columns[0]
      if (column?.kind === 'string') left.push(...column.data)
    }
    expect(left).toEqual(['kept 9 days'])
  })

  test('what is older than anything is kept is not taken', async () => {
    expect(stack.retention.longestDays({ organizationId: 1, projectId: 1 })).toBe(30)
    await expect(stack.put([{ body: 'x', timeMs: ago(31) }])).rejects.toThrow('is refused')
  })
})

// The last: what all of the above asked.

import { expect, test } from 'vitest'
import type { LogRecord } from '../ports.ts'
import { blockBytes } from './record-blocks.ts'
import { RetainBudget, StoredSegment } from './stored-segment.ts'

const mib = 1 << 20

function segmentOf(budget: RetainBudget): StoredSegment {
  const identity = { logId: '00112233445566aa', lane: 'ready', sequence: 1 } as const
  const facts = { identity, sequence: 1, path: '', createdMs: 0, heldSinceMs: 0, origin: 'new' } as const
  return new StoredSegment(facts, () => Promise.resolve([]), budget)
}

function record(bytes: number): LogRecord {
  const tenant = { organizationId: 1, projectId: 1 }
  return { kind: 'metrics', tenant, rows: 1, format: 1, payload: new Uint8Array(bytes).fill(bytes & 255) }
}

test('small segments take what their records take, so that many of them fit', async () => {
  const budget = new RetainBudget(mib)
  const segments = Array.from({ length: 100 }, () => segmentOf(budget))
  for (const segment of segments) segment.add([record(1000)], 1040)
  expect(segments.every((segment) => segment.retained)).toBe(true)
  expect(budget.bytes).toBe(100_000)
  expect((await segments[0]?.read())?.[0]?.payload.buffer.byteLength).toBe(1000)
})

test('a segment that goes on takes whole blocks, and the budget counts them', async () => {
  const budget = new RetainBudget(16 * mib)
  const segment = segmentOf(budget)
  for (let i = 1; i <= 80; i++) segment.add([record(60_000 + i)], i * 60_100)
  const read = await segment.read()
  expect(read.map(({ payload }) => payload.byteLength)).toEqual(Array.from({ length: 80 }, (_, i) => 60_001 + i))
  expect(read.every(({ payload }) => payload.every((byte) => byte === (payload.byteLength & 255)))).toBe(true)
  const memory = new Set(read.map(({ payload }) => payload.buffer))
  expect(budget.bytes).toBe([...memory].reduce((sum, buffer) => sum + buffer.byteLength, 0))
  segment.recycle()
  expect(budget.bytes).toBe(0)
  expect(budget.pool.freeBytes).toBe([...memory].filter((buffer) => buffer.byteLength === blockBytes).length * blockBytes)
})

test('a segment that does not fit is left to its file, and gives back what it held', () => {
  const budget = new RetainBudget(2 * mib)
  const segment = segmentOf(budget)
  for (let i = 1; i <= 60; i++) segment.add([record(60_000)], i * 60_040)
  expect(segment.retained).toBe(false)
  expect(budget.bytes).toBe(0)
})

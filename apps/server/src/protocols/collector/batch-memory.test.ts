import { expect, test } from 'vitest'
import { BatchMemory, batchIdKeptMs } from './batch-memory.ts'

const ours = { organizationId: 1, projectId: 1 }
const theirs = { organizationId: 1, projectId: 2 }

test('remembers by project and id, for some minutes', () => {
  let nowMs = 0
  const memory = new BatchMemory<string>({ monotonicMs: () => nowMs })
  memory.remember(ours, 'a', 'first')
  expect([memory.recall(ours, 'a'), memory.recall(theirs, 'a'), memory.recall(ours, 'b')]).toEqual(['first', null, null])
  nowMs = batchIdKeptMs
  expect(memory.recall(ours, 'a')).toBe('first')
  nowMs++
  expect(memory.recall(ours, 'a')).toBeNull()
  memory.remember(ours, 'b', 'second')
  expect(memory.size).toBe(1)
})

test('is bounded: the oldest go', () => {
  const memory = new BatchMemory<number>({ monotonicMs: () => 0 }, 3)
  for (let id = 0; id < 10; id++) memory.remember(ours, String(id), id)
  expect(memory.size).toBe(3)
  expect(['6', '7', '8', '9'].map((id) => memory.recall(ours, id))).toEqual([null, 7, 8, 9])
})

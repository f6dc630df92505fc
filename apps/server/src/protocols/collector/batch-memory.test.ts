import { expect, test } from 'vitest'
import { BatchMemory, batchIdKeptMs } from './batch-memory.ts'

const ours = { organizationId: 1, projectId: 1 }
const theirs = { organizationId: 1, projectId: 2 }

test('remembers by project and id, for some minutes after it came last', () => {
  let nowMs = 0
  const memory = new BatchMemory<string>({ monotonicMs: () => nowMs })
  memory.remember(ours, 'a', 'first')
  memory.committed(ours, 'a')
  expect([memory.recall(ours, 'a'), memory.recall(theirs, 'a'), memory.recall(ours, 'b')]).toEqual(['first', null, null])
  for (let time = 0; time < 10; time++) {
    nowMs += batchIdKeptMs
    expect(memory.recall(ours, 'a')).toBe('first')
  }
  nowMs += batchIdKeptMs + 1
  expect(memory.recall(ours, 'a')).toBeNull()
  memory.remember(ours, 'b', 'second')
  expect(memory.size).toBe(1)
})

test('what is not durable yet does not grow old', () => {
  let nowMs = 0
  const memory = new BatchMemory<string>({ monotonicMs: () => nowMs })
  memory.remember(ours, 'a', 'first')
  nowMs = 10 * batchIdKeptMs
  expect(memory.recall(ours, 'a')).toBe('first')
  memory.committed(ours, 'a')
  nowMs += batchIdKeptMs + 1
  expect([memory.recall(ours, 'a'), memory.size]).toEqual([null, 0])
})

test('is bounded for each project: the oldest go, and of no other', () => {
  const memory = new BatchMemory<number>({ monotonicMs: () => 0 }, { projectMax: 3, max: 100 })
  memory.remember(theirs, 'a', 1)
  for (let id = 0; id < 10; id++) memory.remember(ours, String(id), id)
  expect(memory.size).toBe(4)
  expect(['6', '7', '8', '9'].map((id) => memory.recall(ours, id))).toEqual([null, 7, 8, 9])
  expect(memory.recall(theirs, 'a')).toBe(1)
})

test('is bounded over all: those of the project with most go', () => {
  const memory = new BatchMemory<number>({ monotonicMs: () => 0 }, { projectMax: 10, max: 4 })
  for (const id of ['a', 'b', 'c']) memory.remember(ours, id, 1)
  for (const id of ['x', 'y']) memory.remember(theirs, id, 2)
  expect(memory.size).toBe(4)
  expect(['a', 'b', 'c'].map((id) => memory.recall(ours, id))).toEqual([null, 1, 1])
  expect(['x', 'y'].map((id) => memory.recall(theirs, id))).toEqual([2, 2])
})

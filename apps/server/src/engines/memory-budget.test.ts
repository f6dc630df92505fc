import { expect, test } from 'vitest'
import { machineMemoryBytes, planMemory } from './memory-budget.ts'

const gibibyte = 1024 ** 3

test.each([1, 2, 8, 64])('of %i GB no more is shared out than there is, and something is left', (size) => {
  const { totalBytes, ...parts } = planMemory(size * gibibyte)
  expect(totalBytes).toBe(size * gibibyte)
  const shared = Object.values(parts).reduce((sum, part) => sum + part, 0)
  expect(shared).toBeLessThan(0.95 * totalBytes)
  for (const part of Object.values(parts)) expect(part).toBeGreaterThan(0)
})

test('a very small machine still gets an engine that can merge', () => {
  expect(planMemory(0).engineBytes).toBe(384 * 1024 ** 2)
})

test('the machine has memory', () => {
  expect(machineMemoryBytes()).toBeGreaterThan(100 * 1024 ** 2)
})

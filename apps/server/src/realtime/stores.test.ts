/** The contract in process, what the no-op store answers, and that the in-process one is bounded. Redis: test/integration/realtime. */
import { describe, expect, test } from 'vitest'
import { InProcessStore } from './in-process-store.ts'
import { budgetProjectsMax } from './limits.ts'
import { NoopStore } from './noop-store.ts'
import { realtimeMetricsContract, testOptions, type StoreUnderTest } from './testing/store-contract.ts'

realtimeMetricsContract('in process', () => {
  const under: StoreUnderTest = { make: (options, clock) => new InProcessStore(options, clock), clear: () => Promise.resolve() }
  return Promise.resolve(under)
})

describe('no-op', () => {
  test('takes everything and knows nothing', async () => {
    const store = new NoopStore()
    store.validate()
    await store.recordProjectDuration(1, 1e9)
    expect(await store.getUsedBudgetForProject(1)).toBe(0)
    for await (const project of store.projects()) expect.fail(`listed ${project}`)
    expect(await store.addProjectToLpq(1)).toBe(false)
    expect(await store.isLpqProject(1)).toBe(false)
    expect((await store.getLpqProjects()).size).toBe(0)
    expect(await store.removeProjectsFromLpq(new Set([1]))).toBe(0)
  })
})

test('of too many projects the longest silent one is forgotten', async () => {
  const store = new InProcessStore(testOptions, { nowMs: () => 0 })
  for (let project = 0; project <= budgetProjectsMax; project++) {
    if (project === budgetProjectsMax) await store.recordProjectDuration(0, 1)
    await store.recordProjectDuration(project, 1)
  }
  expect(await store.getUsedBudgetForProject(0)).toBeGreaterThan(0)
  expect(await store.getUsedBudgetForProject(1)).toBe(0)
  expect(await store.getUsedBudgetForProject(2)).toBeGreaterThan(0)
})

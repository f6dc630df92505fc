/** What every back end of RealtimeMetricsStore must do. The clock stands still until a case moves it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BudgetOptions, RealtimeMetricsStore } from '../ports.ts'

export interface StoreUnderTest {
  make(options: BudgetOptions, clock: { nowMs(): number }): RealtimeMetricsStore
  /** Forgets everything. */
  clear(): Promise<void>
  readonly end?: () => Promise<void>
}

export const testOptions: BudgetOptions = { budgetBucketSize: 10, budgetTimeWindow: 120, backoffTimer: 60 }
const nowMs = Date.UTC(2026, 10, 21, 8, 0, 3)

async function listed(store: RealtimeMetricsStore): Promise<number[]> {
  const all: number[] = []
  for await (const project of store.projects()) all.push(project)
  return all.sort((a, b) => a - b)
}

export function realtimeMetricsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`RealtimeMetricsStore, ${name}`, () => {
    const clock = { atMs: nowMs, nowMs: () => clock.atMs }
    let under: StoreUnderTest
    const make = (options: Partial<BudgetOptions> = {}): RealtimeMetricsStore => under.make({ ...testOptions, ...options }, clock)

    beforeAll(async () => {
      under = await open()
    })
    afterAll(() => under.end?.())
    beforeEach(async () => {
      clock.atMs = nowMs
      await under.clear()
    })

    test.each([
      [{ budgetBucketSize: 0 }, 'budgetBucketSize'],
      [{ budgetBucketSize: -1 }, 'budgetBucketSize'],
      [{ budgetBucketSize: 61 }, 'budgetBucketSize'],
      [{ budgetBucketSize: 1.5 }, 'budgetBucketSize'],
      [{ budgetBucketSize: Number.NaN }, 'budgetBucketSize'],
      [{ budgetTimeWindow: 59 }, 'budgetTimeWindow'],
      [{ budgetTimeWindow: Number.POSITIVE_INFINITY }, 'budgetTimeWindow'],
      [{ backoffTimer: -1 }, 'backoffTimer'],
    ])('refuses %o and names the key', (options, key) => {
      expect(() => make(options).validate()).toThrow(expect.objectContaining({ name: 'InvalidConfiguration', key }))
    })

    test.each([[{ budgetBucketSize: 1 }], [{ budgetBucketSize: 60 }], [{ budgetTimeWindow: 60 }], [{ backoffTimer: 0 }]])(
      'takes %o',
      (options) => expect(() => make(options).validate()).not.toThrow(),
    )

    test('a project that nobody recorded has no budget used and is not listed', async () => {
      const store = make()
      expect(await listed(store)).toEqual([])
      expect(await store.getUsedBudgetForProject(1)).toBe(0)
    })

    test('used budget: whole milliseconds of all buckets over the real span', async () => {
      const store = make()
      await store.recordProjectDuration(17, 1.2345)
      await store.recordProjectDuration(17, 0.0009)
      await store.recordProjectDuration(42, 3)
      expect(await listed(store)).toEqual([17, 42])
      // 08:00:03: the first bucket began at 07:58:00, 123 seconds ago.
      expect(await store.getUsedBudgetForProject(17)).toBeCloseTo(1.234 / 123, 12)
      expect(await store.getUsedBudgetForProject(42)).toBeCloseTo(3 / 123, 12)
    })

    test('calls of one turn all count', async () => {
      const store = make()
      await Promise.all(Array.from({ length: 50 }, (_, project) => store.recordProjectDuration(project % 5, 0.1)))
      expect(await listed(store)).toEqual([0, 1, 2, 3, 4])
      const used = await Promise.all([0, 1, 2, 3, 4].map((project) => store.getUsedBudgetForProject(project)))
      for (const each of used) expect(each).toBeCloseTo(1 / 123, 12)
    })

    test('a bucket counts while it partly overlaps the window, and not one longer', async () => {
      const store = make()
      await store.recordProjectDuration(17, 12)
      clock.atMs = nowMs + 126_999
      expect(await store.getUsedBudgetForProject(17)).toBeCloseTo(12 / 129, 12)
      expect(await listed(store)).toEqual([17])
      clock.atMs = nowMs + 127_000
      expect(await store.getUsedBudgetForProject(17)).toBe(0)
      expect(await listed(store)).toEqual([])
    })

    test('a project that goes on is listed once, with what it used', async () => {
      const store = make()
      for (let step = 0; step < 30; step++) {
        await store.recordProjectDuration(17, 1)
        clock.atMs += 10_000
      }
      clock.atMs -= 10_000
      expect(await listed(store)).toEqual([17])
      expect(await store.getUsedBudgetForProject(17)).toBeCloseTo(13 / 123, 12)
    })

    test('a clock at 0, and one below: buckets are negative and are counted all the same', async () => {
      clock.atMs = -5_000
      const store = make()
      await store.recordProjectDuration(17, 1)
      clock.atMs = 0
      await store.recordProjectDuration(17, 2)
      expect(await listed(store)).toEqual([17])
      expect(await store.getUsedBudgetForProject(17)).toBeCloseTo(3 / 120, 12)
      expect(await store.addProjectToLpq(17)).toBe(true)
      expect(await store.removeProjectsFromLpq(new Set([17]))).toBe(0)
      clock.atMs = 60_000
      expect(await store.removeProjectsFromLpq(new Set([17]))).toBe(1)
    })

    test('members: added once, listed, removed once', async () => {
      const store = make({ backoffTimer: 0 })
      expect([...(await store.getLpqProjects())]).toEqual([])
      expect(await store.isLpqProject(1)).toBe(false)
      expect(await store.addProjectToLpq(1)).toBe(true)
      expect(await store.addProjectToLpq(1)).toBe(false)
      expect(await store.addProjectToLpq(2)).toBe(true)
      expect([...(await store.getLpqProjects())].sort()).toEqual([1, 2])
      expect([await store.isLpqProject(1), await store.isLpqProject(3)]).toEqual([true, false])
      expect(await store.removeProjectsFromLpq(new Set())).toBe(0)
      expect(await store.removeProjectsFromLpq(new Set([1, 3]))).toBe(1)
      expect(await store.removeProjectsFromLpq(new Set([1, 2]))).toBe(1)
      expect([...(await store.getLpqProjects())]).toEqual([])
    })

    test('back-off: who was moved stays until it is over, in both directions', async () => {
      const store = make()
      expect(await store.addProjectToLpq(1)).toBe(true)
      expect(await store.addProjectToLpq(1)).toBe(false)
      clock.atMs += 59_999
      expect(await store.removeProjectsFromLpq(new Set([1]))).toBe(0)
      expect(await store.isLpqProject(1)).toBe(true)
      clock.atMs += 1
      expect(await store.removeProjectsFromLpq(new Set([1]))).toBe(1)
      expect(await store.addProjectToLpq(1)).toBe(false)
      expect(await store.isLpqProject(1)).toBe(false)
      clock.atMs += 60_000
      expect(await store.addProjectToLpq(1)).toBe(true)
    })

    test('removing one that was no member begins its back-off; adding a member again begins it anew', async () => {
      const store = make()
      expect(await store.removeProjectsFromLpq(new Set([1]))).toBe(0)
      expect(await store.addProjectToLpq(1)).toBe(false)
      clock.atMs += 60_000
      expect(await store.addProjectToLpq(1)).toBe(true)
      clock.atMs += 60_000
      expect(await store.addProjectToLpq(1)).toBe(false)
      expect(await store.removeProjectsFromLpq(new Set([1]))).toBe(0)
    })

    test('two with the same state race: one of them added it', async () => {
      const store = make()
      const answers = await Promise.all(Array.from({ length: 10 }, () => store.addProjectToLpq(7)))
      expect(answers.filter((isNew) => isNew)).toHaveLength(1)
    })
  })
}

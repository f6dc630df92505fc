/** The common memory of requests: shares of what is free, and who gives way when it is short. */
import { describe, expect, test } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

const projectA = { organizationId: 1, projectId: 1 }
const projectB = { organizationId: 1, projectId: 2 }
const mib = 1024 * 1024

function budgetOf(bytesMax: number): { budget: ByteBudget; pass(ms: number): void } {
  let nowMs = 0
  return { budget: new ByteBudget(bytesMax, { monotonicMs: () => nowMs }), pass: (ms) => (nowMs += ms) }
}

describe('shares', () => {
  test('one project alone gets two thirds, another that comes then two thirds of the rest', () => {
    const { budget } = budgetOf(900)
    const fill = (tenant: typeof projectA): number => {
      const lease = budget.lease(tenant)
      while (lease.take(1)) continue
      return lease.heldBytes
    }
    expect(fill(projectA)).toBe(600)
    expect(fill(projectB)).toBe(200)
    expect(budget.hasRoom({ organizationId: 2, projectId: 3 })).toBe(true)
    expect(budget.hasRoom(projectA)).toBe(false)
  })

  test('what is given back can be taken again; disposing twice gives back once', () => {
    const { budget } = budgetOf(900)
    const lease = budget.lease(projectA)
    expect(lease.take(601)).toBe(false)
    expect(lease.take(600)).toBe(true)
    lease[Symbol.dispose]()
    lease[Symbol.dispose]()
    expect(budget.takenBytes).toBe(0)
    expect(budget.lease(projectA).take(600)).toBe(true)
  })

  test('a lease that was given back takes and holds nothing more', () => {
    const { budget } = budgetOf(900)
    const lease = budget.lease(projectA)
    expect(lease.take(100)).toBe(true)
    lease[Symbol.dispose]()
    expect(lease.take(1)).toBe(false)
    lease.hold(500)
    expect([lease.heldBytes, budget.takenBytes, budget.hasRoom(projectA, 600)]).toEqual([0, 0, true])
  })

  test('what is held without asking keeps others out until it goes', () => {
    const { budget } = budgetOf(900)
    const lease = budget.lease(projectA)
    lease.hold(1000)
    expect(budget.isOver).toBe(true)
    expect(budget.lease(projectB).take(1)).toBe(false)
    lease.hold(-1000)
    expect([budget.isOver, budget.takenBytes, budget.lease(projectB).take(1)]).toEqual([false, 0, true])
  })
})

describe('slow bodies', () => {
  function receiving(budget: ByteBudget, sizeBytes: number): { given: () => boolean; take: (bytes: number) => boolean } {
    const lease = budget.lease(projectA)
    let given = false
    lease.startReceiving(() => {
      given = true
      lease[Symbol.dispose]()
    })
    expect(lease.take(sizeBytes)).toBe(true)
    return { given: () => given, take: (bytes) => lease.take(bytes) }
  }

  test('are left alone while there is room', () => {
    const { budget, pass } = budgetOf(3 * mib)
    const slow = receiving(budget, mib)
    pass(60_000)
    expect(budget.lease(projectB).take(mib)).toBe(true)
    expect(slow.given()).toBe(false)
  })

  test('give way when there is none: the silent, and those that trickle, but not those that come along well', () => {
    const { budget, pass } = budgetOf(6 * mib)
    const silent = receiving(budget, mib)
    const trickling = receiving(budget, 1)
    const brisk = receiving(budget, mib)
    pass(3000)
    expect([trickling.take(1), brisk.take(mib)]).toEqual([true, true])
    const wanted = budget.lease(projectB)
    expect(wanted.take(2 * mib)).toBe(true)
    expect([silent.given(), brisk.given()]).toEqual([true, false])
    pass(1000)
    expect(brisk.take(1)).toBe(true)
    expect(budget.lease(projectB).take(mib)).toBe(false)
    expect([trickling.given(), brisk.given()]).toEqual([true, false])
  })

  test('that give way while they take get nothing: they are over', () => {
    const { budget, pass } = budgetOf(3 * mib)
    const lease = budget.lease(projectA)
    lease.startReceiving(() => lease[Symbol.dispose]())
    expect(lease.take(2 * mib)).toBe(true)
    pass(3000)
    expect(lease.take(mib)).toBe(false)
    expect(budget.takenBytes).toBe(0)
  })

  test('that come without needing more are not silent, and are not refused', () => {
    const { budget, pass } = budgetOf(3 * mib)
    const brisk = receiving(budget, 2 * mib)
    pass(1900)
    expect(brisk.take(0)).toBe(true)
    pass(200)
    expect(budget.lease(projectB).take(mib)).toBe(false)
    budget.lease(projectB).hold(mib)
    expect([brisk.given(), brisk.take(0)]).toEqual([false, true])
  })

  test('are not looked for at every refusal', () => {
    const { budget, pass } = budgetOf(3 * mib)
    const slow = receiving(budget, 2 * mib)
    expect(budget.lease(projectB).take(mib)).toBe(false)
    pass(50)
    expect(budget.lease(projectB).take(mib)).toBe(false)
    pass(2000)
    expect(budget.lease(projectB).take(mib)).toBe(true)
    expect(slow.given()).toBe(true)
  })
})

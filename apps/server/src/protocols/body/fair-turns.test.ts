/** Turns: never more at a time than allowed, shared by time spent, given in slices, and refused when the wait would be long. */
import { expect, test } from 'vitest'
import { FairTurns, type TurnOptions } from './fair-turns.ts'

const projectA = { organizationId: 1, projectId: 1 }
const projectB = { organizationId: 1, projectId: 2 }

interface Bench {
  readonly turns: FairTurns
  nowMs: number
  /** Takes a turn, spends so much time in it, and notes the name. */
  work(name: string, tenant: typeof projectA, facts?: { sizeBytes?: number; tookMs?: number; fails?: boolean }): Promise<void>
  readonly done: string[]
  /** Most turns at the same time. */
  most: number
}

function bench(options: Partial<TurnOptions> = {}): Bench {
  let running = 0
  const it: Bench = {
    turns: new FairTurns({ atOnce: 1, sliceMs: 10, waitMsMax: 1000, clock: { monotonicMs: () => it.nowMs }, ...options }),
    nowMs: 0,
    done: [],
    most: 0,
    async work(name, tenant, { sizeBytes = 100, tookMs = 1, fails = false } = {}) {
      using _turn = await it.turns.take(tenant, sizeBytes)
      it.most = Math.max(it.most, ++running)
      it.done.push(name)
      it.nowMs += tookMs
      running--
      await Promise.resolve()
      if (fails) throw new Error(`${name} failed`)
    },
  }
  return it
}

const roundTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('no more at a time than allowed, in order, and a turn comes back from whoever fails', async () => {
  const it = bench({ atOnce: 2 })
  const works = Array.from({ length: 20 }, (_, index) => it.work(String(index), projectA, { fails: index % 3 === 0 }))
  const outcomes = await Promise.allSettled(works)
  expect(it.done).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
  expect(it.most).toBeLessThanOrEqual(2)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(7)
  expect(it.turns.waitingBytes).toBe(0)
})

test('a project with one body goes before the rest of one with many', async () => {
  const it = bench()
  const many = Array.from({ length: 10 }, (_, index) => it.work(`a${index}`, projectA))
  const one = it.work('b', projectB)
  await Promise.all([...many, one])
  expect(it.done.indexOf('b')).toBeLessThanOrEqual(2)
})

test('projects share time, not bodies', async () => {
  const it = bench({ sliceMs: Number.POSITIVE_INFINITY })
  const works = [
    ...Array.from({ length: 12 }, (_, index) => it.work(`a${index}`, projectA, { tookMs: 1 })),
    ...Array.from({ length: 4 }, (_, index) => it.work(`b${index}`, projectB, { tookMs: 3 })),
  ]
  await Promise.all(works)
  const firstHalf = it.done.slice(0, 8)
  expect(firstHalf.filter((name) => name.startsWith('a'))).toHaveLength(6)
  expect(firstHalf.filter((name) => name.startsWith('b'))).toHaveLength(2)
})

test('a project that was quiet has saved up nothing', async () => {
  const it = bench({ sliceMs: Number.POSITIVE_INFINITY })
  await it.work('early', projectB)
  for (let index = 0; index < 50; index++) await it.work(`a${index}`, projectA)
  it.done.length = 0
  await Promise.all([
    ...Array.from({ length: 6 }, (_, index) => it.work(`a${index}`, projectA)),
    ...Array.from({ length: 6 }, (_, index) => it.work(`b${index}`, projectB)),
  ])
  expect(it.done.slice(0, 6).filter((name) => name.startsWith('b')).length).toBeLessThanOrEqual(4)
})

test('after a slice the event loop has its turn', async () => {
  const it = bench({ sliceMs: 10 })
  const works = Array.from({ length: 30 }, (_, index) => it.work(String(index), projectA, { tookMs: 3 }))
  const seen: number[] = []
  while (it.done.length < 30) {
    await roundTheLoop()
    seen.push(it.done.length)
  }
  await Promise.all(works)
  let before = 0
  for (const count of seen) {
    expect(count - before).toBeLessThanOrEqual(4)
    before = count
  }
})

test.each([
  [25, 25],
  [300, 40],
])('a slice is as long as what else there is to do, to a bound: %d ms', async (otherMs, sliceMs) => {
  const it = bench({ sliceMs: 4, waitMsMax: 100_000 })
  const works = Array.from({ length: 400 }, (_, index) => it.work(String(index), projectA, { tookMs: 1 }))
  const counts: number[] = []
  while (it.done.length < 300) {
    const before = it.done.length
    it.nowMs += otherMs
    await roundTheLoop()
    counts.push(it.done.length - before)
  }
  await Promise.all(works)
  expect(Math.max(...counts.slice(2))).toBeLessThanOrEqual(sliceMs + 2)
  expect(Math.min(...counts.slice(2))).toBeGreaterThanOrEqual(sliceMs - 5)
})

test('when the event loop is wanted back, a slice is a single body, and then as before', async () => {
  const it = bench({ sliceMs: 10 })
  const works = Array.from({ length: 60 }, (_, index) => it.work(String(index), projectA, { tookMs: 1 }))
  const counts: number[] = []
  while (it.done.length < 50) {
    const before = it.done.length
    if (counts.length >= 1 && counts.length < 4) it.turns.hurry()
    await roundTheLoop()
    counts.push(it.done.length - before)
  }
  await Promise.all(works)
  expect(counts.slice(2, 4)).toEqual([1, 1])
  expect(counts[5]).toBe(10)
})

test('who would wait too long is refused at once, with a time to come again, and a project with nothing waiting is not', async () => {
  const it = bench()
  await it.work('the pace: about 100 bytes a ms', projectA, { sizeBytes: 1_000_000, tookMs: 10_000 })
  const works = Array.from({ length: 30 }, (_, index) => it.work(`a${index}`, projectA, { sizeBytes: 10_000, tookMs: 10 }))
  expect(it.turns.expectedWaitMs(projectB, 100)).toBeLessThanOrEqual(100)
  const outcomes = await Promise.allSettled([...works, it.work('b', projectB)])
  const refused = outcomes.filter((outcome): outcome is PromiseRejectedResult => outcome.status === 'rejected')
  expect(refused.length).toBeGreaterThan(15)
  expect(refused[0]?.reason).toMatchObject({ code: 'protocols.busy', retryAfterSec: expect.any(Number) })
  expect(refused.every(({ reason }) => reason.retryAfterSec >= 1 && reason.retryAfterSec <= 30)).toBe(true)
  expect(outcomes.at(-1)?.status).toBe('fulfilled')
  expect(new Set(refused.map(({ reason }) => reason.retryAfterSec as number)).size).toBeGreaterThan(1)
})

test('who waited too long is refused when the turn would be his', async () => {
  const it = bench({ sliceMs: Number.POSITIVE_INFINITY })
  const first = await it.turns.take(projectA, 1)
  const second = it.turns.take(projectA, 1)
  it.nowMs += 1001
  first[Symbol.dispose]()
  await expect(second).rejects.toMatchObject({ code: 'protocols.busy' })
  using third = await it.turns.take(projectB, 1)
  expect(third).toBeDefined()
})

/** Spends so much time step by step, pausing as it should; notes the name with each step. */
async function longWork(it: Bench, name: string, tenant: typeof projectA, steps: number): Promise<void> {
  using turn = await it.turns.take(tenant, 100)
  for (let step = 0; step < steps; step++) {
    it.done.push(name)
    it.nowMs += 20
    if (turn.isLong) await turn.pause()
  }
}

test('a long turn pauses: another project goes before its rest, and it is not refused however long it waited', async () => {
  const it = bench({ waitMsMax: 50 })
  const long = longWork(it, 'a', projectA, 3)
  const other = it.work('b', projectB, { tookMs: 5 })
  await Promise.all([long, other])
  expect(it.done).toEqual(['a', 'b', 'a', 'a'])
  expect(it.turns.waitingBytes).toBe(0)
  expect(it.most).toBe(1)
})

test('of many long turns only so many are half done at the same time', async () => {
  const it = bench({ waitMsMax: 10_000 })
  const works = Array.from({ length: 12 }, (_, index) => longWork(it, String(index), index % 2 === 0 ? projectA : projectB, 6))
  await Promise.all(works)
  let most = 0
  const open = new Map<string, number>()
  for (const name of it.done) {
    open.set(name, (open.get(name) ?? 0) + 1)
    most = Math.max(most, [...open.values()].filter((steps) => steps < 6).length)
  }
  expect(it.done).toHaveLength(72)
  expect(most).toBeGreaterThan(2)
  expect(most).toBeLessThanOrEqual(5)
})

test('what is left of a body that is durable has a turn, whatever waits', async () => {
  const it = bench({ waitMsMax: 50 })
  using first = await it.turns.take(projectA, 100)
  const again = it.turns.takeAgain(projectA)
  it.nowMs += 1000
  first[Symbol.dispose]()
  using turn = await again
  expect(turn.isLong).toBe(false)
})

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

interface LongBody {
  readonly tenant: typeof projectA
  readonly steps: number
  readonly sizeBytes?: number
}

/** Spends so much time step by step, pausing as it should; notes the name with each step. */
async function longWork(it: Bench, name: string, { tenant, steps, sizeBytes = 100 }: LongBody): Promise<void> {
  using turn = await it.turns.take(tenant, sizeBytes)
  for (let step = 0; step < steps; step++) {
    it.done.push(name)
    it.nowMs += 20
    if (turn.isLong) await turn.pause()
  }
}

/** Most bodies that were half done at the same time, of those with so many steps. */
function mostHalfDone(done: readonly string[], steps: number): number {
  let most = 0
  const open = new Map<string, number>()
  for (const name of done) {
    open.set(name, (open.get(name) ?? 0) + 1)
    most = Math.max(most, [...open.values()].filter((count) => count < steps).length)
  }
  return most
}

test('a long turn pauses: another project goes before its rest, and it is not refused however long it waited', async () => {
  const it = bench({ waitMsMax: 50 })
  const long = longWork(it, 'a', { tenant: projectA, steps: 3 })
  const other = it.work('b', projectB, { tookMs: 5 })
  await Promise.all([long, other])
  expect(it.done).toEqual(['a', 'b', 'a', 'a'])
  expect(it.turns.waitingBytes).toBe(0)
  expect(it.most).toBe(1)
})

test('the rest of a long body goes before those of its project that came later, at every pause', async () => {
  const it = bench()
  const long = longWork(it, 'long', { tenant: projectA, steps: 5 })
  const later = Array.from({ length: 10 }, (_, index) => it.work(`a${index}`, projectA))
  const other = it.work('b', projectB)
  await Promise.all([long, ...later, other])
  expect(it.done.slice(0, 6)).toEqual(['long', 'b', 'long', 'long', 'long', 'long'])
  expect(it.done).toHaveLength(16)
})

test('what is left of a begun body counts for how long the next one would wait', async () => {
  const it = bench()
  await it.work('the pace: about 100 bytes a ms', projectA, { sizeBytes: 1_000_000, tookMs: 10_000 })
  const turn = await it.turns.take(projectA, 50_000)
  it.nowMs += 100
  const resumed = turn.pause()
  const other = it.turns.take(projectB, 1)
  expect(it.turns.expectedWaitMs(projectA, 100)).toBeGreaterThan(300)
  expect(it.turns.expectedWaitMs(projectA, 100)).toBeLessThan(500)
  expect(it.turns.expectedWaitMs(projectB, 100)).toBeLessThan(10)
  ;(await other)[Symbol.dispose]()
  await resumed
  turn[Symbol.dispose]()
  expect(it.turns.waitingBytes).toBe(0)
})

test('however many long bodies a project has, another waits for a part of one', async () => {
  const it = bench({ waitMsMax: 100_000 })
  const works = Array.from({ length: 12 }, (_, index) => longWork(it, `a${index}`, { tenant: projectA, steps: 6 }))
  while (it.done.length < 6) await roundTheLoop()
  const before = it.done.length
  await it.work('b', projectB)
  expect(it.done.indexOf('b') - before).toBeLessThanOrEqual(1)
  await Promise.all(works)
  expect(it.done).toHaveLength(73)
})

const project = (projectId: number): typeof projectA => ({ organizationId: 2, projectId })

test.each([
  ['large', 1024 * 1024, 4],
  ['small, and take long all the same', 100, 8],
])(
  'of long bodies of many projects that are %s only so many are half done, and a small one goes between',
  async (_, sizeBytes, mostPaused) => {
    const it = bench({ waitMsMax: 100_000 })
    const works = Array.from({ length: 12 }, (__, index) => longWork(it, String(index), { tenant: project(index), steps: 6, sizeBytes }))
    while (it.done.length < 10) await roundTheLoop()
    const before = it.done.length
    const small = it.work('b', projectB, { sizeBytes: 10 }).then(() => it.done.length)
    await Promise.all(works)
    const after = await small
    const long = it.done.filter((name) => name !== 'b')
    expect(long).toHaveLength(72)
    expect(mostHalfDone(long, 6)).toBeGreaterThan(2)
    // One more than wait half done is the one whose turn it is.
    expect(mostHalfDone(long, 6)).toBeLessThanOrEqual(mostPaused + 1)
    if (mostPaused === 4) expect(after - before).toBeLessThanOrEqual(3)
  },
)

test('what is left of a body that is durable has a turn, whatever waits, and before what came later', async () => {
  const it = bench({ waitMsMax: 50 })
  const first = await it.turns.take(projectA, 100)
  const later = it.work('later', projectA)
  const again = it.turns.takeAgain(projectA).then((turn) => {
    it.done.push('again')
    return turn
  })
  it.nowMs += 40
  first[Symbol.dispose]()
  const turn = await again
  expect(turn.isLong).toBe(false)
  turn[Symbol.dispose]()
  await later
  expect(it.done).toEqual(['again', 'later'])
  const second = await it.turns.take(projectA, 100)
  const refusedNever = it.turns.takeAgain(projectA)
  it.nowMs += 1000
  second[Symbol.dispose]()
  ;(await refusedNever)[Symbol.dispose]()
})

test('a turn that nobody waits for is there without the event loop', async () => {
  const it = bench()
  const seen: string[] = []
  setImmediate(() => seen.push('the event loop'))
  for (let body = 0; body < 100; body++) {
    ;(await it.turns.take(projectA, 100))[Symbol.dispose]()
    ;(await it.turns.takeAgain(projectA))[Symbol.dispose]()
  }
  expect(seen).toEqual([])
})

/** A shared store that is away or refuses: nothing fails, this program goes on alone, and the shared one is told when it is back. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engineUnavailable } from '../engines/errors.ts'
import { ManualClock, turns } from '../ingest/testing/manual-clock.ts'
import { AppError } from '../kernel/errors.ts'
import { silentLogger, type Logger } from '../kernel/log.ts'
import { InProcessStore } from './in-process-store.ts'
import type { RealtimeMetricsStore } from './ports.ts'
import { ResilientStore } from './resilient-store.ts'
import { testOptions } from './testing/store-contract.ts'

const away = new AppError(engineUnavailable)
const readOnly = new Error("READONLY You can't write against a read only replica.")

/** A store in process whose every command, or every one that writes, fails while `failure` is set. */
class FailingStore implements RealtimeMetricsStore {
  readonly kept: InProcessStore
  failure: Error | null = null
  isReadable = false

  constructor(clock: ManualClock) {
    this.kept = new InProcessStore({ ...testOptions, backoffTimer: 0 }, clock)
  }
  validate(): void {}
  async recordProjectDuration(project: number, seconds: number): Promise<void> {
    this.#write()
    await this.kept.recordProjectDuration(project, seconds)
  }
  async *projects(): AsyncGenerator<number> {
    this.#write()
    yield* this.kept.projects()
  }
  async getUsedBudgetForProject(project: number): Promise<number> {
    this.#read()
    return await this.kept.getUsedBudgetForProject(project)
  }
  async getLpqProjects(): Promise<ReadonlySet<number>> {
    this.#read()
    return await this.kept.getLpqProjects()
  }
  async isLpqProject(project: number): Promise<boolean> {
    this.#read()
    return await this.kept.isLpqProject(project)
  }
  async addProjectToLpq(project: number): Promise<boolean> {
    this.#write()
    return await this.kept.addProjectToLpq(project)
  }
  async removeProjectsFromLpq(projects: ReadonlySet<number>): Promise<number> {
    if (projects.size > 0) this.#write()
    return await this.kept.removeProjectsFromLpq(projects)
  }
  #write(): void {
    if (this.failure !== null) throw this.failure
  }
  #read(): void {
    if (this.failure !== null && !this.isReadable) throw this.failure
  }
}

let clock: ManualClock
let shared: FailingStore
let store: ResilientStore
let listener: (state: 'ready' | 'unavailable') => void
let said: string[]
const unhandled: unknown[] = []
const onUnhandled = (error: unknown): void => void unhandled.push(error)

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  shared = new FailingStore(clock)
  said = []
  const logger: Logger = { ...silentLogger, warn: (text) => void said.push(text) }
  const engine = {
    state: () => 'ready' as const,
    onState(heard: typeof listener) {
      listener = heard
      return { [Symbol.dispose]() {} }
    },
  }
  store = new ResilientStore({ shared, local: new InProcessStore({ ...testOptions, backoffTimer: 0 }, clock), engine, clock, logger })
  process.on('unhandledRejection', onUnhandled)
})

afterEach(() => {
  process.off('unhandledRejection', onUnhandled)
})

async function listed(): Promise<number[]> {
  const all: number[] = []
  for await (const project of store.projects()) all.push(project)
  return all
}

test('one that comes back read-only is still away, and its refusal ends nothing', async () => {
  shared.failure = away
  expect(await store.addProjectToLpq(7)).toBe(true)
  shared.failure = readOnly
  listener('ready')
  await new Promise((resolve) => setImmediate(resolve))
  expect(unhandled).toEqual([])
  expect(store.failure()).toBe(readOnly.message)
  expect(await store.isLpqProject(7)).toBe(true)
})

test.each([['READONLY'], ['OOM'], ['NOPERM'], ['ERR']])(
  '%s without having been away: every call is answered from this program',
  async (code) => {
    shared.failure = new Error(`${code} refused`)
    await store.recordProjectDuration(7, 12)
    expect(await listed()).toEqual([7])
    expect(await store.getUsedBudgetForProject(7)).toBeGreaterThan(0.09)
    expect(await store.addProjectToLpq(7)).toBe(true)
    expect([...(await store.getLpqProjects())]).toEqual([7])
    expect(await store.removeProjectsFromLpq(new Set([7]))).toBe(1)
    expect(said).toHaveLength(1)
  },
)

test('one that reads and does not write is said to be away once, however often it is tried', async () => {
  shared.failure = readOnly
  shared.isReadable = true
  for (let scan = 0; scan < 5; scan++) {
    await listed()
    await store.getLpqProjects()
    await clock.advance(2_000)
  }
  expect(said).toHaveLength(1)
  shared.failure = null
  await listed()
  expect(said).toHaveLength(2)
})

test('back again, it is told what was spent meanwhile as far as that still counts, who was added and who was let go', async () => {
  await store.addProjectToLpq(8)
  shared.failure = readOnly
  await store.recordProjectDuration(7, 20)
  await clock.advance(600_000)
  await store.recordProjectDuration(7, 12)
  await store.recordProjectDuration(9, 0.5)
  await store.addProjectToLpq(7)
  await store.removeProjectsFromLpq(new Set([8]))
  shared.failure = null
  await clock.advance(1_000)
  listener('ready')
  await turns()
  expect(store.failure()).toBeNull()
  expect(shared.kept.spentMs(7)).toBe(12_000)
  expect(shared.kept.spentMs(9)).toBe(500)
  expect([...(await shared.kept.getLpqProjects())]).toEqual([7])
  await store.recordProjectDuration(7, 1)
  expect(shared.kept.spentMs(7)).toBe(13_000)
})

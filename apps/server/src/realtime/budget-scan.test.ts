/** Who is moved, when, and what is recorded of it. Time stands still between the steps. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { silentLogger } from '../kernel/log.ts'
import { BudgetScan, scanMs } from './budget-scan.ts'
import { CostMeter } from './cost-meter.ts'
import { InProcessStore } from './in-process-store.ts'
import { LaneBook } from './lane-book.ts'
import { LanesDesk } from './lanes-desk.ts'
import { returnBytesMax } from './limits.ts'
import type { LaneMove, LaneRecords, LaneSwitch } from './ports.ts'

class MemoryRecords implements LaneRecords {
  readonly kept: LaneMove[] = []
  readonly set = new Map<number, LaneSwitch>()
  isAway = false

  addMove(move: LaneMove): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('away'))
    this.kept.unshift(move)
    return Promise.resolve()
  }
  moves(limit: number): Promise<readonly LaneMove[]> {
    return Promise.resolve(this.kept.slice(0, limit))
  }
  switches(): Promise<ReadonlyMap<number, LaneSwitch>> {
    return Promise.resolve(new Map(this.set))
  }
  setSwitch(projectId: number, to: LaneSwitch | null): Promise<void> {
    if (to === null) this.set.delete(projectId)
    else this.set.set(projectId, to)
    return Promise.resolve()
  }
}

const budget = 0.2
const options = { budgetBucketSize: 10, budgetTimeWindow: 120, backoffTimer: 60 }
const tenant = { organizationId: 1, projectId: 7 }

describe('the scan of budgets', () => {
  let clock: ManualClock
  let records: MemoryRecords
  let store: InProcessStore
  let meter: CostMeter
  let book: LaneBook
  const said = (): string[] => records.kept.map(({ projectId, change, reason }) => `${projectId} ${change} ${reason}`).reverse()

  function make(extra: { isAutomatic?: boolean; switches?: ReadonlyMap<number, LaneSwitch>; backoffTimer?: number } = {}): BudgetScan {
    store = new InProcessStore({ ...options, backoffTimer: extra.backoffTimer ?? 60 }, clock)
    meter = new CostMeter(clock)
    book = new LaneBook({ clock, seal: () => Promise.resolve() })
    const { isAutomatic = true, switches = new Map<number, LaneSwitch>() } = extra
    return new BudgetScan({ store, meter, book, records, projectBudget: budget, isAutomatic, switches, clock, logger: silentLogger })
  }

  beforeEach(() => {
    clock = new ManualClock(1_700_000_000_000)
    records = new MemoryRecords()
  })

  test('over the budget, and not at it: moved, recorded once with what was used', async () => {
    const scan = make()
    meter.spent(tenant, 24_000)
    await scan.scan()
    expect(said()).toEqual([])
    meter.spent(tenant, 0.4)
    await scan.scan()
    expect(book.laneOf(7)).toBe('ready')
    meter.spent(tenant, 0.7)
    await scan.scan()
    await scan.scan()
    expect(said()).toEqual(['7 added budget'])
    expect(records.kept[0]).toMatchObject({ actor: 'system', atMs: 1_700_000_000_000 })
    expect(records.kept[0]?.usedBudget).toBeCloseTo(24.001 / 120, 9)
    expect(book.laneOf(7)).toBe('low')
  })

  test('it comes back by itself: under budget, back-off over, nothing held back', async () => {
    const scan = make()
    meter.spent(tenant, 30_000)
    await scan.scan()
    await clock.advance(59_000)
    meter.spent(tenant, 1)
    await scan.scan()
    await clock.advance(75_000)
    meter.spent(tenant, 1)
    book.recovered(7, returnBytesMax + 1)
    await scan.scan()
    expect(said()).toEqual(['7 added budget'])
    book.emptied()
    await scan.scan()
    expect(said()).toEqual(['7 added budget', '7 removed eligible'])
    expect(book.laneOf(7)).toBe('ready')
  })

  test('a member without metrics is let go, one that was moved lately is not', async () => {
    const scan = make()
    await store.addProjectToLpq(7)
    await scan.scan()
    expect([said(), book.laneOf(7)]).toEqual([[], 'low'])
    await clock.advance(60_000)
    await scan.scan()
    expect([said(), book.laneOf(7)]).toEqual([['7 removed no metrics'], 'ready'])
    meter.spent(tenant, 90_000)
    await scan.scan()
    expect([said().length, book.laneOf(7)]).toEqual([1, 'ready'])
  })

  test('without a back-off it follows the budget at once', async () => {
    const scan = make({ backoffTimer: 0 })
    meter.spent(tenant, 30_000)
    await scan.scan()
    await clock.advance(131_000)
    meter.spent(tenant, 1)
    await scan.scan()
    meter.spent(tenant, 60_000)
    await scan.scan()
    expect(said()).toEqual(['7 added budget', '7 removed eligible', '7 added budget'])
  })

  test('a project that was never over its budget is not held when it is', async () => {
    const scan = make()
    for (let step = 0; step < 5; step++) {
      meter.spent(tenant, 10)
      await scan.scan()
      await clock.advance(2_000)
    }
    meter.spent(tenant, 60_000)
    await scan.scan()
    expect(said()).toEqual(['7 added budget'])
  })

  test('switches: settings and operators; never beats always; each is recorded with who set it', async () => {
    const switches = new Map<number, LaneSwitch>([
      [1, 'always'],
      [2, 'never'],
    ])
    const scan = make({ isAutomatic: false, switches })
    records.set.set(1, 'never').set(2, 'always').set(3, 'always')
    await scan.start()
    expect([1, 2, 3, 4].map((id) => book.laneOf(id))).toEqual(['ready', 'ready', 'low', 'ready'])
    const desk = new LanesDesk({ scan, book, records, projectBudget: budget, isAutomatic: false, switches })
    await desk.setSwitch(4, 'always', 'Ada')
    expect(book.laneOf(4)).toBe('low')
    await desk.setSwitch(4, null, 'Ada')
    expect(said()).toEqual(['4 added switch always', '4 removed switch removed'])
    expect(records.kept[0]?.actor).toBe('Ada')
    meter.spent({ organizationId: 1, projectId: 4 }, 100_000)
    await scan.scan()
    expect(book.laneOf(4)).toBe('ready')
    expect((await desk.view()).projects.map(({ projectId, set, isSetInSettings }) => [projectId, set, isSetInSettings])).toEqual([
      [4, null, false],
      [1, 'never', true],
      [2, 'never', true],
      [3, 'always', false],
    ])
    await scan[Symbol.asyncDispose]()
  })

  test('never keeps a flooder out of the queue', async () => {
    const scan = make({ switches: new Map([[7, 'never']]) })
    await scan.refreshSwitches()
    meter.spent(tenant, 100_000)
    await scan.scan()
    expect([said(), book.laneOf(7)]).toEqual([[], 'ready'])
  })

  test('after a start, who was in the queue is in it again', async () => {
    const move = { usedBudget: 1, actor: 'system', atMs: 0 }
    records.kept.push(
      { ...move, projectId: 9, change: 'removed', reason: 'switch never' },
      { ...move, projectId: 8, change: 'removed', reason: 'eligible' },
      { ...move, projectId: 9, change: 'added', reason: 'budget' },
      { ...move, projectId: 8, change: 'added', reason: 'budget' },
    )
    await using scan = make()
    await scan.start()
    expect([8, 9].map((id) => book.laneOf(id))).toEqual(['ready', 'low'])
  })

  test('runs by itself; a record that cannot be written stops nothing', async () => {
    await using scan = make()
    await scan.start()
    records.isAway = true
    meter.spent(tenant, 90_000)
    await clock.advance(scanMs)
    expect(book.laneOf(7)).toBe('low')
  })
})

test('the meter tells whole milliseconds and keeps the rest', async () => {
  const told: [number, number][] = []
  const clock = new ManualClock()
  const meter = new CostMeter(clock, (projectId, seconds) => told.push([projectId, seconds]))
  const store = new InProcessStore(options, clock)
  for (let i = 0; i < 25; i++) meter.spent(tenant, 0.1)
  await meter.tell(store)
  for (let i = 0; i < 6; i++) meter.spent(tenant, 0.1)
  await meter.tell(store)
  await meter.tell(store)
  expect(told).toEqual([
    [7, 0.002],
    [7, 0.001],
  ])
})

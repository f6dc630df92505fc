/** Costs on their way to a store: in whole milliseconds, and none is lost by a store that fails. */
import { expect, test } from 'vitest'
import { CostMeter } from './cost-meter.ts'
import { InProcessStore } from './in-process-store.ts'
import { NoopStore } from './noop-store.ts'
import { testOptions } from './testing/store-contract.ts'

test('what the store does not take is told the next time, once', async () => {
  const told: string[] = []
  const meter = new CostMeter({ monotonicMs: () => 0 }, (projectId, seconds) => told.push(`${projectId} ${seconds}`))
  class Refusing extends NoopStore {
    override recordProjectDuration(project: number): Promise<void> {
      return project === 7 ? Promise.reject(new Error('READONLY')) : Promise.resolve()
    }
  }
  meter.spent({ organizationId: 1, projectId: 7 }, 1_000.5)
  meter.spent({ organizationId: 1, projectId: 8 }, 2_000)
  await expect(meter.tell(new Refusing())).rejects.toThrow('READONLY')
  const store = new InProcessStore(testOptions, { nowMs: () => 0 })
  meter.spent({ organizationId: 1, projectId: 7 }, 499.5)
  await meter.tell(store)
  expect([store.spentMs(7), store.spentMs(8)]).toEqual([1_500, 0])
  expect(told).toEqual(['8 2', '7 1.5'])
})

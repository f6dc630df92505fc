import { expect, test } from 'vitest'
import { RollupStore } from './rollup-store.ts'

const fiveMinutesMs = 300_000
const tenant = { organizationId: 1, projectId: 2 }

/** A store of series without rows: what is left is the computing. */
function emptyStore(): RollupStore {
  const registry = {
    tenantOf: () => ({ index: 0, tenant }),
    metricHash: () => 7,
    metricSeriesCount: () => 1,
    idHigh: () => 0,
    idLow: () => 1,
  }
  const engine = { async *queryNative() {} }
  const marks = { cleanUntilMs: (_: unknown, __: number, toMs: number) => toMs }
  type Deps = ConstructorParameters<typeof RollupStore>
  // The store needs no more of the registry than what statements name.
  return new RollupStore(engine as unknown as Deps[0], registry as unknown as Deps[1], marks)
}

test('computing one series of many wide windows gives way to other work and ends when nobody waits any more', async () => {
  const windowMs = 20_000 * fiveMinutesMs
  const startMs = windowMs + 3_600_000 + fiveMinutesMs
  const hint = { func: 'sum_over_time', startMs, endMs: startMs + 499 * fiveMinutesMs, stepMs: fiveMinutesMs, windowMs }
  const controller = new AbortController()
  const reading = emptyStore().read(Uint32Array.of(0), hint, controller.signal)
  setImmediate(() => controller.abort(new Error('nobody waits')))
  await expect(reading).rejects.toThrow('nobody waits')
})

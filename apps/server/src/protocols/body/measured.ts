/** Counts a stretch of this thread's time for a project; nothing may be waited for in between. */
import type { Tenant } from '../../kernel/scope.ts'
import type { CostSink } from '../../metrics/index.ts'

/** From here until it is disposed of. Null when nobody wants to know. */
export function measured(cost: CostSink | undefined, tenant: Tenant): Disposable | null {
  if (cost === undefined) return null
  const startedMs = cost.nowMs()
  return { [Symbol.dispose]: () => cost.spent(tenant, cost.nowMs() - startedMs) }
}

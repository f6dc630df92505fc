/** When a regression is over: the newest hours are near the level before it. */
import type { Scope } from '../kernel/scope.ts'
import type { OpenFinding } from './finding-store.ts'
import { PerformanceMetric } from './performance-metric.ts'
import type { OperationSource } from './ports.ts'

const hourMs = 3_600_000
/** So many hours together and each of them. */
const hours = 3
const stepMs = 1_800_000
/** Calls in a step that say something. */
const callsMin = 10
/** How far the way back to the level before must have been gone. */
const recoveredShare = 0.7

export interface OverAsked {
  readonly finding: Pick<OpenFinding, 'service' | 'operation' | 'kind' | 'levels' | 'changeMs'>
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** Errors: those of the engine. */
export async function isOver(source: OperationSource, scope: Scope, { finding, nowMs, signal }: OverAsked): Promise<boolean> {
  const { levels, service, operation, kind, changeMs } = finding
  if (levels === null || nowMs - (changeMs ?? 0) < (hours + 1) * hourMs) return false
  const toMs = Math.floor(nowMs / stepMs) * stepMs
  const range = { fromMs: toMs - hours * hourMs, toMs, stepMs }
  const rows = await source.steps(scope, { ...range, service, operation, kind, operationsMax: 1 }, signal)
  const limit = levels.after + (levels.before - levels.after) * recoveredShare
  const sign = Math.sign(levels.after - levels.before)
  let steps = 0
  for (const row of rows) {
    const metric = new PerformanceMetric()
    metric.add(row)
    if (metric.count < callsMin) continue
    steps++
    const value = valueOf(metric, levels.measure)
    if (value === null || (value - limit) * sign > 0) return false
  }
  // Most of the time was measured: silence is no recovery.
  return steps > hours
}

function valueOf(metric: PerformanceMetric, measure: NonNullable<OpenFinding['levels']>['measure']): number | null {
  switch (measure) {
    case 'p50':
      return metric.percentileMs(0.5)
    case 'p95':
      return metric.percentileMs(0.95)
    case 'errorRate':
      return metric.errorRate()
    case 'perMinute':
      return metric.perMinute(stepMs)
  }
}

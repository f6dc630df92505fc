/** Operations over a time beside the same time before: figures, trends, what changed. Pure: rows in, answers out. */
import { PerformanceMetric } from './performance-metric.ts'
import type { OperationKey, OperationOrder, OperationStep, OperationSummary, OperationTrend } from './ports.ts'

export interface Period {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

/** One operation of two periods. */
export interface TwoPeriods {
  readonly key: OperationKey
  readonly now: PerformanceMetric
  /** Null: nothing in the period before. */
  readonly before: PerformanceMetric | null
  /** One a step of the period; null: no calls. */
  readonly steps: readonly (PerformanceMetric | null)[]
}

export function keyText({ service, operation, kind }: OperationKey): string {
  return `${service}\0${operation}\0${kind}`
}

/** Where the first step of a period begins, and how many there are. */
export function stepsOf({ fromMs, toMs, stepMs }: Period): { firstMs: number; count: number } {
  const firstMs = Math.floor(fromMs / stepMs) * stepMs
  return { firstMs, count: Math.max(1, Math.ceil((toMs - firstMs) / stepMs)) }
}

/** `now` and `before`: rows of both periods. */
export function joined(now: readonly OperationStep[], before: readonly OperationStep[], period: Period): TwoPeriods[] {
  const { firstMs, count } = stepsOf(period)
  const found = new Map<
    string,
    { key: OperationKey; now: PerformanceMetric; before: PerformanceMetric | null; steps: (PerformanceMetric | null)[] }
  >()
  const entry = (row: OperationStep) => {
    const id = keyText(row)
    let known = found.get(id)
    if (known === undefined) {
      const key = { service: row.service, operation: row.operation, kind: row.kind }
      known = { key, now: new PerformanceMetric(), before: null, steps: Array.from({ length: count }, () => null) }
      found.set(id, known)
    }
    return known
  }
  for (const row of now) {
    const own = entry(row)
    own.now.add(row)
    const step = Math.round((row.timeMs - firstMs) / period.stepMs)
    if (step < 0 || step >= count) continue
    const metric = own.steps[step] ?? new PerformanceMetric()
    own.steps[step] = metric
    metric.add(row)
  }
  for (const row of before) {
    const own = entry(row)
    own.before ??= new PerformanceMetric()
    own.before.add(row)
  }
  return [...found.values()]
}

export function summaryOf(
  { key, now, before, steps }: TwoPeriods,
  period: Period,
  apdexMs: number,
): Omit<OperationSummary, 'openFindings'> {
  const lengthMs = period.toMs - period.fromMs
  return {
    ...key,
    now: now.figures(lengthMs, apdexMs),
    before: before?.figures(lengthMs, apdexMs) ?? null,
    trend: trendOf(steps, period),
  }
}

function trendOf(steps: readonly (PerformanceMetric | null)[], { fromMs, toMs, stepMs }: Period): OperationTrend {
  const { firstMs } = stepsOf({ fromMs, toMs, stepMs })
  const perMinute = steps.map((metric, i) => {
    // The last step is not over yet.
    const lengthMs = Math.min(stepMs, Math.max(60_000, toMs - (firstMs + i * stepMs)))
    return metric === null ? 0 : metric.perMinute(lengthMs)
  })
  return {
    perMinute,
    errorRate: steps.map((metric) => metric?.errorRate() ?? null),
    p50Ms: steps.map((metric) => metric?.percentileMs(0.5) ?? null),
    p95Ms: steps.map((metric) => metric?.percentileMs(0.95) ?? null),
  }
}

/** Time that calls of now take longer than they did before, all together; negative: that they save. */
export function lostMs({ now, before }: Pick<TwoPeriods, 'now' | 'before'>): number {
  const [average, was] = [now.averageMs(), before?.averageMs() ?? null]
  return average === null || was === null ? 0 : (average - was) * now.count
}

/** Largest first, of what is asked for. */
export function inOrder(operations: readonly TwoPeriods[], order: OperationOrder, apdexMs: number): TwoPeriods[] {
  const worth = ({ now, before }: TwoPeriods): number => {
    switch (order) {
      case 'time':
        return now.totalMs
      case 'count':
        return now.count
      case 'p95':
        return now.percentileMs(0.95) ?? -1
      case 'errors':
        return now.errors
      case 'apdex':
        return -(now.apdex(apdexMs) ?? 2)
      case 'slower':
        return lostMs({ now, before })
    }
  }
  return operations
    .map((operation) => ({ operation, worth: worth(operation) }))
    .sort((a, b) => b.worth - a.worth || (keyText(a.operation.key) < keyText(b.operation.key) ? -1 : 1))
    .map(({ operation }) => operation)
}

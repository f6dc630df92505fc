/** The report of a period against the one before: what got slower or faster, what fails more, what is new and gone. Pure. */
import { reportLinesMax } from './limits.ts'
import { lostMs, type TwoPeriods } from './operations.ts'
import { PerformanceMetric } from './performance-metric.ts'
import type { OperationChange, OperationOfPeriod, PerformanceReport } from './ports.ts'

type Lines = Pick<PerformanceReport, 'now' | 'before' | 'slower' | 'faster' | 'moreErrors' | 'fewerErrors' | 'appeared' | 'gone'>

/** Calls that a comparison rests on, in both periods. */
const callsMin = 20
/** A change of the median or the average that is worth a line. */
const factorMin = 1.1
const errorShiftMin = 0.002
/** Two shares differ by so many standard errors. */
const errorScoreMin = 3

export function reportLines(operations: readonly TwoPeriods[], lengthMs: number, apdexMs: number): Lines {
  const changes = operations.filter(({ now, before }) => now.count >= callsMin && (before?.count ?? 0) >= callsMin)
  const change = ({ key, now, before }: TwoPeriods): OperationChange => ({
    ...key,
    now: now.figures(lengthMs, apdexMs),
    before: (before ?? new PerformanceMetric()).figures(lengthMs, apdexMs),
    lostMs: lostMs({ now, before }),
  })
  const lines = (found: readonly TwoPeriods[], worth: (operation: TwoPeriods) => number): OperationChange[] =>
    [...found]
      .sort((a, b) => worth(b) - worth(a))
      .slice(0, reportLinesMax)
      .map(change)
  const single = (
    metric: (operation: TwoPeriods) => PerformanceMetric | null,
    isWanted: (operation: TwoPeriods) => boolean,
  ): OperationOfPeriod[] =>
    operations
      .flatMap((operation) => {
        const own = metric(operation)
        return own !== null && isWanted(operation) ? [{ ...operation.key, figures: own.figures(lengthMs, apdexMs) }] : []
      })
      .sort((a, b) => b.figures.totalMs - a.figures.totalMs)
      .slice(0, reportLinesMax)
  const { now, before } = answeredBy(operations)
  return {
    now: now.figures(lengthMs, apdexMs),
    before: before.count === 0 ? null : before.figures(lengthMs, apdexMs),
    slower: lines(
      changes.filter((operation) => latencyFactor(operation) >= factorMin && lostMs(operation) > 0),
      lostMs,
    ),
    faster: lines(
      changes.filter((operation) => latencyFactor(operation) <= 1 / factorMin && lostMs(operation) < 0),
      (operation) => -lostMs(operation),
    ),
    moreErrors: lines(
      changes.filter((operation) => errorScore(operation) >= errorScoreMin),
      errorScore,
    ),
    fewerErrors: lines(
      changes.filter((operation) => errorScore(operation) <= -errorScoreMin),
      (operation) => -errorScore(operation),
    ),
    appeared: single(
      ({ now: metric }) => metric,
      (operation) => operation.now.count > 0 && (operation.before?.count ?? 0) === 0,
    ),
    gone: single(
      ({ before: metric }) => metric,
      (operation) => operation.now.count === 0,
    ),
  }
}

/** What was answered to others: servers and consumers; everything where there are none. */
function answeredBy(operations: readonly TwoPeriods[]): { now: PerformanceMetric; before: PerformanceMetric } {
  const answering = operations.filter(({ key }) => key.kind === 2 || key.kind === 5)
  const [now, before] = [new PerformanceMetric(), new PerformanceMetric()]
  for (const operation of answering.length > 0 ? answering : operations) {
    now.merge(operation.now)
    if (operation.before !== null) before.merge(operation.before)
  }
  return { now, before }
}

/** Of the median and of the 95th percentile, the one that moved more. */
function latencyFactor({ now, before }: TwoPeriods): number {
  const factors = [0.5, 0.95].map((q) => {
    const [is, was] = [now.percentileMs(q), before?.percentileMs(q) ?? null]
    return is === null || was === null || was <= 0 || is <= 0 ? 1 : is / was
  })
  return factors.reduce((a, b) => (Math.abs(Math.log(b)) > Math.abs(Math.log(a)) ? b : a), 1)
}

/** How many standard errors the error rate rose by (Wald's test of two shares, pooled); 0 when it is too little to matter. */
function errorScore({ now, before }: TwoPeriods): number {
  if (before === null) return 0
  const [is, was] = [now.errorRate() ?? 0, before.errorRate() ?? 0]
  if (Math.abs(is - was) < errorShiftMin) return 0
  const pooled = (now.errors + before.errors) / (now.count + before.count)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / now.count + 1 / before.count))
  return error > 0 ? (is - was) / error : 0
}

/** What the overview shows of findings and problems: those nobody has looked at, errors first, what is going on before what is over. */
import type { PerformanceFinding, Problem } from '@bellwether/protocol'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'

/** Findings and errors are failures; a program that only tells something, as Sentry's `captureMessage` does, has not failed. */
export type AttentionWeight = 'failure' | 'warning' | 'message'

export interface Attention {
  readonly key: string
  readonly title: string
  readonly service: string
  /** ms since 1970. */
  readonly lastMs: number
  /** Why it stands where it does: `going on, since 2.1 of cart`. */
  readonly why: string
  readonly weight: AttentionWeight
  readonly what: { readonly finding: PerformanceFinding } | { readonly problem: Problem }
}

const shownMax = 8
/** What was seen within this time is going on: findings are looked for every few minutes. */
const goingOnMs = 15 * 60_000

/** OpenTelemetry's severities from which on it is a warning, and an error. */
const [warnFrom, errorFrom] = [13, 17]
const weights: readonly AttentionWeight[] = ['failure', 'warning', 'message']

/**
 * At most eight, of both kinds: failures, then warnings, then messages. In each what is going on, then what is over. In each of these a regression comes before what was always so, and what names its
 * deploy before what does not; then the newest.
 */
export function attentionOf(findings: readonly PerformanceFinding[], problems: readonly Problem[], nowMs: number): Attention[] {
  const open = findings.filter(({ state }) => state === 'new' || state === 'returned')
  const unseen = problems.filter(({ state }) => state === 'new' || state === 'regressed')
  const all: (Attention & { readonly rank: number })[] = [
    ...open.map((finding) => ({
      key: `f${finding.id}`,
      title: finding.title,
      service: finding.service,
      lastMs: Date.parse(finding.lastSeenAt),
      why: whyFinding(finding, nowMs),
      weight: 'failure' as const,
      what: { finding },
      rank: finding.cause !== null ? 0 : finding.changeAt === null ? 2 : 1,
    })),
    ...unseen.map((problem) => ({
      key: `p${problem.id}`,
      title: problem.title,
      service: problem.service,
      lastMs: Date.parse(problem.lastSeen),
      why: whyProblem(problem),
      weight: weightOf(problem),
      what: { problem },
      rank: problem.state === 'regressed' ? 1 : 2,
    })),
  ]
  return all
    .map((one) => ({ ...one, isOver: nowMs - one.lastMs > goingOnMs }))
    .sort(
      (a, b) =>
        weights.indexOf(a.weight) - weights.indexOf(b.weight) ||
        Number(a.isOver) - Number(b.isOver) ||
        a.rank - b.rank ||
        b.lastMs - a.lastMs,
    )
    .slice(0, shownMax)
    .map(({ isOver, rank: _rank, why, ...one }) => ({ ...one, why: `${isOver ? 'over' : 'going on'}, ${why}` }))
}

/** 0: the sender said none, of what it threw. */
function weightOf({ severity }: Problem): AttentionWeight {
  return severity === 0 || severity >= errorFrom ? 'failure' : severity >= warnFrom ? 'warning' : 'message'
}

function whyFinding({ cause, changeAt, state }: PerformanceFinding, nowMs: number): string {
  if (cause !== null) return `since ${cause.version} of ${cause.service}`
  if (changeAt !== null) return `changed ${formatAgo(Date.parse(changeAt), nowMs)}`
  return state === 'returned' ? 'came back' : 'new'
}

function whyProblem({ state, count }: Problem): string {
  return state === 'regressed' ? 'came back' : `new, ${formatCount(count)} ${count === 1 ? 'event' : 'events'}`
}

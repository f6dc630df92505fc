/** What the overview shows of findings and problems: those nobody has looked at, the newest first. */
import type { PerformanceFinding, Problem } from '@bellwether/protocol'

export interface Attention {
  readonly key: string
  readonly title: string
  readonly service: string
  /** ms since 1970. */
  readonly lastMs: number
  readonly what: { readonly finding: PerformanceFinding } | { readonly problem: Problem }
}

const shownMax = 8

/** At most eight, of both kinds. A regression comes before what was always so, and what names its deploy before what does not. */
export function attentionOf(findings: readonly PerformanceFinding[], problems: readonly Problem[]): Attention[] {
  const open = findings.filter(({ state }) => state === 'new' || state === 'returned')
  const unseen = problems.filter(({ state }) => state === 'new' || state === 'regressed')
  const all = [
    ...open.map((finding) => ({
      key: `f${finding.id}`,
      title: finding.title,
      service: finding.service,
      lastMs: Date.parse(finding.lastSeenAt),
      what: { finding },
      rank: finding.cause !== null ? 0 : finding.changeAt === null ? 2 : 1,
    })),
    ...unseen.map((problem) => ({
      key: `p${problem.id}`,
      title: problem.title,
      service: problem.service,
      lastMs: Date.parse(problem.lastSeen),
      what: { problem },
      rank: problem.state === 'regressed' ? 1 : 2,
    })),
  ]
  return all.sort((a, b) => a.rank - b.rank || b.lastMs - a.lastMs).slice(0, shownMax)
}

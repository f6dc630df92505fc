/** received = stored + refused + dropped + queued, by project and kind, since the program started. */
import { pageSchema, usageRowSchema, type UsageRow } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

const usagePage = pageSchema(usageRowSchema)

export function usageQuery(organizationPath: string) {
  return queryOptions({
    queryKey: ['usage', organizationPath],
    queryFn: async ({ signal }) => (await request(`${organizationPath}/usage`, usagePage, { signal })).items,
    staleTime: 1000,
  })
}

export interface Balance {
  readonly received: number
  readonly stored: number
  readonly refused: number
  readonly dropped: number
  readonly queued: number
  /** received − (stored + refused + dropped + queued); 0 when the equation holds. */
  readonly missing: number
}

function sumOf(reasons: Readonly<Record<string, number>>): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0)
}

/** The equation of one or several rows. */
export function balanceOf(rows: readonly UsageRow[]): Balance {
  const sum = (pick: (row: UsageRow) => number): number => rows.reduce((total, row) => total + pick(row), 0)
  const [received, stored, queued] = [sum((row) => row.received), sum((row) => row.stored), sum((row) => row.queued)]
  const [refused, dropped] = [sum((row) => sumOf(row.refused)), sum((row) => sumOf(row.dropped))]
  return { received, stored, refused, dropped, queued, missing: received - stored - refused - dropped - queued }
}

export interface ReasonRow {
  readonly project: string
  readonly kind: string
  readonly what: 'refused' | 'dropped'
  readonly reason: string
  readonly rows: number
}

/** Every reason with its count, largest first. */
export function reasonsOf(rows: readonly UsageRow[]): readonly ReasonRow[] {
  const all = rows.flatMap((row) =>
    (['refused', 'dropped'] as const).flatMap((what) =>
      Object.entries(row[what]).map(([reason, count]): ReasonRow => ({
        project: row.projectName,
        kind: row.kind,
        what,
        reason,
        rows: count,
      })),
    ),
  )
  return all.filter((row) => row.rows > 0).sort((a, b) => b.rows - a.rows)
}

const explanations: Readonly<Record<string, string>> = {
  duplicate_sample: 'The same point came twice; it is stored once. Nothing is lost.',
  duplicate_timestamp: 'Another value was stored for this series and time already; the first one stays.',
  dead_letter: 'The store refused it for ever; it is kept under Refused and can be replayed.',
  series_limit: 'The project has as many series as it may. Remove a label with many values.',
  cardinality_limit: 'New series over a limit; the page Cardinality says which label exploded.',
  rule_drop_metric: 'A rule of the project drops the metric.',
  rule_unchanged: 'Part of a sum or gauge of a rule that stayed as it was. Nothing is lost.',
  too_many_labels: 'A series had more labels than allowed.',
  key_unknown: 'The key is not known here or was revoked.',
  too_old: 'The time is further in the past than the store keeps.',
  in_future: 'The time lies in the future: look at the sender’s clock.',
}

/** What a reason means and what to do; null when its name says all we know. */
export function explainReason(reason: string): string | null {
  return explanations[reason.replace(/^.*\./, '')] ?? null
}

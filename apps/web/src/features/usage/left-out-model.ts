/** Parts of rows that were left out, by the limit that they were over. */
import type { UsageRow } from '@bellwether/protocol'

export interface LeftOutRow {
  readonly project: string
  readonly kind: string
  /** Name of the limit. */
  readonly reason: string
  readonly parts: number
  readonly meaning: string
}

const meanings: Readonly<Record<string, string>> = {
  attributes_limit: 'A row keeps 256 attributes; these came after them. Send fewer, or put many values into one text.',
  attribute_names_limit: 'One request brings at most 20,000 different names of attributes. An id in a name? Put it into the value.',
  attribute_unreadable: 'The value is broken or nested too deeply to be read.',
  events_limit: 'A span keeps a bounded number of events and links; these came after them.',
}

/** The largest first. */
export function leftOutOf(rows: readonly UsageRow[]): readonly LeftOutRow[] {
  const found = rows.flatMap(({ projectName, kind, leftOut }) =>
    Object.entries(leftOut).map(([reason, parts]) => ({ project: projectName, kind, reason, parts, meaning: meanings[reason] ?? '' })),
  )
  return found.filter(({ parts }) => parts > 0).sort((a, b) => b.parts - a.parts)
}

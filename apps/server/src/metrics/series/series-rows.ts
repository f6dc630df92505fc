/** Rows of the table of series as they stream in. */
import type { NativeBlock } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels } from '../model.ts'
import type { SeenMinutes } from './series-columns.ts'
import type { SeriesIdHalves } from './series-id.ts'

/** The columns that `eachSeriesRow` reads. */
export const seriesRowSql = 'org, project, series, labels, first_seen, last_seen'

export interface SeriesRow extends SeenMinutes {
  readonly tenant: Tenant
  readonly id: SeriesIdHalves
  readonly labels: Labels
}

/** Calls `visit` with each row of a block of `seriesRowSql`. */
export function eachSeriesRow(block: NativeBlock, visit: (row: SeriesRow) => void): void {
  const [org, project, series, labels, first, last] = block.columns
  if (org?.kind !== 'u32' || project?.kind !== 'u32' || series?.kind !== 'w64' || labels?.kind !== 'map')
    throw new Error('unexpected columns of series')
  if (first?.kind !== 'u32' || last?.kind !== 'u32' || labels.keys.kind !== 'string' || labels.values.kind !== 'string') {
    throw new Error('unexpected columns of series')
  }
  const keys = labels.keys.data
  const values = labels.values.data
  let start = 0
  for (let row = 0; row < block.rows; row++) {
    const end = labels.offsets[row]!
    const pairs: Labels[number][] = []
    for (let at = start; at < end; at++) pairs.push([keys[at]!, values[at]!])
    start = end
    visit({
      tenant: { organizationId: org.data[row]!, projectId: project.data[row]! },
      id: { low: series.data[row * 2]!, high: series.data[row * 2 + 1]! },
      labels: pairs,
      firstMinute: Math.floor(first.data[row]! / 60),
      lastMinute: Math.floor(last.data[row]! / 60),
    })
  }
}

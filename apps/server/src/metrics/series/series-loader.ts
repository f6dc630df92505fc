/** Fills the registry from the engine's table of series at start, streaming. */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import type { Labels } from '../model.ts'
import { seriesTable } from '../tables.ts'
import type { SeriesRegistry } from './registry.ts'

export interface SeriesLoad {
  /** Rows read; a series may have several. */
  readonly rows: number
  /** Rows whose id does not fit their labels; they are left out. */
  readonly damaged: number
}

function loadBlock(block: NativeBlock, registry: SeriesRegistry): number {
  const [org, project, series, labels, first, last] = block.columns
  if (org?.kind !== 'u32' || project?.kind !== 'u32' || series?.kind !== 'w64' || labels?.kind !== 'map')
    throw new Error('unexpected columns of series')
  if (first?.kind !== 'u32' || last?.kind !== 'u32' || labels.keys.kind !== 'string' || labels.values.kind !== 'string') {
    throw new Error('unexpected columns of series')
  }
  const keys = labels.keys.data
  const values = labels.values.data
  let damaged = 0
  let start = 0
  for (let row = 0; row < block.rows; row++) {
    const end = labels.offsets[row]!
    const pairs: Labels[number][] = []
    for (let at = start; at < end; at++) pairs.push([keys[at]!, values[at]!])
    start = end
    const tenant = { organizationId: org.data[row]!, projectId: project.data[row]! }
    const firstMinute = Math.floor(first.data[row]! / 60)
    const lastMinute = Math.floor(last.data[row]! / 60)
    const ref = registry.restore(tenant, { low: series.data[row * 2]!, high: series.data[row * 2 + 1]! }, pairs, {
      firstMinute,
      lastMinute,
    })
    if (ref === -1) damaged++
  }
  return damaged
}

/** Reads every row (several of one series are merged). Errors: the engine's. */
export async function loadSeries(
  engine: Pick<ClickHouse, 'queryNative'>,
  registry: SeriesRegistry,
  signal: AbortSignal,
): Promise<SeriesLoad> {
  const sql = `SELECT org, project, series, labels, first_seen, last_seen FROM ${seriesTable}`
  let rows = 0
  let damaged = 0
  for await (const block of engine.queryNative({ sql, class: 'internal', signal })) {
    rows += block.rows
    damaged += loadBlock(block, registry)
  }
  return { rows, damaged }
}

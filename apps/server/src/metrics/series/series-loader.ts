/** Fills the registry from the engine's table of series at start, streaming: series that were seen lately, as many as there is room for. */
import type { ClickHouse } from '../../engines/index.ts'
import { seriesRowLagMinutes } from '../limits.ts'
import { int64At } from '../samples/sample-value.ts'
import { seriesTable } from '../tables.ts'
import { StringTexts } from '../strings/string-texts.ts'
import type { SeriesRegistry } from './registry.ts'
import { eachSeriesRow, seriesRowSql } from './series-rows.ts'

export interface SeriesLoad {
  /** Rows read; a series may have several. */
  readonly rows: number
  /** Rows whose id does not fit their labels, or whose labels nobody knows; they are left out. */
  readonly damaged: number
}

/** Which series are read. Others are brought in when a query asks for their time. */
export interface LoadBounds {
  /** Minutes since 1970. */
  readonly nowMinute: number
  /** Unseen for longer: left out. */
  readonly unseenMinutesMax: number
  /** Rows; beyond it those unseen for longest are left out. */
  readonly rowsMax: number
}

type Engine = Pick<ClickHouse, 'queryNative'>

/** The first hour (since 1970) whose rows are read: those last seen in it or later. Null when that is all of them. */
async function firstHour(engine: Engine, bounds: LoadBounds, signal: AbortSignal): Promise<number | null> {
  const oldest = Math.floor((bounds.nowMinute - bounds.unseenMinutesMax - seriesRowLagMinutes) / 60)
  const sql = `SELECT toUInt32(greatest(intDiv(toUnixTimestamp(last_seen), 3600), ${Math.max(oldest - 1, 0)})) AS hour, count() AS rows
    FROM ${seriesTable} GROUP BY hour ORDER BY hour DESC`
  let rows = 0
  let first: number | null = null
  // Read to its end: an answer that is left early costs its connection.
  for await (const block of engine.queryNative({ sql, class: 'internal', signal })) {
    const [hour, count] = block.columns
    if (hour?.kind !== 'u32' || count?.kind !== 'w64') throw new Error('unexpected columns of series')
    for (let row = 0; row < block.rows && first === null; row++) {
      rows += int64At(count.data, row)
      // One hour is read in any case.
      if (hour.data[row]! < oldest || (rows > bounds.rowsMax && rows > int64At(count.data, row))) first = hour.data[row]! + 1
    }
  }
  return first
}

/** Reads rows of series (several of one are merged), and says from when on the index knows all. Errors: the engine's. */
export async function loadSeries(engine: Engine, registry: SeriesRegistry, bounds: LoadBounds, signal: AbortSignal): Promise<SeriesLoad> {
  registry.setNow(bounds.nowMinute)
  const hour = await firstHour(engine, bounds, signal)
  const condition = hour === null ? '' : `WHERE last_seen >= toDateTime(${hour * 3600})`
  // A row's last sample may be as much later as rows may lag.
  if (hour !== null) registry.loadedFrom(hour * 60 + seriesRowLagMinutes)
  let rows = 0
  let damaged = 0
  const sql = `SELECT ${seriesRowSql} FROM ${seriesTable} ${condition}`
  // All of them at once, as many as there are: the index has its own copies afterwards.
  const texts = new StringTexts(engine, Number.POSITIVE_INFINITY)
  await texts.bringAll(condition, signal)
  for await (const block of engine.queryNative({ sql, class: 'internal', signal })) {
    rows += block.rows
    damaged += await eachSeriesRow(block, { texts, signal }, ({ tenant, id, labels, firstMinute, lastMinute }) => {
      const seenMinute = Math.min(bounds.nowMinute, lastMinute + seriesRowLagMinutes)
      if (registry.restore(tenant, id, labels, { firstMinute, lastMinute }, seenMinute) === -1) damaged++
    })
  }
  return { rows, damaged }
}

/** What became of a load's samples: the store's rows, counted by request and by value, beside what the senders remember. */
import { type ClickHouse, openClickHouse } from '../../apps/server/src/engines/index.ts'
import { systemClock } from '../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../apps/server/src/kernel/log.ts'
import { loadMetric } from './load-bodies.ts'
import type { Load } from './load.ts'

/** Samples, except where it says otherwise. */
export interface Tally {
  readonly acknowledged: number
  readonly refused: number
  readonly unanswered: number
  /** Different ones in the store. */
  readonly found: number
  /** Acknowledged and not there, or there with another value. */
  readonly lost: number
  /** Rows beyond the first of the same sample. */
  readonly doubled: number
  /** Refused and there all the same. */
  readonly kept: number
  /** Never sent and there. */
  readonly invented: number
  /** Requests without an answer of which a part is there. */
  readonly halves: number
  /** Unanswered requests that are there, in samples. */
  readonly unansweredFound: number
}

/** One request as the store has it. */
interface StoredRequest {
  readonly rows: number
  readonly different: number
  readonly least: number
  readonly most: number
  readonly misplaced: number
}

/** By sender and time: `12/1790000000000`. */
export type StoredRequests = ReadonlyMap<string, StoredRequest>

/** Labels of the series that `condition` names, one a row: rows of series hold text, or ids of strings. */
function labelsOfRows(condition: string): string {
  return `SELECT series, pair.1 AS key, pair.2 AS value
    FROM (SELECT series, arrayJoin(arrayZip(mapKeys(labels), mapValues(labels))) AS pair FROM series_seen WHERE ${condition})
    UNION ALL SELECT series, k.string AS key, v.string AS value
    FROM (SELECT org, series, arrayJoin(arrayZip(tag_keys, tag_values)) AS tag FROM series_seen WHERE ${condition}) AS s
    JOIN (SELECT DISTINCT org, id, string FROM strings) AS k ON k.org = s.org AND k.id = s.tag.1
    JOIN (SELECT DISTINCT org, id, string FROM strings) AS v ON v.org = s.org AND v.id = s.tag.2`
}

/** Rows of logs or spans as samples: the time in ms, the value from the attribute. */
function eventRows(table: 'logs' | 'spans'): string {
  return `SELECT toUInt32(attributes['sender']) AS sender, toFloat64(attributes['slot']) AS slot, intDiv(ts, 1000000) AS ts,
    toFloat64(attributes['value']) AS value FROM ${table} WHERE service = 'chaos'`
}

export interface Store {
  readonly requests: StoredRequests
  /** Of the load: as rows, and as the counts by operation have them. */
  readonly spans: number
  readonly countedSpans: number
}

/** Rows by request. Reading through the program hides duplicates; this does not. The program must have ended. */
export async function readStore(dataDir: string, slots: number): Promise<Store> {
  await using engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
  const number = (sql: string, name: string): string => `toFloat64(${sql}) AS ${name}`
  const sql = `SELECT ${number('sender', 'sender_')}, ${number('ts', 'ts_')}, ${number('count()', 'rows_')},
      ${number('uniqExact(value)', 'different_')}, ${number('min(value)', 'least_')}, ${number('max(value)', 'most_')},
      ${number(`countIf(modulo(value, ${slots}) != slot)`, 'misplaced_')}
    FROM (
      SELECT sender, slot, ts, if(f = 0, toFloat64(i), f) AS value FROM samples INNER JOIN (
        SELECT series, toUInt32(anyIf(value, key = 'sender')) AS sender, toFloat64(anyIf(value, key = 'slot')) AS slot
        FROM (${labelsOfRows(`name = '${loadMetric}'`)}) GROUP BY series
      ) AS named USING series
      UNION ALL ${eventRows('logs')} UNION ALL ${eventRows('spans')}
    ) GROUP BY sender, ts`
  const requests = new Map<string, StoredRequest>()
  for await (const { columns, rows } of engine.queryNative({ sql, class: 'internal' })) {
    const [sender, ts, count, different, least, most, misplaced] = columns.map((column) => (column.kind === 'f64' ? column.data : []))
    for (let row = 0; row < rows; row++) {
      const at = (data: ArrayLike<number> | undefined): number => data?.[row] ?? Number.NaN
      requests.set(`${at(sender)}/${at(ts)}`, {
        rows: at(count),
        different: at(different),
        least: at(least),
        most: at(most),
        misplaced: at(misplaced),
      })
    }
  }
  return {
    requests,
    spans: await oneNumber(engine, "SELECT toFloat64(count()) FROM spans WHERE service = 'chaos'"),
    countedSpans: await oneNumber(engine, "SELECT toFloat64(sum(count)) FROM operations WHERE service = 'chaos'"),
  }
}

async function oneNumber(engine: ClickHouse, sql: string): Promise<number> {
  for await (const { columns } of engine.queryNative({ sql, class: 'internal' })) {
    const [column] = columns
    if (column?.kind === 'f64' && column.data.length > 0) return column.data[0] ?? Number.NaN
  }
  return Number.NaN
}

type Counts = { -readonly [Name in keyof Tally]: Tally[Name] }

/** Counts one load's samples. Requests of other loads in the store are left alone. */
export function tally(load: Load, stored: StoredRequests): Tally {
  const { slots } = load
  const sum: Counts = {
    acknowledged: 0,
    refused: 0,
    unanswered: 0,
    found: 0,
    lost: 0,
    doubled: 0,
    kept: 0,
    invented: 0,
    halves: 0,
    unansweredFound: 0,
  }
  for (const [sender, requests] of load.sent) {
    for (const [timeMs, { sequence, fate }] of requests) {
      const there = stored.get(`${sender}/${timeMs}`)
      const good = there === undefined ? 0 : goodSamples(there, sequence, slots)
      sum[fate] += slots
      sum.found += good
      if (there !== undefined) sum.doubled += there.rows - there.different
      if (fate === 'acknowledged') sum.lost += slots - good
      else if (fate === 'refused') sum.kept += good
      else if (good > 0) {
        sum.unansweredFound += good
        if (good < slots) sum.halves++
      }
    }
  }
  for (const [key, { rows }] of stored) {
    const [sender = -1, timeMs = -1] = key.split('/').map(Number)
    if (load.sent.has(sender) && load.sent.get(sender)?.has(timeMs) !== true) sum.invented += rows
  }
  return sum
}

/** All values lie within the request's own, each slot's at its slot; then the different ones are right. */
function goodSamples(there: StoredRequest, sequence: number, slots: number): number {
  const inPlace = there.misplaced === 0 && there.least >= sequence * slots && there.most < (sequence + 1) * slots
  return inPlace ? there.different : 0
}

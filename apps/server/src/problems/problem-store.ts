/** Counts of problems as the engine has them. */
import type { Shown } from '../logs/index.ts'
import { problemsListedMax, sparkSlots } from './limits.ts'
import type { ProblemFilter, ProblemOrder, ProblemRange, Reading, TagValues } from './ports.ts'
import { eventsSql, loggedKeysSql, noEvents, toldOnceSql, type ProblemRows } from './told-twice.ts'
import { numberCell, ofScope, readRows, shownLogsOf, textCell, type Engine, type Row } from './read-rows.ts'

/** A problem without what people decided. */
export interface CountedProblem {
  readonly id: string
  readonly title: string
  readonly place: string
  readonly type: string
  readonly severity: number
  readonly service: string
  readonly count: number
  readonly users: number
  readonly firstMs: number
  readonly lastMs: number
  /** As `lastMs`, but of an event that says a time to come it is when it came here. */
  readonly seenMs: number
  readonly firstRelease: string
  readonly lastRelease: string
}

export interface ProblemTotals extends CountedProblem {
  readonly totalCount: number
  readonly totalUsers: number
}

const hourMs = 3_600_000
export const idSql = `lower(leftPad(hex(problem), 16, '0'))`

/** Whole hours of a range. */
interface Hours {
  readonly from: number
  readonly to: number
}

export function hoursOf({ fromMs, toMs }: ProblemRange): Hours {
  return { from: Math.max(0, Math.floor(fromMs / hourMs)), to: Math.max(0, Math.floor(toMs / hourMs)) }
}

/** The whole hours that counts of a range are of: from the start of the first to the end of the last. */
export function countedRangeOf(range: ProblemRange): ProblemRange {
  const { from, to } = hoursOf(range)
  return { fromMs: from * hourMs, toMs: (to + 1) * hourMs }
}

/** What the rows of one problem say, taken together. */
const facts = `max(severity) AS worst, argMax(title, last) AS latest_title, argMax(place, last) AS latest_place, argMax(type, last) AS latest_type,
  argMax(service, last) AS latest_service`

/** Of all there is of a problem; of columns that are small. */
const times = `min(first) AS first_ms, max(last) AS last_ms, max(least(last, seen)) AS seen_ms,
  argMinIf(release, first, release != '') AS first_release, argMaxIf(release, last, release != '') AS last_release`

const orders: Readonly<Record<ProblemOrder, string>> = {
  last: 'last_ms',
  first: 'first_ms',
  count: 'events',
  users: 'people',
}

export class ProblemStore {
  readonly #engine: Engine
  readonly #shown: Shown

  constructor(engine: Engine, shown: Shown) {
    this.#engine = engine
    this.#shown = shown
  }

  /** Problems with an event in the range that passes the filter, in order; one more than are looked at tells that there are more. */
  async list({ scope, signal }: Reading, filter: ProblemFilter, order: ProblemOrder): Promise<CountedProblem[]> {
    const matching = matchingOf(filter)
    const events = eventsSql(loggedKeysSql(scope, hoursOf(filter)))
    const rows = await readRows(this.#engine, {
      sql: `SELECT ${idSql} AS id, * EXCEPT (problem) FROM (
  SELECT problem, ${facts}, ${events} AS events, uniqCombinedMerge(14)(users) AS people FROM problem_hours
  WHERE ${ofScope(scope)} AND ${matching} GROUP BY problem HAVING events > ${noEvents} AND ({text:String} = ''
    OR positionCaseInsensitiveUTF8(latest_title, {text:String}) > 0 OR positionCaseInsensitiveUTF8(latest_place, {text:String}) > 0)) AS counted
INNER JOIN (SELECT problem, ${times} FROM problem_hours WHERE ${ofScope(scope)}
  AND problem IN (SELECT problem FROM problem_hours WHERE ${ofScope(scope)} AND ${matching}) GROUP BY problem) AS known USING (problem)
ORDER BY ${orders[order]} DESC, id LIMIT ${problemsListedMax + 1}`,
      params: { text: filter.text, release: filter.release, environment: filter.environment, service: filter.service },
      signal,
    })
    return rows.map(toCounted)
  }

  /** Null: there is none. */
  async one({ scope, signal }: Reading, id: string, range: ProblemRange): Promise<ProblemTotals | null> {
    const { from, to } = hoursOf(range)
    const within = `hour BETWEEN ${from} AND ${to}`
    const logged = loggedKeysSql(scope, { onlyOf: `0x${id}` })
    const [row] = await readRows(this.#engine, {
      sql: `SELECT ${idSql} AS id, ${facts}, ${times}, ${eventsSql(logged, within)} AS events, uniqCombinedMergeIf(14)(users, ${within}) AS people,
  ${eventsSql(logged)} AS all_events, uniqCombinedMerge(14)(users) AS all_people
FROM problem_hours WHERE ${ofScope(scope)} AND problem = 0x${id} GROUP BY problem`,
      signal,
    })
    if (row === undefined) return null
    return { ...toCounted(row), totalCount: numberCell(row, 'all_events'), totalUsers: numberCell(row, 'all_people') }
  }

  /** Events by equal parts of the range, by problem. */
  async sparks({ scope, signal }: Reading, ids: readonly string[], range: ProblemRange): Promise<ReadonlyMap<string, readonly number[]>> {
    const sparks = new Map<string, number[]>()
    if (ids.length === 0) return sparks
    const { from, to } = hoursOf(range)
    const hours = to - from + 1
    const isFine = hours <= fineHoursMax
    const named = `problem IN (${ids.map((id) => `0x${id}`).join(',')})`
    const { sql, slots } = isFine
      ? fineSparks({ from, to }, range.toMs, { place: shownLogsOf(scope, this.#shown), named })
      : hourlySparks({ from, to }, { place: ofScope(scope), named, logged: loggedKeysSql(scope, { from, to }) })
    const rows = await readRows(this.#engine, { sql, signal })
    for (const row of rows) {
      const id = textCell(row, 'id')
      let spark = sparks.get(id)
      if (spark === undefined) sparks.set(id, (spark = Array<number>(slots).fill(0)))
      // What is a little in the future counts as now.
      const slot = Math.min(slots - 1, numberCell(row, 'slot'))
      spark[slot] = (spark[slot] ?? 0) + numberCell(row, 'events')
    }
    return sparks
  }

  /** The newest first. */
  async releases({ scope, signal }: Reading, id: string): Promise<{ release: string; count: number; firstMs: number; lastMs: number }[]> {
    const rows = await readRows(this.#engine, {
      sql: `SELECT release, ${eventsSql(loggedKeysSql(scope, { onlyOf: `0x${id}` }))} AS events, min(first) AS first_ms, max(last) AS last_ms FROM problem_hours
WHERE ${ofScope(scope)} AND problem = 0x${id} AND release != '' GROUP BY release ORDER BY last_ms DESC LIMIT 100`,
      signal,
    })
    return rows.map((row) => ({
      release: textCell(row, 'release'),
      count: numberCell(row, 'events'),
      firstMs: numberCell(row, 'first_ms'),
      lastMs: numberCell(row, 'last_ms'),
    }))
  }

  /** What all releases did in the range: events, problems, and problems that no earlier release had. */
  async byRelease({ scope, signal }: Reading, range: ProblemRange): Promise<ReleaseCounts[]> {
    const { from, to } = hoursOf(range)
    const rows = await readRows(this.#engine, {
      sql: `SELECT release, environment, sum(events) AS errors, count() AS problems, countIf(first_release = release AND first_hour >= ${from}) AS fresh,
  min(first_in) AS first_ms, max(last_in) AS last_ms
FROM (SELECT problem, release, environment, ${eventsSql(loggedKeysSql(scope, { from, to }))} AS events, min(first) AS first_in, max(last) AS last_in
  FROM problem_hours WHERE ${ofScope(scope)} AND release != '' AND hour BETWEEN ${from} AND ${to} GROUP BY problem, release, environment
  HAVING events > ${noEvents}) AS counted
INNER JOIN (SELECT problem, argMinIf(release, first, release != '') AS first_release, min(hour) AS first_hour FROM problem_hours
  WHERE ${ofScope(scope)} GROUP BY problem) AS known USING (problem)
GROUP BY release, environment ORDER BY last_ms DESC LIMIT 500`,
      signal,
    })
    return rows.map((row) => ({
      release: textCell(row, 'release'),
      environment: textCell(row, 'environment'),
      errors: numberCell(row, 'errors'),
      problems: numberCell(row, 'problems'),
      newProblems: numberCell(row, 'fresh'),
      firstMs: numberCell(row, 'first_ms'),
      lastMs: numberCell(row, 'last_ms'),
    }))
  }

  /**
   * Hours in which the problem had events, with their number (told twice, counted twice), at most so many: the newest first up to an hour, or
   * the oldest first from one on.
   */
  async hours(
    { scope, signal }: Reading,
    id: string,
    bounds: { readonly max: number } & ({ readonly toHour: number } | { readonly fromHour: number }),
  ): Promise<HourCount[]> {
    const [within, order] = 'toHour' in bounds ? [`<= ${bounds.toHour}`, 'DESC'] : [`>= ${bounds.fromHour}`, 'ASC']
    const rows = await readRows(this.#engine, {
      sql: `SELECT hour, sum(count) AS events FROM problem_hours WHERE ${ofScope(scope)} AND problem = 0x${id} AND hour ${within}
GROUP BY hour ORDER BY hour ${order} LIMIT ${bounds.max}`,
      signal,
    })
    return rows.map((row) => ({ hour: numberCell(row, 'hour'), count: numberCell(row, 'events') }))
  }
}

export interface HourCount {
  readonly hour: number
  readonly count: number
}

/** Longest range whose events are counted in the logs themselves, hours. */
const fineHoursMax = 8

interface SparkStatement {
  readonly sql: string
  readonly slots: number
}

/** Whose rows, and of which problems. */
interface SparkRows {
  readonly place: string
  readonly named: string
}

function hourlySparks({ from, to }: Hours, { place, named, logged }: SparkRows & { readonly logged: string }): SparkStatement {
  const size = Math.max(1, Math.ceil((to - from + 1) / (sparkSlots + 1)))
  return {
    slots: Math.ceil((to - from + 1) / size),
    sql: `SELECT ${idSql} AS id, intDiv(hour - ${from}, ${size}) AS slot, ${eventsSql(logged)} AS events FROM problem_hours
WHERE ${place} AND ${named} AND hour BETWEEN ${from} AND ${to} GROUP BY problem, slot`,
  }
}

/** From the same whole hour on up to the end of the range, by minutes. */
function fineSparks({ from, to }: Hours, toMs: number, { place, named }: SparkRows): SparkStatement {
  const lengthSec = Math.max(60, Math.ceil(toMs / 1000) - from * 3600)
  const sizeSec = Math.ceil(lengthSec / 60 / sparkSlots) * 60
  const within = (first: number, last: number): string => `${place} AND bucket BETWEEN ${Math.max(0, first) * 6} AND ${last * 6 + 5}`
  const rows: ProblemRows = { place: within(from, to), near: within(from - 1, to + 1), problem: named }
  return {
    slots: Math.ceil(lengthSec / sizeSec),
    sql: `SELECT ${idSql} AS id, intDiv(intDiv(ts, 1000000000) - ${from * 3600}, ${sizeSec}) AS slot, sum(weight) AS events FROM logs
WHERE ${rows.place} AND ${named} AND ${toldOnceSql(rows)} GROUP BY problem, slot`,
  }
}

export interface ReleaseCounts {
  readonly release: string
  readonly environment: string
  readonly errors: number
  readonly problems: number
  readonly newProblems: number
  readonly firstMs: number
  readonly lastMs: number
}

function matchingOf(filter: ProblemFilter): string {
  const { from, to } = hoursOf(filter)
  const parts = [`hour BETWEEN ${from} AND ${to}`]
  for (const name of ['release', 'environment', 'service'] as const) if (filter[name] !== '') parts.push(`${name} = {${name}:String}`)
  return parts.join(' AND ')
}

function toCounted(row: Row): CountedProblem {
  return {
    id: textCell(row, 'id'),
    title: textCell(row, 'latest_title'),
    place: textCell(row, 'latest_place'),
    type: textCell(row, 'latest_type'),
    severity: numberCell(row, 'worst'),
    service: textCell(row, 'latest_service'),
    count: numberCell(row, 'events'),
    users: numberCell(row, 'people'),
    firstMs: numberCell(row, 'first_ms'),
    lastMs: numberCell(row, 'last_ms'),
    seenMs: numberCell(row, 'seen_ms'),
    firstRelease: textCell(row, 'first_release'),
    lastRelease: textCell(row, 'last_release'),
  }
}

/** Values of a tag by how often they are, from counts of pairs. */
export function tagValuesOf(
  pairs: readonly (readonly [tag: string, value: string, count: number])[],
  total: number,
  most: { tags: number; values: number },
): TagValues[] {
  const byTag = new Map<string, { value: string; count: number }[]>()
  for (const [tag, value, count] of pairs) {
    const values = byTag.get(tag)
    if (values === undefined) byTag.set(tag, [{ value, count }])
    else values.push({ value, count })
  }
  return [...byTag]
    .map(([tag, values]) => ({ tag, total, values: values.sort((a, b) => b.count - a.count).slice(0, most.values) }))
    .sort((a, b) => covered(b) - covered(a) || (a.tag < b.tag ? -1 : 1))
    .slice(0, most.tags)
}

function covered({ values }: TagValues): number {
  return values.reduce((sum, { count }) => sum + count, 0)
}

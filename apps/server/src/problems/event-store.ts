/** Events of problems: rows of logs with a problem. Where to look is known from the counts by hour, so a rare problem costs little. */
import type { Scope } from '../kernel/scope.ts'
import type { Shown } from '../logs/index.ts'
import { tagsMax, tagValuesMax, taggedEventsMax } from './limits.ts'
import { errorAttributes, tagPrefix } from './model.ts'
import { tagValuesOf, type HourCount, type ProblemStore } from './problem-store.ts'
import type { EventPage, Feedback, ProblemEventRow, Reading, TagValues } from './ports.ts'
import { toldOnceSql, type ProblemRows } from './told-twice.ts'
import { numberCell, pairsCell, readRows, shownLogsOf, textCell, type Engine, type Row } from './read-rows.ts'

/** A row with all it has. */
export interface StoredEvent extends ProblemEventRow {
  readonly severity: number
  readonly attributes: ReadonlyMap<string, string>
}

/** Seconds of a bucket of logs, as in `signals`; buckets of an hour. */
const bucketsPerHour = 6
const hourNs = 3_600_000_000_000n
/** Hours looked into at once. */
const hoursAtOnce = 200
const idPattern = /^[0-9a-f]{32}$/

const rowId = `concat(lower(leftPad(hex(ts), 16, '0')), lower(leftPad(hex(batch), 8, '0')), lower(leftPad(hex(row), 8, '0')))`
const nearRow = `${rowId} AS id, intDiv(ts, 1000000) AS at_ms, body, release, environment, service, lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span`
const userNames = [errorAttributes.userId, errorAttributes.userEmail, errorAttributes.userName, errorAttributes.clientAddress]
const userSql = `multiIf(${userNames.map((name) => `attributes['${name}'] != '', attributes['${name}']`).join(', ')}, '')`

/** Time, number of the request and number in it of an id; null when it is none. */
function partsOfId(id: string): { ts: bigint; batch: number; row: number } | null {
  if (!idPattern.test(id)) return null
  return { ts: BigInt(`0x${id.slice(0, 16)}`), batch: Number.parseInt(id.slice(16, 24), 16), row: Number.parseInt(id.slice(24), 16) }
}

export class EventStore {
  readonly #engine: Engine
  readonly #shown: Shown
  readonly #counts: Pick<ProblemStore, 'hours'>

  constructor({ engine, shown, counts }: { engine: Engine; shown: Shown; counts: Pick<ProblemStore, 'hours'> }) {
    this.#engine = engine
    this.#shown = shown
    this.#counts = counts
  }

  /** Newest first; one more than the limit tells that there are more. */
  async page({ scope, signal }: Reading, problem: string, { limit, cursor }: EventPage): Promise<ProblemEventRow[]> {
    const before = cursor === null ? null : partsOfId(cursor)
    const beyond = before === null ? '' : `AND (ts, batch, row) < (${before.ts}, ${before.batch}, ${before.row})`
    let toHour = before === null ? 0xffff_ffff : Number(before.ts / hourNs)
    const found: ProblemEventRow[] = []
    while (found.length <= limit) {
      const hours = await this.#counts.hours({ scope, signal }, problem, { toHour, max: hoursAtOnce })
      for (const some of portions(hours, limit + 1)) {
        const rows = this.#rows(scope, problem, some)
        const events = await readRows(this.#engine, {
          sql: `SELECT ${nearRow}, ${userSql} AS user FROM logs WHERE ${toldOnce(rows)} ${beyond}
ORDER BY ts DESC, batch DESC, row DESC LIMIT ${limit + 1 - found.length}`,
          signal,
        })
        found.push(...events.map(toEventRow))
        if (found.length > limit) break
      }
      if (hours.length < hoursAtOnce) break
      toHour = (hours.at(-1)?.hour ?? 0) - 1
    }
    return found
  }

  /** The event that comes after this one in time; null: it is the newest. */
  async newer({ scope, signal }: Reading, problem: string, id: string): Promise<string | null> {
    const after = partsOfId(id)
    if (after === null) return null
    let fromHour = Number(after.ts / hourNs)
    for (;;) {
      const hours = await this.#counts.hours({ scope, signal }, problem, { fromHour, max: hoursAtOnce })
      for (const some of portions(hours, 1)) {
        const [row] = await readRows(this.#engine, {
          sql: `SELECT ${rowId} AS id FROM logs WHERE ${toldOnce(this.#rows(scope, problem, some))}
AND (ts, batch, row) > (${after.ts}, ${after.batch}, ${after.row}) ORDER BY ts, batch, row LIMIT 1`,
          signal,
        })
        if (row !== undefined) return textCell(row, 'id')
      }
      if (hours.length < hoursAtOnce) return null
      fromHour = (hours.at(-1)?.hour ?? 0) + 1
    }
  }

  /** Null: there is none of this problem. */
  async one({ scope, signal }: Reading, problem: string, id: string): Promise<StoredEvent | null> {
    const parts = partsOfId(id)
    if (parts === null) return null
    const bucket = parts.ts / (hourNs / BigInt(bucketsPerHour))
    const [row] = await readRows(this.#engine, {
      sql: `SELECT ${nearRow}, ${userSql} AS user, severity, attributes FROM logs WHERE ${shownLogsOf(scope, this.#shown)} AND bucket = ${bucket}
AND ts = ${parts.ts} AND batch = ${parts.batch} AND row = ${parts.row} AND problem = 0x${problem} LIMIT 1`,
      signal,
    })
    return row === undefined
      ? null
      : { ...toEventRow(row), severity: numberCell(row, 'severity'), attributes: pairsCell(row, 'attributes') }
  }

  /** How tags and the like are spread over the newest events. */
  async tags({ scope, signal }: Reading, problem: string): Promise<TagValues[]> {
    const hours = await this.#counts.hours({ scope, signal }, problem, { toHour: 0xffff_ffff, max: hoursAtOnce })
    if (hours.length === 0) return []
    const newest = this.#rows(scope, problem, hours.slice(0, enough(hours, taggedEventsMax)))
    const rows = await readRows(this.#engine, {
      sql: `SELECT pair.1 AS tag, pair.2 AS value, sum(weight) AS events, any(looked_at) AS total FROM (
  SELECT release, environment, service, host, attributes, weight, sum(toFloat64(weight)) OVER () AS looked_at FROM (
    SELECT release, environment, service, host, attributes, toFloat64(weight) AS weight FROM logs WHERE ${toldOnce(newest)}
    ORDER BY ts DESC LIMIT ${taggedEventsMax}))
ARRAY JOIN arrayFilter(p -> p.2 != '', arrayConcat(
  [('release', toString(release)), ('environment', toString(environment)), ('service', toString(service)), ('host', toString(host)),
   ('browser', concat(attributes['contexts.browser.name'], ' ', attributes['contexts.browser.version'])),
   ('runtime', concat(attributes['contexts.runtime.name'], ' ', attributes['contexts.runtime.version'])),
   ('os', attributes['contexts.os.name']), ('transaction', attributes['${errorAttributes.operation}']),
   ('user', ${userSql}), ('url', attributes['url.full'])],
  arrayMap((k, v) -> (substring(k, ${tagPrefix.length + 1}), v), mapKeys(mapFilter((k, v) -> startsWith(k, '${tagPrefix}'), attributes)),
    mapValues(mapFilter((k, v) -> startsWith(k, '${tagPrefix}'), attributes))))) AS pair
WHERE trim(pair.2) != '' GROUP BY tag, value ORDER BY events DESC LIMIT 2000`,
      signal,
    })
    const total = rows[0] === undefined ? 0 : numberCell(rows[0], 'total')
    const pairs = rows.map((row) => [textCell(row, 'tag'), textCell(row, 'value').trim(), numberCell(row, 'events')] as const)
    return tagValuesOf(pairs, total, { tags: tagsMax, values: tagValuesMax })
  }

  /** What people wrote, newest first; one more than the limit tells that there is more. */
  async feedback({ scope, signal }: Reading, { limit, cursor }: EventPage): Promise<Feedback[]> {
    const before = cursor === null ? null : partsOfId(cursor)
    const beyond = before === null ? '' : `AND (ts, batch, row) < (${before.ts}, ${before.batch}, ${before.row})`
    const rows = await readRows(this.#engine, {
      sql: `SELECT ${nearRow}, '' AS user, attributes FROM logs WHERE ${shownLogsOf(scope, this.#shown)} AND source = 'sentry-feedback' ${beyond}
ORDER BY ts DESC, batch DESC, row DESC LIMIT ${limit + 1}`,
      signal,
    })
    return rows.map((row) => {
      const { id, atMs, message, release, environment, traceId } = toEventRow(row)
      const attribute = (name: string): string => pairsCell(row, 'attributes').get(name) ?? ''
      return {
        id,
        atMs,
        message,
        release,
        environment,
        traceId,
        name: attribute(errorAttributes.userName),
        email: attribute(errorAttributes.userEmail),
        url: attribute('url.full'),
        eventId: attribute('feedback.event_id'),
      }
    })
  }

  #rows(scope: Scope, id: string, hours: readonly HourCount[]): ProblemRows {
    const shown = shownLogsOf(scope, this.#shown)
    const near = new Set(hours.flatMap(({ hour }) => [Math.max(0, hour - 1), hour, hour + 1]))
    const within = (each: Iterable<number>): string => `${shown} AND bucket IN (${bucketsOf(each)})`
    return { place: within(hours.map(({ hour }) => hour)), near: within(near), problem: `problem = 0x${id}` }
  }
}

/** Events of a problem, each once. */
function toldOnce(rows: ProblemRows): string {
  return `${rows.place} AND ${rows.problem} AND ${toldOnceSql(rows)}`
}

/** How many of the hours, from the first on, have so many events. */
function enough(hours: readonly HourCount[], events: number): number {
  let sum = 0
  const at = hours.findIndex(({ count }) => (sum += count) >= events)
  return at === -1 ? hours.length : at + 1
}

/** The first with a few times as many events, for some are told twice or stand for several; each further one four times as many. */
function* portions(hours: readonly HourCount[], events: number): Generator<readonly HourCount[]> {
  for (let [at, wanted] = [0, events * 4]; at < hours.length; wanted *= 4) {
    const left = hours.slice(at)
    const length = enough(left, wanted)
    yield left.slice(0, length)
    at += length
  }
}

function bucketsOf(hours: Iterable<number>): string {
  return [...hours].flatMap((hour) => Array.from({ length: bucketsPerHour }, (_, i) => hour * bucketsPerHour + i)).join(',')
}

const noTrace = /^0+$/

function toEventRow(row: Row): ProblemEventRow {
  const [traceId, spanId] = [textCell(row, 'trace'), textCell(row, 'span')]
  return {
    id: textCell(row, 'id'),
    atMs: numberCell(row, 'at_ms'),
    message: textCell(row, 'body'),
    release: textCell(row, 'release'),
    environment: textCell(row, 'environment'),
    service: textCell(row, 'service'),
    user: textCell(row, 'user'),
    traceId: noTrace.test(traceId) ? '' : traceId,
    spanId: noTrace.test(spanId) ? '' : spanId,
  }
}

/** How often each pattern occurs among the rows of a search, over time, and which ones are new. */
import type { LogPattern, LogPatternsBody } from '@bellwether/protocol'
import type { ClickHouse, NativeBlock } from '../../../engines/index.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Scope } from '../../../kernel/scope.ts'
import { badRange } from '../../errors.ts'
import { numbersIn, textsIn, wideIn, nsOfMs } from '../../../signals/index.ts'
import type { Shown } from '../../ports.ts'
import { hashText } from '../../row-id.ts'
import { logsTable } from '../../tables.ts'
import { both, rowsOf, searchFor, tenantSql } from '../../where.ts'
import type { PatternsRequest } from '../ports.ts'
import { patternsTable } from '../tables.ts'
import type { Patterns } from './pattern-stage.ts'
import { templateOf } from './pattern-store.ts'
import { templateTokens } from './template.ts'

export interface PatternQueryDeps {
  readonly engine: ClickHouse
  /** What is not written yet is known here. */
  readonly patterns: Pick<Patterns, 'peek'>
  readonly shown: Shown
  readonly clock: Pick<Clock, 'nowMs'>
}

const stepsSec = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 86_400, 604_800]
const intervalsMax = 60
const servicesMax = 5

interface Counted {
  readonly id: string
  readonly low: number
  readonly high: number
  readonly count: number
  readonly counts: number[]
  readonly severityMax: number
  readonly services: string[]
  readonly lastSec: number
}

interface Known {
  readonly template: string
  readonly example: string
  readonly firstSec: number
}

export class PatternQuery {
  readonly #deps: PatternQueryDeps

  constructor(deps: PatternQueryDeps) {
    this.#deps = deps
  }

  /** Errors: `search.invalid`, `logs.bad_range`, the engine's. */
  async patterns(scope: Scope, request: PatternsRequest, signal: AbortSignal): Promise<LogPatternsBody> {
    const { fromMs, toMs, query, limit } = request
    if (!(toMs > fromMs)) throw new AppError(badRange)
    const search = searchFor(scope, query, this.#deps.clock.nowMs())
    const where = both(rowsOf(scope, request, this.#deps.shown), search)
    const stepSec = stepsSec.find((step) => (toMs - fromMs) / 1000 / step <= intervalsMax) ?? (toMs - fromMs) / 1000 / intervalsMax
    const startMs = Math.floor(fromMs / 1000 / stepSec) * stepSec * 1000
    const intervals = Math.max(1, Math.ceil((toMs - startMs) / 1000 / stepSec))
    const [counted, totals, oldestSec] = await Promise.all([
      this.#counts({ where, startMs, stepSec, intervals, limit }, signal),
      this.#totals(where, signal),
      this.#oldest(scope, signal),
    ])
    const known = await this.#known(scope, { where, counted }, signal)
    return {
      items: counted.map((one) => shownPattern(one, known.get(one.id), { rows: totals.rows, fromMs, oldestSec })),
      from: iso(fromMs),
      to: iso(toMs),
      intervalSec: stepSec,
      intervals: Array.from({ length: intervals }, (_, i) => iso(startMs + i * stepSec * 1000)),
      ...totals,
    }
  }

  async #counts(
    { where, startMs, stepSec, intervals, limit }: { where: string; startMs: number; stepSec: number; intervals: number; limit: number },
    signal: AbortSignal,
  ): Promise<Counted[]> {
    const interval = `intDiv(ts - ${nsOfMs(startMs)}, ${nsOfMs(stepSec * 1000)})`
    const sql = `SELECT pattern, sum(toFloat64(weight)) AS found, sumResample(0, ${intervals}, 1)(toFloat64(weight), ${interval}) AS over_time,
      max(severity) AS worst, arrayStringConcat(topK(${servicesMax})(service), '\\0') AS services, toFloat64(intDiv(max(ts), 1000000000)) AS last
      FROM ${logsTable} WHERE ${where} AND pattern != 0 GROUP BY pattern ORDER BY found DESC, pattern LIMIT ${limit}`
    const out: Counted[] = []
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [ids, counts, severities, services] = [
        wideIn(block, 'pattern'),
        numbersIn(block, 'found'),
        numbersIn(block, 'worst'),
        textsIn(block, 'services'),
      ]
      const last = numbersIn(block, 'last')
      const overTime = seriesIn(block, 'over_time')
      for (let row = 0; row < block.rows; row++) {
        const [low, high] = [ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0]
        out.push({
          id: hashText(low, high),
          low,
          high,
          count: counts[row] ?? 0,
          counts: overTime(row),
          severityMax: severities[row] ?? 0,
          services: (services[row] ?? '').split('\0').filter((name) => name !== ''),
          lastSec: last[row] ?? 0,
        })
      }
    }
    return out
  }

  async #totals(where: string, signal: AbortSignal): Promise<{ rows: number; patterns: number; rowsWithout: number }> {
    const sql = `SELECT sum(toFloat64(weight)) AS found, toFloat64(uniqExactIf(pattern, pattern != 0)) AS patterns,
      sumIf(toFloat64(weight), pattern = 0) AS without FROM ${logsTable} WHERE ${where}`
    let totals = { rows: 0, patterns: 0, rowsWithout: 0 }
    // Read to its end: an answer that is left early costs its connection.
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      if (block.rows === 0) continue
      const [rows, patterns, without] = ['found', 'patterns', 'without'].map((name) => numbersIn(block, name)[0] ?? 0)
      totals = { rows: rows ?? 0, patterns: patterns ?? 0, rowsWithout: without ?? 0 }
    }
    return totals
  }

  /** Since when the reader's projects have patterns: before that nothing is new. */
  async #oldest(scope: Scope, signal: AbortSignal): Promise<number> {
    const sql = `SELECT toFloat64(min(first_sec)) AS first, toFloat64(count()) AS known FROM ${patternsTable} WHERE ${tenantSql(scope)}`
    let oldest = Number.POSITIVE_INFINITY
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      if (block.rows > 0 && (numbersIn(block, 'known')[0] ?? 0) > 0) oldest = numbersIn(block, 'first')[0] ?? oldest
    }
    return oldest
  }

  /** Templates, examples and first times: from the table, from memory where they are newer, and from a row where both have none. */
  async #known(
    scope: Scope,
    { where, counted }: { where: string; counted: readonly Counted[] },
    signal: AbortSignal,
  ): Promise<Map<string, Known>> {
    const out = new Map<string, Known>()
    if (counted.length === 0) return out
    const list = counted.map(({ id }) => `0x${id}`).join(', ')
    const sql = `SELECT pattern, toFloat64(min(first_sec)) AS first, max(template) AS text, any(example) AS line FROM ${patternsTable}
      WHERE ${tenantSql(scope)} AND pattern IN (${list}) GROUP BY pattern`
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [ids, texts, lines, first] = [
        wideIn(block, 'pattern'),
        textsIn(block, 'text'),
        textsIn(block, 'line'),
        numbersIn(block, 'first'),
      ]
      for (let row = 0; row < block.rows; row++) {
        const id = hashText(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0)
        out.set(id, { template: templateOf(texts[row] ?? ''), example: lines[row] ?? '', firstSec: first[row] ?? 0 })
      }
    }
    for (const projectId of scope.projectIds) {
      const book = this.#deps.patterns.peek({ organizationId: scope.organizationId, projectId })
      for (const { id } of book === null ? [] : counted) {
        const pattern = book?.find(id) ?? null
        if (pattern === null) continue
        const firstSec = Math.min(pattern.firstSec, out.get(id)?.firstSec ?? pattern.firstSec)
        out.set(id, { template: pattern.template, example: pattern.example, firstSec })
      }
    }
    const missing = counted.filter(({ id }) => !out.has(id))
    if (missing.length > 0) for (const [id, known] of await this.#fromRows(where, missing, signal)) out.set(id, known)
    return out
  }

  async #fromRows(where: string, missing: readonly Counted[], signal: AbortSignal): Promise<Map<string, Known>> {
    const out = new Map<string, Known>()
    const list = missing.map(({ id }) => `0x${id}`).join(', ')
    const sql = `SELECT pattern, any(substringUTF8(body, 1, 1000)) AS line, toFloat64(intDiv(min(ts), 1000000000)) AS first FROM ${logsTable}
      WHERE ${where} AND pattern IN (${list}) GROUP BY pattern`
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [ids, lines, first] = [wideIn(block, 'pattern'), textsIn(block, 'line'), numbersIn(block, 'first')]
      for (let row = 0; row < block.rows; row++) {
        const example = lines[row] ?? ''
        const known = { template: templateTokens(example).join(' '), example, firstSec: first[row] ?? 0 }
        out.set(hashText(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0), known)
      }
    }
    return out
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function seriesIn(block: NativeBlock, name: string): (row: number) => number[] {
  const column = block.columns[block.names.indexOf(name)]
  if (column?.kind !== 'array' || column.inner.kind !== 'f64') throw new Error(`column ${name} has no numbers over time`)
  const { offsets, inner } = column
  return (row) => [...inner.data.subarray(row === 0 ? 0 : offsets[row - 1], offsets[row])]
}

function shownPattern(
  one: Counted,
  known: Known | undefined,
  { rows, fromMs, oldestSec }: { rows: number; fromMs: number; oldestSec: number },
): LogPattern {
  const { id, count, counts, severityMax, services, lastSec } = one
  const firstSec = known?.firstSec ?? lastSec
  return {
    id,
    template: known?.template ?? '',
    count,
    share: rows === 0 ? 0 : count / rows,
    counts,
    severityMax,
    services,
    firstSeen: iso(firstSec * 1000),
    lastSeen: iso(lastSec * 1000),
    isNew: firstSec * 1000 >= fromMs && oldestSec * 1000 < fromMs,
    example: known?.example ?? '',
  }
}

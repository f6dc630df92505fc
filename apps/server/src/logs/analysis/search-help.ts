/**
 * What helps with a search: is it right, does anything have the names that it asks for, and when it finds nothing, which of its parts it is
 * that finds nothing. Questions to the engine end with the first row and with the time that they have.
 */
import type { SearchCheckBody, SearchPartsBody, SearchSignal } from '@bellwether/protocol'
import type { ClickHouse } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  attributesAsked,
  checkSearch,
  compileSearch,
  knownNamesMax,
  namesMeant,
  otherCases,
  partsOf,
  searchForName,
  smallOperators,
  unknownNamesMax,
  unlistedNames,
  type AskedName,
  type KnownNames,
  type UnknownName,
} from '../../search/index.ts'
import { resourcesTable, textsIn } from '../../signals/index.ts'
import { badRange } from '../errors.ts'
import { tenantSql } from '../where.ts'
import type { CheckRequest, HintsRequest, PartsRequest, SearchedRows } from './ports.ts'

export interface SearchHelpDeps {
  readonly engine: ClickHouse
  readonly rows: Readonly<Record<SearchSignal, SearchedRows>>
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
}

/** Time for all parts of a search together, and for all of its names; of what is not known by then nothing is said. */
const helpTimeMs = 4_000
/** The same of names, where somebody waits for the rows of a search. */
const hintTimeMs = 1_000

export class SearchHelp {
  readonly #deps: SearchHelpDeps

  constructor(deps: SearchHelpDeps) {
    this.#deps = deps
  }

  /**
   * The engine is asked only about names that are no fields. Known names are those of some rows only: a name is unknown once the rows of the
   * range were looked through for it. Errors: `logs.bad_range`, the engine's.
   */
  check(scope: Scope, request: CheckRequest, signal: AbortSignal): Promise<SearchCheckBody> {
    return this.#check(scope, { ...request, timeMs: helpTimeMs }, signal)
  }

  async #check(scope: Scope, request: CheckRequest & { readonly timeMs: number }, signal: AbortSignal): Promise<SearchCheckBody> {
    const { text } = request
    if (!(request.toMs > request.fromMs)) throw new AppError(badRange)
    const source = this.#deps.rows[request.signal]
    const fields = source.fields(scope)
    const checked = checkSearch(text, fields, { nowMs: this.#deps.clock.nowMs() })
    const isAsked = checked.problem === null && request.hasNames
    const said = { ...checked, smallOperators: isAsked ? [...smallOperators(text)] : [] }
    if (!isAsked) return { ...said, unknown: [] }
    const endMs = this.#deps.clock.monotonicMs() + request.timeMs
    const values = (late: AbortSignal): Promise<UnknownName[]> => otherCases(text, fields, source.values(scope, late))
    const [names, cases] = await Promise.all([this.#names(scope, { request, endMs }, signal), this.#inTime(endMs, values, signal)])
    const unknown = [...names, ...(cases ?? [])].toSorted((a, b) => a.from - b.from).slice(0, unknownNamesMax)
    return { ...said, unknown: unknown.map((name) => ({ ...name, meant: [...name.meant] })) }
  }

  /** Names of a right search that nothing has. */
  async #names(
    scope: Scope,
    { request, endMs }: { readonly request: CheckRequest; readonly endMs: number },
    signal: AbortSignal,
  ): Promise<UnknownName[]> {
    const source = this.#deps.rows[request.signal]
    const fields = source.fields(scope)
    const asked = attributesAsked(request.text, fields)
    if (asked.length === 0) return []
    const known = await this.#inTime(endMs, (late) => this.#known(source, scope, late), signal)
    if (known === null) return []
    return namesMeant(await this.#missing(unlistedNames(asked, known), { scope, request, endMs }, signal), { fields, known })
  }

  /**
   * As `check`, in sentences for who reads an answer and sees no screen. The search was answered by then: where the engine fails or takes
   * too long, nothing is said of names. Errors: `logs.bad_range`, the caller's own cancel.
   */
  async hints(scope: Scope, { query, isNothing, ...request }: HintsRequest, signal: AbortSignal): Promise<string[]> {
    const sentences = smallOperators(query).map(
      ({ word, operator }) => `"${word}" is looked for as a word; conditions are joined by ${operator}, in capitals.`,
    )
    if (!isNothing) return [...new Set(sentences)]
    let unknown: SearchCheckBody['unknown'] = []
    try {
      unknown = (await this.#check(scope, { ...request, text: query, hasNames: true, timeMs: hintTimeMs }, signal)).unknown
    } catch (error) {
      if (signal.aborted || !(isAppError(error) && error.code.startsWith('engine.'))) throw error
    }
    const names = unknown.map(({ name, meant }) => {
      const others = meant.map((one) => one.insert).join(' or ')
      return `No row of the range has ${name}.${others === '' ? '' : ` Did you mean ${others}?`}`
    })
    return [...new Set([...names, ...sentences])]
  }

  /** Those that no row of the range has. */
  async #missing(
    names: readonly AskedName[],
    { scope, request, endMs }: { readonly scope: Scope; readonly request: CheckRequest; readonly endMs: number },
    signal: AbortSignal,
  ): Promise<AskedName[]> {
    const source = this.#deps.rows[request.signal]
    const rows = `${source.table} WHERE ${source.rowsOf(scope, request)}`
    const missing: AskedName[] = []
    for (const one of names) {
      const search = compileSearch(searchForName(one.name), source.fields(scope), { nowMs: this.#deps.clock.nowMs() })
      if ((await this.#isFound(`${rows} AND ${search.sql()}`, endMs, signal)) === false) missing.push(one)
    }
    return missing
  }

  /** Errors: `search.invalid`, `logs.bad_range`, the engine's. */
  async parts(scope: Scope, request: PartsRequest, signal: AbortSignal): Promise<SearchPartsBody> {
    if (!(request.toMs > request.fromMs)) throw new AppError(badRange)
    const source = this.#deps.rows[request.signal]
    const parts = partsOf(request.query, source.fields(scope), { nowMs: this.#deps.clock.nowMs() })
    const rows = source.rowsOf(scope, request)
    const endMs = this.#deps.clock.monotonicMs() + helpTimeMs
    const isFound = (sql: string): Promise<boolean | null> => this.#isFound(`${source.table} WHERE ${rows} AND ${sql}`, endMs, signal)
    const alone: (boolean | null)[] = []
    for (const { sql } of parts) alone.push(await isFound(sql))
    const isClear = alone.includes(false)
    const items: SearchPartsBody['items'] = []
    for (const [index, { text, rest, restSql }] of parts.entries()) {
      // Of two parts, each is the rest of the other.
      const found = parts.length === 2 ? (alone[1 - index] ?? null) : isClear ? null : await isFound(restSql)
      items.push({ text, found: alone[index] ?? null, rest, restFound: found })
    }
    return { items }
  }

  async #isFound(rows: string, endMs: number, signal: AbortSignal): Promise<boolean | null> {
    const timeoutMs = Math.floor(endMs - this.#deps.clock.monotonicMs())
    if (timeoutMs <= 0) return null
    let count = 0
    try {
      const sql = `SELECT 1 AS one FROM ${rows} LIMIT 1`
      for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', timeoutMs, signal })) count += block.rows
    } catch (error) {
      if (error instanceof AppError && error.code === 'engine.timeout') return null
      throw error
    }
    return count > 0
  }

  /** Null where it could not be read in time. */
  async #inTime<Read>(endMs: number, read: (signal: AbortSignal) => Promise<Read>, signal: AbortSignal): Promise<Read | null> {
    const leftMs = Math.floor(endMs - this.#deps.clock.monotonicMs())
    if (leftMs <= 0) return null
    const late = AbortSignal.timeout(leftMs)
    try {
      return await read(AbortSignal.any([signal, late]))
    } catch (error) {
      if (!signal.aborted && (late.aborted || (isAppError(error) && error.code === 'engine.timeout'))) return null
      throw error
    }
  }

  async #known(source: SearchedRows, scope: Scope, signal: AbortSignal): Promise<KnownNames> {
    const [rows, resources] = await Promise.all([
      source.values(scope, signal).attributes('', knownNamesMax),
      this.#resourceNames(scope, signal),
    ])
    return { rows: rows.map(({ value }) => value), resources }
  }

  async #resourceNames(scope: Scope, signal: AbortSignal): Promise<string[]> {
    const sql = `SELECT DISTINCT toString(arrayJoin(mapKeys(attributes))) AS name FROM ${resourcesTable} WHERE ${tenantSql(scope)} LIMIT ${knownNamesMax}`
    const names: string[] = []
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) names.push(...textsIn(block, 'name'))
    return names
  }
}

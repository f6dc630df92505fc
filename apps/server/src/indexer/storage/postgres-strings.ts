/**
 * Strings in PostgreSQL. Two writers of one string get one id: the unique key decides, and who was later reads again. Rows go in sorted
 * order, so that writers wait for each other in one direction; no table is locked.
 */
import type { Pool, QueryResult } from 'pg'
import { AppError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { parseUseCaseId, type UseCaseId } from '../../naming/index.ts'
import { indexerUnavailable } from '../errors.ts'
import type { UseCaseKeyCollection } from '../key-collection.ts'
import { FetchType, UseCaseKeyResults } from '../key-results.ts'
import { statementStringsMax } from '../limits.ts'
import type { StringStorage } from '../ports.ts'
import { stringsTable } from './migrations.ts'

export interface PostgresStringsOptions {
  readonly pool: Pick<Pool, 'query'>
  readonly clock: Pick<Clock, 'sleep'>
  /** Where a use-case key has a table of its own; it must have been made as `strings` is. */
  readonly table?: string
}

/** Deadlocks should not come up, but foreign transactions may lock as they like. */
const attemptsMax = 5
const retryMs = 5

/** A row of an answer, by column. */
type Row = unknown[]

type Tuple = readonly [useCaseId: UseCaseId, organizationId: number, string: string]

/** Parallel arrays, as `unnest` takes them. */
interface Columns {
  readonly rows: readonly Tuple[]
  readonly parameters: [number[], string[], string[]]
}

export class PostgresStrings implements StringStorage {
  readonly #pool: Pick<Pool, 'query'>
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #table: string

  constructor({ pool, clock, table = stringsTable }: PostgresStringsOptions) {
    if (!/^[a-z_][a-z0-9_]*$/.test(table)) throw new RangeError(`'${table}' is no name for a table`)
    this.#pool = pool
    this.#clock = clock
    this.#table = table
  }

  async read(keys: UseCaseKeyCollection): Promise<UseCaseKeyResults> {
    const results = new UseCaseKeyResults()
    for (const columns of columnsOf(keys)) await this.#readInto(results, columns)
    return results
  }

  async insert(keys: UseCaseKeyCollection, results: UseCaseKeyResults): Promise<void> {
    for (const columns of columnsOf(keys)) await this.#insertInto(results, columns)
    for (const raced of columnsOf(results.getUnmappedKeys(keys))) await this.#readInto(results, raced)
  }

  async reverse(useCaseId: UseCaseId, organizationId: number, ids: readonly number[]): Promise<Map<number, string>> {
    const sql = `select id, string from ${this.#table} where id = any($1::bigint[]) and organization_id = $2 and use_case = $3`
    const found = new Map<number, string>()
    for (let at = 0; at < ids.length; at += statementStringsMax) {
      const { rows } = await this.#query(sql, [ids.slice(at, at + statementStringsMax), organizationId, useCaseId])
      for (const [id, string] of rows) found.set(Number(id), String(string))
    }
    return found
  }

  /** The sequence only goes up: of several programs the one that knows most wins. */
  async reserveThrough(id: number): Promise<void> {
    const sequence = `pg_get_serial_sequence('${this.#table}', 'id')`
    await this.#query(
      `select setval(${sequence}, $1::bigint) where $1::bigint > (select coalesce(max(last_value), 0) from pg_sequences
        where format('%I.%I', schemaname, sequencename) = ${sequence})`,
      [id],
    )
  }

  /**
   * The answer names a string by its place, so that none is sent back. `limit` keeps the planner to one look into the index for each: it
   * would rather read the whole table for ten thousand of them.
   */
  async #readInto(results: UseCaseKeyResults, { rows, parameters }: Columns): Promise<void> {
    const sql = `select t.id, k.place from unnest($1::integer[], $2::text[], $3::text[]) with ordinality k (o, u, s, place)
      cross join lateral (select id from ${this.#table} where organization_id = k.o and use_case = k.u and string = k.s limit 1) t`
    const found = await this.#query(sql, parameters)
    for (const [id, place] of found.rows) {
      const row = rows[Number(place) - 1]
      if (row !== undefined) put(results, row, { id: Number(id), fetchType: FetchType.dbRead })
    }
  }

  async #insertInto(results: UseCaseKeyResults, { parameters }: Columns): Promise<void> {
    const sql = `insert into ${this.#table} (organization_id, use_case, string)
      select * from unnest($1::integer[], $2::text[], $3::text[])
      on conflict do nothing returning id, organization_id, use_case, string`
    const stored = await this.#query(sql, parameters)
    for (const [id, organizationId, useCaseId, string] of stored.rows) {
      put(results, [parseUseCaseId(String(useCaseId)), Number(organizationId), String(string)], {
        id: Number(id),
        fetchType: FetchType.firstSeen,
      })
    }
  }

  async #query(text: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pool.query<Row>({ text, values: [...values], rowMode: 'array' })
      } catch (error) {
        if (!isConflict(error) || attempt === attemptsMax) throw new AppError(indexerUnavailable, { detail: String(error), cause: error })
        await this.#clock.sleep(retryMs * 2 ** attempt)
      }
    }
  }
}

function put(results: UseCaseKeyResults, [useCaseId, organizationId, string]: Tuple, found: { id: number; fetchType: FetchType }): void {
  results.results(useCaseId).addKeyResult({ organizationId, string, id: found.id }, found.fetchType)
}

/** In the order of the table's key, so that writers cannot wait for each other in a ring. */
function columnsOf(keys: UseCaseKeyCollection): Columns[] {
  const tuples = keys.asTuples().sort(byKey)
  const columns: Columns[] = []
  for (let at = 0; at < tuples.length; at += statementStringsMax) {
    const rows = tuples.slice(at, at + statementStringsMax)
    columns.push({ rows, parameters: [rows.map((row) => row[1]), rows.map((row) => row[0]), rows.map((row) => row[2])] })
  }
  return columns
}

/** Any order will do that all programs share. */
function byKey(a: Tuple, b: Tuple): number {
  if (a[1] !== b[1]) return a[1] - b[1]
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1
  return a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0
}

/** Deadlock found, or a serialization failure. */
function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40P01' || error.code === '40001')
}

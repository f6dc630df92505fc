/**
 * An engine that honours deduplication tokens and fails in every way that matters: down, slow, refusing before it did the work,
 * answering with a timeout after (or before) it did, and killed when it had noted a token and kept none or some partitions of its
 * rows (a row's partition is its id modulo 3). And the kind of data that the simulation sends: a record's payload is
 * the decimal ids of its rows, a row id below zero is one that the engine refuses.
 */
import { AppError } from '../../kernel/errors.ts'
import type { ErrorKind } from '../../kernel/errors.ts'
import type { Conservation, InsertProbe, KindHandler, LogRecord, TableInsert } from '../ports.ts'
import type { InsertRequest } from '../writer/writer.ts'
import type { SimProcess, SimWorld } from './sim-world.ts'

export interface EngineFaults {
  /** Refused before anything was done. */
  readonly unavailable: number
  /** The caller is told "timeout"; the work is done, now or later. */
  readonly timeoutAfter: number
  /** Killed when it had noted the token and kept some partitions of the rows, or none. */
  readonly forgets: number
  /** Takes up to so long, ms. */
  readonly slowMs: number
}

export const noEngineFaults: EngineFaults = { unavailable: 0, timeoutAfter: 0, forgets: 0, slowMs: 0 }

const partitions = 3

export function engineError(code: string, kind: ErrorKind = 'unavailable'): AppError {
  return new AppError({ code, kind, publicText: 'injected' })
}

export class FakeEngine {
  faults: EngineFaults = noEngineFaults
  /** Rows of inserts of which a part was kept: they may be stored again with the rest, and reading makes them one. */
  readonly mayBeTwice = new Set<string>()
  /** Row id → how often it was stored, by table. */
  readonly stored = new Map<string, Map<number, number>>()
  /** Promises broken by the caller. */
  readonly violations: string[] = []
  /** What each token was sent with, done or not. */
  readonly #bodyByToken = new Map<string, string>()
  readonly #applied = new Set<string>()
  readonly #world: SimWorld

  constructor(world: SimWorld) {
    this.#world = world
  }

  get inserts(): number {
    return this.#applied.size
  }

  async insert(owner: SimProcess, request: InsertRequest): Promise<void> {
    const { random } = this.#world
    const slowMs = random.below(this.faults.slowMs + 1)
    if (slowMs > 0) await this.#world.clock(owner).sleep(slowMs, request.signal)
    const body = Buffer.concat(request.body).toString('utf8')
    const before = this.#bodyByToken.get(request.token)
    if (before !== undefined && before !== body) this.violations.push(`token ${request.token} came with other rows: ${before} then ${body}`)
    this.#bodyByToken.set(request.token, body)
    return await this.#world.perform(owner, () => {
      if (request.signal.aborted || this.#world.failureOf(owner) !== null) throw engineError('engine.unavailable')
      if (random.chance(this.faults.unavailable))
        throw engineError(random.pick(['engine.unavailable', 'engine.memory', 'engine.too_many_parts']))
      if (idsOf(body).some((id) => id < 0)) throw engineError('engine.rejected', 'invalid')
      if (random.chance(this.faults.forgets)) {
        this.#keepSome(request.token, request.table, body)
        throw engineError('engine.unavailable')
      }
      if (random.chance(this.faults.timeoutAfter)) {
        // The statement goes on in the engine, whatever becomes of the one who sent it.
        this.#world.later(null, () => this.#apply(request.token, request.table, body))
        throw engineError('engine.timeout', 'timeout')
      }
      this.#apply(request.token, request.table, body)
    })
  }

  /** The probe's statement is a table's name and ids. */
  isThere(owner: SimProcess, { sql, rows }: InsertProbe): Promise<boolean> {
    const [table = '', ids = ''] = sql.split(' ')
    return this.#world.perform(owner, () => {
      if (this.#world.failureOf(owner) !== null || this.#world.random.chance(this.faults.unavailable))
        throw engineError('engine.unavailable')
      return idsOf(ids).filter((id) => this.count(table, id) > 0).length === rows
    })
  }

  count(table: string, id: number): number {
    return this.stored.get(table)?.get(id) ?? 0
  }

  #keepSome(token: string, table: string, body: string): void {
    if (this.#applied.has(token)) return
    this.#applied.add(token)
    const kept = this.#world.random.pick([[], [], [0], [1], [0, 2]])
    const ids = idsOf(body).filter((id) => kept.includes(Math.abs(id) % partitions))
    this.#store(table, ids)
    for (const id of ids) this.mayBeTwice.add(`${table} ${id}`)
  }

  #apply(token: string, table: string, body: string): void {
    if (this.#applied.has(token)) return
    this.#applied.add(token)
    this.#store(table, idsOf(body))
  }

  #store(table: string, ids: readonly number[]): void {
    const rows = this.stored.get(table) ?? new Map<number, number>()
    this.stored.set(table, rows)
    for (const id of ids) rows.set(id, (rows.get(id) ?? 0) + 1)
  }
}

export function idsOf(body: string): number[] {
  return body === '' ? [] : body.split(',').map(Number)
}

export function idRecord(ids: readonly number[], projectId: number): LogRecord {
  const payload = new Uint8Array(Buffer.from(ids.join(','), 'utf8'))
  return { kind: 'metrics', tenant: { organizationId: 1, projectId }, rows: ids.length, format: 1, payload }
}

function idsIn(record: LogRecord): number[] {
  return idsOf(Buffer.from(record.payload).toString('utf8'))
}

const rowsPerInsert = 7

function tableInsert(table: string, ids: readonly number[]): TableInsert {
  const firsts = new Map(ids.toReversed().map((id) => [Math.abs(id) % partitions, id]))
  const probe = { sql: `${table} ${[...firsts.values()].join()}`, rows: firsts.size }
  return { table, columns: ['id'], rows: ids.length, body: [Buffer.from(ids.join(','), 'utf8')], probe }
}

/** Rows go to `rows` in several inserts, as late data does, and the first id of each record to `firsts`. */
export function idHandler(conservation: Conservation): KindHandler & { readonly recovered: number[]; readonly buriedIds: number[] } {
  const recovered: number[] = []
  const buriedIds: number[] = []
  return {
    kind: 'metrics',
    recovered,
    buriedIds,
    buildInserts(records) {
      const ids = records.flatMap(idsIn)
      const inserts: TableInsert[] = []
      for (let at = 0; at < ids.length; at += rowsPerInsert) inserts.push(tableInsert('rows', ids.slice(at, at + rowsPerInsert)))
      const firsts = records.flatMap((record) => idsIn(record).slice(0, 1))
      inserts.push(tableInsert('firsts', firsts))
      return inserts
    },
    /** A multiple of 10 is refused. */
    processRaw(record) {
      const ids = idsIn(record)
      const kept = ids.filter((id) => id % 10 !== 0)
      const refused = ids.length - kept.length
      conservation.refused(record.tenant, record.kind, 'multiple_of_ten', refused)
      return { record: kept.length === 0 ? null : idRecord(kept, record.tenant.projectId), rows: ids.length }
    },
    recover: (record) => void recovered.push(...idsIn(record)),
    buried: (records) => void buriedIds.push(...records.flatMap(idsIn)),
  }
}

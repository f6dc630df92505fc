/**
 * Ids for the strings of series rows, before a segment becomes inserts. What this process does not know is recorded (`bulkRecord`) within a
 * deadline: while the database is away, rows carry their labels as text instead, and nothing waits for it. A row has ids for all its
 * strings or for none: one over a quota, or too long for an id, leaves the whole row its text.
 */
import { type StringIndexer, UseCaseKeyBuilder } from '../../indexer/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import { MayBeAway } from '../../kernel/may-be-away.ts'
import { isUseCaseId, metricIdOf, type UseCaseId } from '../../naming/index.ts'
import type { RecordSeriesRows } from '../record/decode.ts'
import type { OwnedRecord } from '../record/sorted-samples.ts'
import { nameLabel } from '../series/labels.ts'
import { MirroredIds } from './mirrored-ids.ts'

export interface SeriesStringsDeps {
  readonly indexer: Pick<StringIndexer, 'lookup' | 'bulkRecord'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
}

/** A string that may not be in the engine yet. */
export interface StringRow {
  readonly organizationId: number
  readonly useCaseId: UseCaseId
  readonly id: number
  readonly string: string
}

/** What the rows of series of one record hold in place of their strings. */
export interface RecordIds {
  /** By row, the ids of names and values in turn; null: the row keeps its text. */
  readonly pairIds: readonly (Float64Array | null)[]
  /** Strings to be inserted before the rows. */
  readonly strings: readonly StringRow[]
}

const recordTimeoutMs = 2000
const pauseMs = 10_000
/** The use case of names that none claims. */
const defaultUseCase: UseCaseId = 'custom'

/** Ids by text of one record, for one use case; 0: not looked up, -1: none. */
interface TextIds {
  readonly useCaseId: UseCaseId
  readonly ids: Float64Array
}

export class SeriesStrings {
  readonly #deps: SeriesStringsDeps
  readonly #database: MayBeAway
  readonly #mirrored = new Map<number, MirroredIds>()

  constructor(deps: SeriesStringsDeps) {
    this.#deps = deps
    this.#database = new MayBeAway({
      clock: deps.clock,
      pauseMs,
      timeoutMs: recordTimeoutMs,
      onAway: (error) =>
        deps.logger.warn('the database of strings does not answer; new series are stored with their labels as text', {
          error: String(error),
        }),
      onBack: () => deps.logger.warn('the database of strings answers again; new series are stored with ids'),
    })
  }

  /** The ids for each record. Never rejects. */
  async prepare(records: readonly OwnedRecord[]): Promise<RecordIds[]> {
    const looked = records.map(({ tenant, record }) => new RecordLookup(tenant.organizationId, record.series, this.#deps.indexer))
    const missing = new UseCaseKeyBuilder()
    for (const lookup of looked) lookup.collectMissing(missing)
    const keys = missing.build()
    if (keys.size > 0) {
      const results = await this.#database.ask(() => this.#deps.indexer.bulkRecord(keys))
      if (results !== null) for (const lookup of looked) lookup.fill((...key) => results.idOf(...key))
    }
    return looked.map((lookup) => lookup.result(this.#mirrorOf(lookup.organizationId)))
  }

  /** The rows are in the engine. */
  mirrored(rows: Iterable<StringRow>): void {
    for (const { organizationId, id } of rows) this.#mirrorOf(organizationId).add(id)
  }

  #mirrorOf(organizationId: number): MirroredIds {
    let mirror = this.#mirrored.get(organizationId)
    if (mirror === undefined) this.#mirrored.set(organizationId, (mirror = new MirroredIds()))
    return mirror
  }
}

class RecordLookup {
  readonly organizationId: number
  readonly #rows: RecordSeriesRows
  /** By row. */
  readonly #textIds: TextIds[] = []
  readonly #byUseCase = new Map<UseCaseId, TextIds>()

  constructor(organizationId: number, rows: RecordSeriesRows, indexer: Pick<StringIndexer, 'lookup'>) {
    this.organizationId = organizationId
    this.#rows = rows
    const { pairs, pairEnds, texts } = rows
    let start = 0
    for (let row = 0; row < rows.length; row++) {
      const end = pairEnds[row]!
      const textIds = this.#idsFor(useCaseOf(rows, start, end))
      this.#textIds.push(textIds)
      for (let at = start * 2; at < end * 2; at++) {
        const text = pairs[at]!
        if (textIds.ids[text] === 0) textIds.ids[text] = indexer.lookup(textIds.useCaseId, organizationId, texts.text(text)) || -1
      }
      start = end
    }
  }

  collectMissing(missing: UseCaseKeyBuilder): void {
    this.#eachMissing(({ useCaseId }, text) => missing.add(useCaseId, this.organizationId, this.#rows.texts.text(text)))
  }

  fill(idOf: (useCaseId: UseCaseId, organizationId: number, string: string) => number | null): void {
    this.#eachMissing(({ useCaseId, ids }, text) => {
      ids[text] = idOf(useCaseId, this.organizationId, this.#rows.texts.text(text)) ?? -1
    })
  }

  result(mirror: MirroredIds): RecordIds {
    const { pairs, pairEnds, length } = this.#rows
    const pairIds: (Float64Array | null)[] = []
    const used = new Map<number, StringRow>()
    let start = 0
    for (let row = 0; row < length; row++) {
      const end = pairEnds[row]!
      const { ids, useCaseId } = this.#textIds[row]!
      const own = new Float64Array((end - start) * 2)
      let isWhole = end > start
      for (let at = start * 2; at < end * 2 && isWhole; at++) {
        own[at - start * 2] = ids[pairs[at]!]!
        isWhole = own[at - start * 2]! > 0
      }
      if (isWhole) this.#note(used, mirror, { start, end, ids, useCaseId })
      pairIds.push(isWhole ? own : null)
      start = end
    }
    return { pairIds, strings: [...used.values()] }
  }

  #note(used: Map<number, StringRow>, mirror: MirroredIds, row: { start: number; end: number } & TextIds): void {
    const { pairs, texts } = this.#rows
    for (let at = row.start * 2; at < row.end * 2; at++) {
      const id = row.ids[pairs[at]!]!
      if (mirror.has(id) || used.has(id)) continue
      used.set(id, { organizationId: this.organizationId, useCaseId: row.useCaseId, id, string: texts.text(pairs[at]!) })
    }
  }

  #eachMissing(visit: (textIds: TextIds, text: number) => void): void {
    for (const textIds of this.#byUseCase.values()) {
      for (let text = 0; text < textIds.ids.length; text++) if (textIds.ids[text] === -1) visit(textIds, text)
    }
  }

  #idsFor(useCaseId: UseCaseId): TextIds {
    let found = this.#byUseCase.get(useCaseId)
    if (found === undefined) {
      found = { useCaseId, ids: new Float64Array(this.#rows.texts.ends.length) }
      this.#byUseCase.set(useCaseId, found)
    }
    return found
  }
}

/** Which use case the metric of the row at pairs `[start, end)` is of. */
function useCaseOf({ pairs, texts }: RecordSeriesRows, start: number, end: number): UseCaseId {
  for (let at = start; at < end; at++) {
    if (texts.text(pairs[at * 2]!) !== nameLabel) continue
    const { namespace } = metricIdOf(texts.text(pairs[at * 2 + 1]!))
    return isUseCaseId(namespace) ? namespace : defaultUseCase
  }
  return defaultUseCase
}

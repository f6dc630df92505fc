/**
 * Ids for the strings of series rows, before a segment becomes inserts. What this process does not know is recorded (`bulkRecord`) within a
 * deadline: while the database is away, rows carry their labels as text instead, and nothing waits for it. A row has ids for all its
 * strings or for none: one over a quota, or too long for an id, leaves the whole row its text.
 */
import { type StringIndexer, UseCaseKeyBuilder } from '../../indexer/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import { MayBeAway } from '../../kernel/may-be-away.ts'
import type { UseCaseId } from '../../naming/index.ts'
import type { RecordSeriesRows } from '../record/decode.ts'
import type { OwnedRecord } from '../record/sorted-samples.ts'
import { nameLabel } from '../series/labels.ts'
import { MirroredIds } from './mirrored-ids.ts'
import { defaultUseCase, useCaseOfMetric } from './series-use-case.ts'

export interface SeriesStringsDeps {
  readonly indexer: Pick<StringIndexer, 'lookup' | 'bulkRecord'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
  /** Lets others have their turn. */
  readonly yieldTurn?: () => Promise<void>
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
  /** The ids of the record's pairs, name and value in turn as in the record. */
  readonly ids: Float64Array
  /** By row: 1 where every string has an id; the others keep their text. */
  readonly isWhole: Uint8Array
  /** Strings to be inserted before the rows. */
  readonly strings: readonly StringRow[]
}

const recordTimeoutMs = 2000
const pauseMs = 10_000
/** Strings recorded before others get their turn: the indexer takes some twenty microseconds for one. */
const stringsPerTurn = 500
/** Rows, or texts, gone through before others get their turn. */
const rowsPerTurn = 2048

type YieldTurn = () => Promise<void>

/** Ids by text of one record, for one use case; 0: not looked up, -1: none. */
interface TextIds {
  readonly useCaseId: UseCaseId
  readonly ids: Float64Array
  /** By text: 1 where a row with ids has it. */
  readonly isUsed: Uint8Array
}

export class SeriesStrings {
  readonly #deps: SeriesStringsDeps
  readonly #database: MayBeAway
  readonly #yieldTurn: YieldTurn
  readonly #mirrored = new MirroredIds()

  constructor(deps: SeriesStringsDeps) {
    this.#deps = deps
    this.#yieldTurn = deps.yieldTurn ?? (() => new Promise((resolve) => setImmediate(resolve)))
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
    const looked: RecordLookup[] = []
    for (const { tenant, record } of records) {
      const lookup = new RecordLookup(tenant.organizationId, record.series, this.#yieldTurn)
      await lookup.lookUp(this.#deps.indexer)
      looked.push(lookup)
    }
    await this.#record(looked)
    const all: RecordIds[] = []
    for (const lookup of looked) all.push(await lookup.result(this.#mirrored))
    return all
  }

  /** The rows are in the engine. */
  mirrored(rows: Iterable<StringRow>): void {
    for (const { organizationId, id } of rows) this.#mirrored.add(organizationId, id)
  }

  async #record(looked: readonly RecordLookup[]): Promise<void> {
    let asked: MissingString[] = []
    for (const lookup of looked) {
      for (const missing of lookup.missing()) {
        if (asked.push(missing) < stringsPerTurn) continue
        await this.#recordSome(asked)
        await this.#yieldTurn()
        asked = []
      }
    }
    if (asked.length > 0) await this.#recordSome(asked)
  }

  async #recordSome(asked: readonly MissingString[]): Promise<void> {
    const keys = new UseCaseKeyBuilder()
    for (const { textIds, organizationId, string } of asked) keys.add(textIds.useCaseId, organizationId, string)
    const results = await this.#database.ask(() => this.#deps.indexer.bulkRecord(keys.build()))
    if (results === null) return
    for (const { textIds, text, organizationId, string } of asked) {
      textIds.ids[text] = results.idOf(textIds.useCaseId, organizationId, string) ?? -1
    }
  }
}

interface MissingString {
  readonly textIds: TextIds
  readonly text: number
  readonly organizationId: number
  readonly string: string
}

class RecordLookup {
  readonly organizationId: number
  readonly #rows: RecordSeriesRows
  /** By row. */
  readonly #textIds: TextIds[] = []
  readonly #byUseCase = new Map<UseCaseId, TextIds>()

  readonly #yieldTurn: YieldTurn

  constructor(organizationId: number, rows: RecordSeriesRows, yieldTurn: YieldTurn) {
    this.organizationId = organizationId
    this.#rows = rows
    this.#yieldTurn = yieldTurn
  }

  /** What the process knows. */
  async lookUp(indexer: Pick<StringIndexer, 'lookup'>): Promise<void> {
    const { organizationId } = this
    const rows = this.#rows
    const { pairs, pairEnds, texts } = rows
    const byName = new NameLookup(rows, (useCaseId) => this.#idsFor(useCaseId))
    let start = 0
    for (let row = 0; row < rows.length; row++) {
      const end = pairEnds[row]!
      const textIds = byName.find(start, end)
      const { ids, useCaseId } = textIds
      this.#textIds.push(textIds)
      for (let at = start * 2; at < end * 2; at++) {
        const text = pairs[at]!
        if (ids[text] === 0) ids[text] = indexer.lookup(useCaseId, organizationId, texts.text(text)) || -1
      }
      start = end
      if (row % rowsPerTurn === rowsPerTurn - 1) await this.#yieldTurn()
    }
  }

  *missing(): Generator<MissingString> {
    const { organizationId } = this
    for (const textIds of this.#byUseCase.values()) {
      for (let text = 0; text < textIds.ids.length; text++) {
        if (textIds.ids[text] === -1) yield { textIds, text, organizationId, string: this.#rows.texts.text(text) }
      }
    }
  }

  async result(mirror: MirroredIds): Promise<RecordIds> {
    const { pairs, pairEnds, length } = this.#rows
    const pairIds = new Float64Array(pairs.length)
    const isWhole = new Uint8Array(length)
    let start = 0
    for (let row = 0; row < length; row++) {
      const end = pairEnds[row]!
      const { ids, isUsed } = this.#textIds[row]!
      let whole = end > start
      for (let at = start * 2; at < end * 2; at++) {
        pairIds[at] = ids[pairs[at]!]!
        whole &&= pairIds[at]! > 0
      }
      if (whole) {
        isWhole[row] = 1
        for (let at = start * 2; at < end * 2; at++) isUsed[pairs[at]!] = 1
      }
      start = end
    }
    return { ids: pairIds, isWhole, strings: await this.#unmirrored(mirror) }
  }

  async #unmirrored(mirror: MirroredIds): Promise<StringRow[]> {
    const { texts } = this.#rows
    const rows: StringRow[] = []
    for (const { useCaseId, ids, isUsed } of this.#byUseCase.values()) {
      for (let text = 0; text < ids.length; text++) {
        if (text % rowsPerTurn === rowsPerTurn - 1) await this.#yieldTurn()
        if (isUsed[text] === 0 || mirror.has(this.organizationId, ids[text]!)) continue
        rows.push({ organizationId: this.organizationId, useCaseId, id: ids[text]!, string: texts.text(text) })
      }
    }
    return rows
  }

  #idsFor(useCaseId: UseCaseId): TextIds {
    let found = this.#byUseCase.get(useCaseId)
    if (found === undefined) {
      const { length } = this.#rows.texts.ends
      found = { useCaseId, ids: new Float64Array(length), isUsed: new Uint8Array(length) }
      this.#byUseCase.set(useCaseId, found)
    }
    return found
  }
}

/** Which ids a row takes: those of its metric's use case, which is found once for each name in the record. */
class NameLookup {
  readonly #rows: RecordSeriesRows
  readonly #idsFor: (useCaseId: UseCaseId) => TextIds
  readonly #byName: (TextIds | undefined)[] = []
  /** Text of the record that is `__name__`; -1 until one is met. */
  #nameText = -1

  constructor(rows: RecordSeriesRows, idsFor: (useCaseId: UseCaseId) => TextIds) {
    this.#rows = rows
    this.#idsFor = idsFor
  }

  /** Of the row at pairs `[start, end)`. */
  find(start: number, end: number): TextIds {
    const { pairs, texts } = this.#rows
    for (let at = start; at < end; at++) {
      const text = pairs[at * 2]!
      if (this.#nameText === -1 && texts.text(text) === nameLabel) this.#nameText = text
      if (text !== this.#nameText) continue
      const name = pairs[at * 2 + 1]!
      return (this.#byName[name] ??= this.#idsFor(useCaseOfMetric(texts.text(name))))
    }
    return this.#idsFor(defaultUseCase)
  }
}

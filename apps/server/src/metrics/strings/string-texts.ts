/**
 * What ids in rows of series mean, as the engine's mirror says: asked for a block of rows at a time, kept for the next ones. Shared strings
 * need no asking. Memory: a string and an entry of a map each; when there are more than `textsMax` the next block begins with none.
 */
import type { ClickHouse, NativeColumn } from '../../engines/index.ts'
import { sharedStringOf } from '../../indexer/index.ts'
import { unsigned64At } from '../samples/sample-value.ts'
import { seriesTable, stringsTable } from '../tables.ts'

type Engine = Pick<ClickHouse, 'queryNative'>

/** Ids of one statement: its text must stay below 256 KiB. */
const idsAtOnce = 8000
const defaultTextsMax = 200_000

/** An `Array(UInt64)` of each row. */
export interface IdLists {
  readonly offsets: Float64Array
  readonly ids: Uint32Array
}

/** Errors: a column of another type, which is a bug. */
export function idLists(column: NativeColumn | undefined): IdLists {
  if (column?.kind !== 'array' || column.inner.kind !== 'w64') throw new Error('unexpected columns of series')
  return { offsets: column.offsets, ids: column.inner.data }
}

/** What an id means; null when nobody knows. */
export type TextOf = (id: number) => string | null

export class StringTexts {
  readonly #engine: Engine
  readonly #textsMax: number
  #texts = new Map<number, string>()

  constructor(engine: Engine, textsMax = defaultTextsMax) {
    this.#engine = engine
    this.#textsMax = textsMax
  }

  /**
   * Reads what the ids mean that are not known yet; the answer gives the text of each, null for one that nobody knows. Errors: the engine's.
   */
  async bring(lists: readonly IdLists[], signal: AbortSignal): Promise<TextOf> {
    // Readings at the same time keep the map they began with.
    if (this.#texts.size > this.#textsMax) this.#texts = new Map()
    const texts = this.#texts
    const missing = new Set<number>()
    for (const { ids } of lists) {
      for (let at = 0; at < ids.length / 2; at++) {
        const id = unsigned64At(ids, at)
        if (!texts.has(id) && sharedStringOf(id) === null) missing.add(id)
      }
    }
    const list = [...missing]
    for (let at = 0; at < list.length; at += idsAtOnce)
      await this.#read(texts, `id IN (${list.slice(at, at + idsAtOnce).join(',')})`, signal)
    return (id) => texts.get(id) ?? sharedStringOf(id)
  }

  /** Reads what all rows of series mean that satisfy the condition, in one go. Errors: the engine's. */
  async bringAll(condition: string, signal: AbortSignal): Promise<void> {
    await this.#read(this.#texts, `id IN (SELECT arrayJoin(arrayConcat(tag_keys, tag_values)) FROM ${seriesTable} ${condition})`, signal)
  }

  async #read(texts: Map<number, string>, condition: string, signal: AbortSignal): Promise<void> {
    const sql = `SELECT id, string FROM ${stringsTable} WHERE ${condition}`
    for await (const { rows, columns } of this.#engine.queryNative({ sql, class: 'internal', signal })) {
      const [id, text] = columns
      if (id?.kind !== 'w64' || text?.kind !== 'string') throw new Error('unexpected columns of strings')
      for (let row = 0; row < rows; row++) texts.set(unsigned64At(id.data, row), text.data[row] ?? '')
    }
  }
}

/** The highest id that the mirror has; 0 when it is empty. Errors: the engine's. */
export async function highestMirroredId(engine: Engine, signal: AbortSignal): Promise<number> {
  let highest = 0
  for await (const { rows, columns } of engine.queryNative({ sql: `SELECT max(id) FROM ${stringsTable}`, class: 'internal', signal })) {
    const [id] = columns
    if (id?.kind !== 'w64') throw new Error('unexpected columns of strings')
    if (rows > 0) highest = unsigned64At(id.data, 0)
  }
  return highest
}

/** Rows of the table of series as they stream in. */
import type { NativeBlock } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels } from '../model.ts'
import { unsigned64At } from '../samples/sample-value.ts'
import { type IdLists, idLists, type StringTexts, type TextOf } from '../strings/string-texts.ts'
import type { SeenMinutes } from './series-columns.ts'
import type { SeriesIdHalves } from './series-id.ts'

/** The columns that `eachSeriesRow` reads. */
export const seriesRowSql = 'org, project, series, labels, first_seen, last_seen, tag_keys, tag_values'

export interface SeriesRow extends SeenMinutes {
  readonly tenant: Tenant
  readonly id: SeriesIdHalves
  readonly labels: Labels
}

/**
 * Calls `visit` with each row of a block of `seriesRowSql`, after the texts of its ids were read. Gives the number of rows left out: those
 * with an id that nobody knows. Errors: the engine's.
 */
export async function eachSeriesRow(
  block: NativeBlock,
  { texts, signal }: { readonly texts: StringTexts; readonly signal: AbortSignal },
  visit: (row: SeriesRow) => void,
): Promise<number> {
  const [org, project, series, labels, first, last, tagKeys, tagValues] = block.columns
  if (org?.kind !== 'u32' || project?.kind !== 'u32' || series?.kind !== 'w64' || labels?.kind !== 'map')
    throw new Error('unexpected columns of series')
  if (first?.kind !== 'u32' || last?.kind !== 'u32' || labels.keys.kind !== 'string' || labels.values.kind !== 'string') {
    throw new Error('unexpected columns of series')
  }
  const names = idLists(tagKeys)
  const values = idLists(tagValues)
  const tags = new TagReader(names, values, await texts.bring([names, values], signal))
  const text = { keys: labels.keys.data, values: labels.values.data }
  let unknown = 0
  let start = 0
  for (let row = 0; row < block.rows; row++) {
    const end = labels.offsets[row]!
    const pairs = end > start ? textPairs(text, start, end) : tags.pairs(row)
    start = end
    if (pairs === null) {
      unknown++
      continue
    }
    visit({
      tenant: { organizationId: org.data[row]!, projectId: project.data[row]! },
      id: { low: series.data[row * 2]!, high: series.data[row * 2 + 1]! },
      labels: pairs,
      firstMinute: Math.floor(first.data[row]! / 60),
      lastMinute: Math.floor(last.data[row]! / 60),
    })
  }
  return unknown
}

function textPairs({ keys, values }: { keys: readonly string[]; values: readonly string[] }, start: number, end: number): Labels {
  const pairs: Labels[number][] = []
  for (let at = start; at < end; at++) pairs.push([keys[at]!, values[at]!])
  return pairs
}

/** Labels of rows that have ids in place of text. */
class TagReader {
  readonly #names: IdLists
  readonly #values: IdLists
  readonly #textOf: TextOf

  constructor(names: IdLists, values: IdLists, textOf: TextOf) {
    this.#names = names
    this.#values = values
    this.#textOf = textOf
  }

  /** Null when an id means nothing. */
  pairs(row: number): Labels | null {
    const start = row === 0 ? 0 : this.#names.offsets[row - 1]!
    const end = this.#names.offsets[row]!
    const pairs: Labels[number][] = []
    for (let at = start; at < end; at++) {
      const name = this.#textOf(unsigned64At(this.#names.ids, at))
      const value = this.#textOf(unsigned64At(this.#values.ids, at))
      if (name === null || value === null) return null
      pairs.push([name, value])
    }
    return pairs
  }
}

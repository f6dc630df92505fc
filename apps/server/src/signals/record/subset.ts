/** Some rows of a record as a record: for rows of so many days that one insert cannot hold them. Rare, so it need not be fast. */
import type { ColumnView, PairsView, SignalRecord, TextView, WordView } from './decode.ts'
import { eachText, pairStarts } from './views.ts'

/** `rows` in ascending order. */
export function subsetRecord(record: SignalRecord, rows: Uint32Array): SignalRecord {
  const columns = record.columns.map((column) => subsetColumn(column, rows))
  const pick = <T extends ColumnView>(found: T): T => {
    const at = record.columns.indexOf(found)
    return columns[at] as T
  }
  return {
    rows: rows.length,
    columns,
    resources: record.resources,
    fixed: (name) => pick(record.fixed(name)),
    text: (name) => pick(record.text(name)),
    word: (name) => pick(record.word(name)),
    pairs: (name) => pick(record.pairs(name)),
  }
}

function subsetColumn(column: ColumnView, rows: Uint32Array): ColumnView {
  switch (column.kind) {
    case 'fixed': {
      const { width, bytes } = column
      const out = new Uint8Array(rows.length * width)
      rows.forEach((row, i) => out.set(bytes.subarray(row * width, (row + 1) * width), i * width))
      return { kind: 'fixed', width, bytes: out }
    }
    case 'text':
      return subsetTexts(column, rows)
    case 'word':
      return subsetWords(column, rows)
    case 'pairs':
      return subsetPairs(column, rows)
  }
}

function subsetWords({ words, dictionary, numbers }: WordView, rows: Uint32Array): WordView {
  return { kind: 'word', words, dictionary, numbers: Uint32Array.from(rows, (row) => numbers[row]!) }
}

function subsetTexts({ bytes }: TextView, rows: Uint32Array): TextView {
  const wanted = new Set(rows)
  const last = rows.length === 0 ? 0 : rows[rows.length - 1]! + 1
  const parts: Uint8Array[] = []
  let from = 0
  eachText(bytes, last, (_start, end, row) => {
    if (wanted.has(row)) parts.push(bytes.subarray(from, end))
    from = end
  })
  return { kind: 'text', bytes: Buffer.concat(parts) }
}

function subsetPairs(column: PairsView, rows: Uint32Array): PairsView {
  const starts = pairStarts(column)
  const pairs: number[] = []
  const counts = Uint32Array.from(rows, (row) => column.counts[row]!)
  for (const row of rows) for (let pair = starts[row]!; pair < starts[row + 1]!; pair++) pairs.push(pair)
  const chosen = Uint32Array.from(pairs)
  return {
    kind: 'pairs',
    counts,
    pairs: pairs.length,
    keys: subsetWords(column.keys, chosen),
    values: subsetTexts(column.values, chosen),
  }
}

/** Inserts into `samples`: almost every row that is ever written goes through here. Fast path: few weeks, sorted, in one insert. */
import type { TableInsert } from '../../ingest/index.ts'
import { putValue } from '../samples/sample-value.ts'
import type { ColumnPool } from './column-pool.ts'
import { f64, splitRows, tableInsert, w64 } from './key-columns.ts'
import { type OwnedRecord, SampleColumns, sortedSamples } from './sorted-samples.ts'

function insertOf({ key, i, f }: SampleColumns, rows: number): TableInsert {
  return tableInsert('samples', rows, [...key.columns(), w64('i', 'Int64', i), f64('f', f)])
}

function hoursKernel(timesMs: Float64Array, hours: Uint32Array, at: number): void {
  for (let i = 0; i < timesMs.length; i++) hours[at + i] = timesMs[i]! / 3_600_000
}

/** Several inserts, by partition and size, in the order of the records. */
function splitInserts(records: readonly OwnedRecord[], total: number): TableInsert[] {
  const hours = new Uint32Array(total)
  const owners = new Uint32Array(total)
  const positions = new Uint32Array(total)
  let at = 0
  records.forEach(({ record }, owner) => {
    hoursKernel(record.timesMs, hours, at)
    for (let i = 0; i < record.sampleCount; i++, at++) {
      owners[at] = owner
      positions[at] = i
    }
  })
  return splitRows(hours).map((picked) => {
    const columns = new SampleColumns(picked.length)
    for (let row = 0; row < picked.length; row++) {
      const { tenant, record } = records[owners[picked[row]!]!]!
      const i = positions[picked[row]!]!
      columns.key.put(row, tenant, record.metric[i]!, record.idLow[i]!, record.idHigh[i]!, record.timesMs[i]!)
      putValue(columns.i, columns.f, row, record.values[i]!)
    }
    return insertOf(columns, picked.length)
  })
}

/** `pool`: where the columns come from, and go back to when the insert is released. */
export function sampleInserts(records: readonly OwnedRecord[], pool: ColumnPool): TableInsert[] {
  let total = 0
  for (const { record } of records) total += record.sampleCount
  if (total === 0) return []
  const sorted = sortedSamples(records, total, (rows) => pool.take(rows))
  return sorted === null ? splitInserts(records, total) : [{ ...insertOf(sorted, total), release: () => pool.give(sorted) }]
}

/**
 * Rows of a segment → which values their fields have, in steps of ten minutes, for facets and completion. A choice list needs the frequent
 * ones: of many rows every second, third ... is looked at, and of many values the most frequent are noted.
 */
import type { TableInsert } from '../ingest/index.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  additiveInserts,
  bucketSec,
  f32At,
  pairStarts,
  secondsOf,
  textBounds,
  u16At,
  u32At,
  u8At,
  wordTexts,
  type AdditiveRow,
  type OwnedSignal,
} from '../signals/index.ts'
import { severityNames } from './fields.ts'
import { countedValuesMax, notedFieldsMax, notedRowsMax, notedValueBytesMax, notedValuesMax } from './limits.ts'
import { facetsAdditive } from './tables.ts'

/** The columns that are facets, beside `severity`. */
const words = ['service', 'host', 'environment', 'release', 'scope', 'source'] as const

/** What one field has within a tenant and a bucket. */
interface Noted {
  /** With their weights, and as many as were looked at. */
  rows: number
  seen: number
  readonly values: Map<string, number>
  /** More distinct values came than are counted. */
  isFull: boolean
}

interface Group {
  readonly tenant: Tenant
  readonly bucket: number
  readonly keep: number
  readonly fields: Map<string, Noted>
}

/** A function of the records alone, as every derived row. */
export function facetRows(owned: readonly OwnedSignal[], marker: string): TableInsert[] {
  let total = 0
  for (const { record } of owned) total += record.rows
  const every = Math.max(1, Math.ceil(total / notedRowsMax))
  const groups = new Map<string, Group>()
  let skipped = 0
  for (const one of owned) {
    // The count goes on from record to record, so that small ones are not left out.
    const first = (every - (skipped % every)) % every
    noteRecord(one, { first, every, groups })
    skipped += one.record.rows
  }
  return additiveInserts(facetsAdditive, [...groups.values()].flatMap(rowsOf), marker)
}

interface Noting {
  readonly first: number
  readonly every: number
  readonly groups: Map<string, Group>
}

function noteRecord({ tenant, record }: OwnedSignal, { first, every, groups }: Noting): void {
  if (record.rows <= first) return
  const ts = record.fixed('ts')
  const keeps = record.fixed('keep')
  const weights = record.fixed('weight')
  const severities = record.fixed('severity')
  const columns = words.map((name) => {
    const view = record.word(name)
    return { name, numbers: view.numbers, texts: wordTexts(view) }
  })
  const attributes = attributesOf(record)
  for (let row = first; row < record.rows; row += every) {
    const bucket = Math.floor(secondsOf(u32At(ts, row), u32At(ts, row, 4)) / bucketSec)
    const { fields } = groupOf(groups, { tenant, bucket, keep: u16At(keeps, row) })
    const weight = f32At(weights, row) * every
    note(fields, 'severity', severityNames[(u8At(severities, row) + 3) >> 2] ?? 'unknown', weight)
    for (const { name, numbers, texts } of columns) note(fields, name, texts[numbers[row]!] ?? '', weight)
    attributes(row, (name, value) => note(fields, `@${name}`, value, weight))
  }
}

function groupOf(groups: Map<string, Group>, of: Omit<Group, 'fields'>): Group {
  const key = `${of.tenant.organizationId}/${of.tenant.projectId}/${of.bucket}/${of.keep}`
  let group = groups.get(key)
  if (group === undefined) groups.set(key, (group = { ...of, fields: new Map<string, Noted>() }))
  return group
}

const decoder = new TextDecoder()

/** Calls with each name and value of a row's attributes; a value that is too long to be noted is ''. */
function attributesOf(record: OwnedSignal['record']): (row: number, see: (name: string, value: string) => void) => void {
  const pairs = record.pairs('attributes')
  const names = wordTexts(pairs.keys)
  const starts = pairStarts(pairs)
  const { bytes } = pairs.values
  const bounds = textBounds(bytes, pairs.pairs)
  return (row, see) => {
    for (let pair = starts[row]!; pair < starts[row + 1]!; pair++) {
      const [start, end] = [bounds.starts[pair]!, bounds.ends[pair]!]
      see(names[pairs.keys.numbers[pair]!] ?? '', end - start > notedValueBytesMax ? '' : decoder.decode(bytes.subarray(start, end)))
    }
  }
}

function note(fields: Map<string, Noted>, name: string, value: string, weight: number): void {
  let field = fields.get(name)
  if (field === undefined) {
    // Far more than are kept, so that those with most rows can be chosen.
    if (fields.size >= notedFieldsMax * 4) return
    fields.set(name, (field = { rows: 0, seen: 0, values: new Map<string, number>(), isFull: false }))
  }
  if (value === '' && !name.startsWith('@')) return
  field.rows += weight
  field.seen++
  const count = field.values.get(value)
  if (count !== undefined) field.values.set(value, count + weight)
  else if (value !== '') {
    if (field.values.size < countedValuesMax) field.values.set(value, weight)
    else field.isFull = true
  }
}

function rowsOf({ tenant, bucket, keep, fields }: Group): AdditiveRow[] {
  const chosen = [...fields].sort(([a, { rows: x }], [b, { rows: y }]) => y - x || (a < b ? -1 : 1)).slice(0, notedFieldsMax)
  return chosen.flatMap(([field, noted]): AdditiveRow[] => {
    if (noted.rows === 0) return []
    const row = (value: string, weight: number): AdditiveRow => ({ ...tenant, values: [bucket, field, value, keep, weight] })
    return [row('', noted.rows), ...frequentOf(noted).map(([value, weight]) => row(value, weight))]
  })
}

/** Where nearly every row has a value of its own (ids, durations), single ones say nothing. */
function frequentOf({ values, isFull, rows, seen }: Noted): [string, number][] {
  const distinct = values.size
  if (distinct > notedValuesMax && (isFull || distinct * 4 > seen)) {
    const least = (rows / distinct) * 8
    return mostOf([...values].filter(([, weight]) => weight >= least))
  }
  return mostOf([...values])
}

function mostOf(values: [string, number][]): [string, number][] {
  return values.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, notedValuesMax)
}

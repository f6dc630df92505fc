/**
 * Rows of a segment → which values their fields have, in steps of ten minutes, for facets and completion. A choice list needs the frequent
 * ones: of many rows every second, third ... is looked at, and of many values the most frequent are noted.
 */
import type { TableInsert } from '../ingest/index.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  additiveInserts,
  bucketSec,
  secondsOf,
  u16At,
  u32At,
  u8At,
  wordTexts,
  type AdditiveRow,
  type OwnedSignal,
  type SignalRecord,
} from '../signals/index.ts'
import { weightsOf } from './count-rows.ts'
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
  let passed = 0
  for (const one of owned) {
    // The count goes on from record to record, so that small ones are not left out.
    const first = (every - (passed % every)) % every
    noteRecord(one, { first, every, groups })
    passed += one.record.rows
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
  const weights = weightsOf(record)
  const severities = record.fixed('severity')
  const columns = words.map((name) => {
    const view = record.word(name)
    return { name, numbers: view.numbers, texts: wordTexts(view) }
  })
  const attributes = new AttributeReader(record)
  let group: Group | null = null
  for (let row = first; row < record.rows; row += every) {
    const bucket = Math.floor(secondsOf(u32At(ts, row), u32At(ts, row, 4)) / bucketSec)
    const keep = u16At(keeps, row)
    if (group === null || group.bucket !== bucket || group.keep !== keep) group = groupOf(groups, { tenant, bucket, keep })
    const { fields } = group
    const weight = weights[row]! * every
    note(fields, 'severity', severityNames[(u8At(severities, row) + 3) >> 2] ?? 'unknown', weight)
    for (const { name, numbers, texts } of columns) note(fields, name, texts[numbers[row]!] ?? '', weight)
    for (attributes.seek(row); attributes.isIn(row); attributes.skip()) note(fields, attributes.name, attributes.value, weight)
  }
}

function groupOf(groups: Map<string, Group>, of: Omit<Group, 'fields'>): Group {
  const key = `${of.tenant.organizationId}/${of.tenant.projectId}/${of.bucket}/${of.keep}`
  let group = groups.get(key)
  if (group === undefined) groups.set(key, (group = { ...of, fields: new Map<string, Noted>() }))
  return group
}

const decoder = new TextDecoder()

/** Walks the attributes of ascending rows; what lies between is passed over by its lengths. */
class AttributeReader {
  readonly #counts: ArrayLike<number>
  readonly #numbers: ArrayLike<number>
  readonly #names: readonly string[]
  readonly #bytes: Uint8Array
  #row = 0
  #pair = 0
  /** Behind the last pair of `#row`. */
  #end: number
  #at = 0

  constructor(record: SignalRecord) {
    const { counts, keys, values } = record.pairs('attributes')
    this.#counts = counts
    this.#numbers = keys.numbers
    this.#names = wordTexts(keys).map((name) => `@${name}`)
    this.#bytes = values.bytes
    this.#end = counts[0] ?? 0
  }

  seek(row: number): void {
    for (;;) {
      while (this.#pair < this.#end) {
        if (this.#row === row) return
        this.skip()
      }
      if (this.#row >= row) return
      this.#row++
      this.#end += this.#counts[this.#row]!
    }
  }

  /** Is there one more of the row? */
  isIn(row: number): boolean {
    return this.#row === row && this.#pair < this.#end
  }

  get name(): string {
    return this.#names[this.#numbers[this.#pair]!] ?? ''
  }

  /** '' when it is too long to be noted. */
  get value(): string {
    const length = this.#length()
    const start = this.#at + lengthBytes(length)
    return length > notedValueBytesMax ? '' : decoder.decode(this.#bytes.subarray(start, start + length))
  }

  skip(): void {
    const length = this.#length()
    this.#at += lengthBytes(length) + length
    this.#pair++
  }

  #length(): number {
    const first = this.#bytes[this.#at]!
    if (first < 0x80) return first
    let length = first & 0x7f
    for (let i = 1, shift = 7; ; i++, shift += 7) {
      const byte = this.#bytes[this.#at + i]!
      length += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return length
    }
  }
}

/** Of a length as a varint. */
function lengthBytes(length: number): number {
  let size = 1
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 128)) size++
  return size
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
  if (value === '') return
  const count = field.values.get(value)
  if (count !== undefined) field.values.set(value, count + weight)
  else if (field.values.size < countedValuesMax) field.values.set(value, weight)
  else field.isFull = true
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
  if (distinct <= notedValuesMax || (!isFull && distinct * 4 <= seen)) return mostOf([...values])
  const least = (rows / distinct) * 8
  return mostOf([...values].filter(([, weight]) => weight >= least))
}

function mostOf(values: [string, number][]): [string, number][] {
  return values.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, notedValuesMax)
}

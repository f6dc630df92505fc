/**
 * Rows of a segment → which values their fields have, in steps of ten minutes, for facets and completion. Severity and the words are
 * counted in all rows, by their numbers; attributes in a sample of many, and of many values the most frequent are noted.
 */
import type { TableInsert } from '../ingest/index.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  additiveInserts,
  bucketSec,
  rowSeconds,
  u16At,
  u32At,
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
  const samples = owned.map(({ record }) => sampleOf(record, total))
  const looked = samples.reduce((sum, rows, i) => sum + (rows?.length ?? owned[i]!.record.rows), 0)
  const groups = new Map<string, Group>()
  owned.forEach((one, i) => noteRecord(one, { sample: samples[i] ?? null, standsFor: total / Math.max(1, looked), groups }))
  return additiveInserts(facetsAdditive, [...groups.values()].flatMap(rowsOf), marker)
}

/**
 * Rows whose attributes are looked at; null for all. Chosen by what their ids hash to, because every second, third ... of rows that come in
 * turns would all be alike.
 */
function sampleOf(record: SignalRecord, total: number): readonly number[] | null {
  if (total <= notedRowsMax) return null
  const below = (notedRowsMax / total) * 0x1_0000_0000
  const [batches, numbers] = [record.fixed('batch'), record.fixed('row')]
  const chosen: number[] = []
  for (let row = 0; row < record.rows; row++) if (hashOf(u32At(batches, row), u32At(numbers, row)) < below) chosen.push(row)
  return chosen
}

/** Two numbers as one of 32 bits that looks like any other (the last mixing of MurmurHash3, twice). */
function hashOf(batch: number, row: number): number {
  return mixed(mixed(batch) ^ row)
}

function mixed(value: number): number {
  const a = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b ^ (b >>> 16)) >>> 0
}

interface Noting {
  readonly sample: readonly number[] | null
  /** Rows that each of the sample stands for. */
  readonly standsFor: number
  readonly groups: Map<string, Group>
}

function noteRecord({ tenant, record }: OwnedSignal, { sample, standsFor, groups }: Noting): void {
  if (record.rows === 0) return
  const weights = weightsOf(record)
  const runs = runsOf({ tenant, record }, groups)
  // Before the attributes, so that there is a place for them among the fields.
  noteWords(record, weights, runs)
  const attributes = new AttributeReader(record)
  const rows = sample?.length ?? record.rows
  let run = 0
  for (let i = 0; i < rows; i++) {
    const row = sample === null ? i : sample[i]!
    while (runs[run]!.to <= row) run++
    const { fields } = runs[run]!.group
    const weight = weights[row]! * standsFor
    for (attributes.seek(row); attributes.isIn(row); attributes.skip())
      note(fields, attributes.name, { value: attributes.value, weight, seen: 1 })
  }
}

/** Rows from `from` to before `to` that are of one group. */
interface Run {
  readonly group: Group
  readonly from: number
  readonly to: number
}

/** All rows of a record; those of a group mostly follow each other. */
function runsOf({ tenant, record }: OwnedSignal, groups: Map<string, Group>): Run[] {
  const [seconds, keeps] = [rowSeconds(record), record.fixed('keep')]
  const known = new Map<number, Group>()
  const runs: Run[] = []
  const end = (key: number, from: number, to: number): void => {
    let group = known.get(key)
    if (group === undefined) known.set(key, (group = groupOf(groups, { tenant, bucket: Math.floor(key / 65_536), keep: key % 65_536 })))
    runs.push({ group, from, to })
  }
  let [last, from] = [-1, 0]
  for (let row = 0; row < record.rows; row++) {
    const key = Math.floor(seconds[row]! / bucketSec) * 65_536 + u16At(keeps, row)
    if (key === last) continue
    if (row > from) end(last, from, row)
    ;[last, from] = [key, row]
  }
  end(last, from, record.rows)
  return runs
}

/** Weight and rows of each word of a column, until they are noted. */
class Tally {
  readonly #name: string
  readonly #texts: readonly string[]
  readonly #weights: Float64Array
  readonly #seen: Uint32Array
  /** Numbers that were seen. */
  #touched: number[] = []

  constructor(name: string, texts: readonly string[]) {
    this.#name = name
    this.#texts = texts
    this.#weights = new Float64Array(texts.length)
    this.#seen = new Uint32Array(texts.length)
  }

  /** The rows from `from` to before `to`. */
  add(numbers: ArrayLike<number>, weights: Float32Array, { from, to }: Run): void {
    const [sums, seen, touched] = [this.#weights, this.#seen, this.#touched]
    for (let row = from; row < to; row++) {
      const number = numbers[row]!
      if (seen[number]!++ === 0) touched.push(number)
      sums[number]! += weights[row]!
    }
  }

  noteIn(fields: Map<string, Noted>): void {
    for (const number of this.#touched) {
      note(fields, this.#name, { value: this.#texts[number] ?? '', weight: this.#weights[number]!, seen: this.#seen[number]! })
      this.#weights[number] = 0
      this.#seen[number] = 0
    }
    this.#touched = []
  }
}

/** Counted by number, a column after the other, and noted when another group begins. */
function noteWords(record: SignalRecord, weights: Float32Array, runs: readonly Run[]): void {
  const severities = record.fixed('severity').bytes.map((severity) => (severity + 3) >> 2)
  const columns: { numbers: ArrayLike<number>; tally: Tally }[] = [{ numbers: severities, tally: new Tally('severity', severityNames) }]
  for (const name of words) {
    const view = record.word(name)
    columns.push({ numbers: view.numbers, tally: new Tally(name, wordTexts(view)) })
  }
  for (const run of runs)
    for (const { numbers, tally } of columns) {
      tally.add(numbers, weights, run)
      tally.noteIn(run.group.fields)
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

interface Seen {
  readonly value: string
  readonly weight: number
  /** Rows that were looked at. */
  readonly seen: number
}

function note(fields: Map<string, Noted>, name: string, { value, weight, seen }: Seen): void {
  let field = fields.get(name)
  if (field === undefined) {
    // Far more than are kept, so that those with most rows can be chosen.
    if (fields.size >= notedFieldsMax * 4) return
    fields.set(name, (field = { rows: 0, seen: 0, values: new Map<string, number>(), isFull: false }))
  }
  if (value === '' && !name.startsWith('@')) return
  field.rows += weight
  field.seen += seen
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

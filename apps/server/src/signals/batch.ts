/**
 * Rows of one request in columns. A decoder begins a row by pushing what it has into the columns and ends it; columns it did not touch
 * get their empty value. What is refused is counted by reason, with a few examples in words.
 */
import type { Tenant } from '../kernel/scope.ts'
import { FixedColumn } from './columns/fixed-column.ts'
import { PairsColumn } from './columns/pairs-column.ts'
import { TextColumn } from './columns/text-column.ts'
import { WordColumn } from './columns/word-column.ts'
import {
  attributeNameBytesMax,
  attributesMax,
  attributeValueBytesMax,
  batchBytesMax,
  examplesMax,
  futureMsMax,
  keepDaysDefault,
  partBytesMax,
  partRowsMax,
  resourcesBytesMax,
  resourcesMax,
  rowsPerBatchMax,
} from './limits.ts'
import { LeftOutParts, type LeftOutReason } from './left-out.ts'
import { noResource, resourceSize, type Resource } from './resources.ts'
import { fixedWidths, type SignalSchema } from './schema.ts'
import { splitTime, timeHalves } from './time.ts'
import { shownTime } from './time-text.ts'

export type { LeftOutReason }

type Column = FixedColumn | TextColumn | WordColumn | PairsColumn

export interface RefusedExample {
  readonly reason: string
  readonly text: string
}

/** How long rows are kept; set per tenant before rows come. */
export type KeepDays = number

/** Rows, and bytes of texts, after which a batch is measured again. */
const measureRows = 256
const measureTextBytes = 1024 * 1024

const noTenant: Tenant = { organizationId: 0, projectId: 0 }

export class SignalBatch {
  readonly schema: SignalSchema
  tenant: Tenant = noTenant
  /** Time of receipt, ms since 1970: for rows without a time, and to tell what lies in the future. */
  nowMs = 0
  /** Days that rows are kept. */
  keepDays: KeepDays = keepDaysDefault
  rows = 0
  /** Rows as the protocol counts them: those in the batch, and those refused. */
  received = 0
  readonly refused = new Map<string, number>()
  /** Rows that were accepted and are in the batch no more, by the rule that took them out. */
  readonly dropped = new Map<string, number>()
  readonly examples: RefusedExample[] = []
  readonly #leftOut = new LeftOutParts()
  readonly resources: Resource[] = []
  readonly ts: FixedColumn
  readonly keep: FixedColumn
  readonly resource: FixedColumn
  readonly weight: FixedColumn
  readonly service: WordColumn
  readonly host: WordColumn
  readonly environment: WordColumn
  readonly release: WordColumn
  readonly scope: WordColumn
  readonly source: WordColumn
  readonly attributes: PairsColumn
  /** Bits, see scrubbing/. */
  readonly scrubbed: FixedColumn
  readonly #batchIds: FixedColumn
  readonly #rowNumbers: FixedColumn
  readonly #columns: Column[] = []
  /** By their kind: a loop over one kind at a time is twice as fast. */
  readonly #fixedColumns: FixedColumn[] = []
  readonly #wordColumns: WordColumn[] = []
  readonly #textColumns: TextColumn[] = []
  readonly #pairsColumns: PairsColumn[] = []
  readonly #byName = new Map<string, Column>()
  #batchId = 0
  /** Of the parts of the same body before this one: bounds hold for all of them together, and rows are numbered through. */
  #rowsBefore = 0
  #receivedBefore = 0
  #bytesBefore = 0
  #textBytes = 0
  readonly #texts: TextColumn[] = []
  readonly #seenResources = new Set<Resource>()
  #resourceBytes = 0
  /** The texts' bytes at which the batch is measured again. */
  #measureAtBytes = measureTextBytes
  #isFull = false

  constructor(schema: SignalSchema) {
    this.schema = schema
    for (const spec of schema.columns) {
      const column =
        spec.kind === 'fixed'
          ? new FixedColumn(fixedWidths[spec.type])
          : spec.kind === 'text'
            ? new TextColumn()
            : spec.kind === 'word'
              ? new WordColumn(rowsPerBatchMax)
              : new PairsColumn()
      if (column instanceof FixedColumn) this.#fixedColumns.push(column)
      else if (column instanceof WordColumn) this.#wordColumns.push(column)
      else if (column instanceof TextColumn) this.#textColumns.push(column)
      else this.#pairsColumns.push(column)
      if (column instanceof TextColumn) this.#texts.push(column)
      else if (column instanceof PairsColumn) this.#texts.push(column.values)
      this.#columns.push(column)
      this.#byName.set(spec.name, column)
    }
    this.ts = this.fixed('ts')
    this.keep = this.fixed('keep')
    this.resource = this.fixed('resource')
    this.weight = this.fixed('weight')
    this.service = this.word('service')
    this.host = this.word('host')
    this.environment = this.word('environment')
    this.release = this.word('release')
    this.scope = this.word('scope')
    this.source = this.word('source')
    this.attributes = this.pairs('attributes')
    this.scrubbed = this.fixed('scrubbed')
    this.#batchIds = this.fixed('batch')
    this.#rowNumbers = this.fixed('row')
  }

  /** Columns in the order of the schema. */
  get columns(): readonly Column[] {
    return this.#columns
  }

  get refusedTotal(): number {
    let total = 0
    for (const rows of this.refused.values()) total += rows
    return total
  }

  /** The open row is kept without a part of it. */
  leaveOut(reason: LeftOutReason, parts = 1): void {
    this.#leftOut.add(reason, parts)
  }

  /** Attributes beyond the bound that the open row is kept without, for `undoAttributes`. */
  get openBeyondBound(): number {
    return this.#leftOut.open('attributes_limit')
  }

  /** Takes attributes of the open row back: it has the first `pairs` of the column, without those beyond the bound and those without a name. */
  undoAttributes(pairs: number, beyondBound: number, nameless: number): void {
    this.attributes.truncateOpen(pairs, nameless)
    if (this.openBeyondBound !== beyondBound) this.#leftOut.setOpen('attributes_limit', beyondBound)
  }

  /** Parts that complete rows are kept without, by reason; those of names without room (or without a name) are counted by their column. */
  leftOut(): ReadonlyMap<LeftOutReason, number> {
    const { complete } = this.#leftOut
    const names = this.attributes.leftOut + (complete.get('attribute_names_limit') ?? 0)
    return names === 0 ? complete : new Map([...complete, ['attribute_names_limit', names]])
  }

  /** It takes no more rows: they are refused (`too_many_rows`). Who can should not even read them. */
  get isFull(): boolean {
    return this.#isFull || this.receivedInBody >= rowsPerBatchMax
  }

  /** Whether it takes so many rows more. */
  hasRoom(rows: number): boolean {
    return !this.#isFull && this.receivedInBody + rows <= rowsPerBatchMax
  }

  /** Rows received with the parts of the body before this one. */
  get receivedInBody(): number {
    return this.#receivedBefore + this.received
  }

  /** It is as large as work in one piece should be; a body goes on in a further part (`continue`). */
  get isPartFull(): boolean {
    const { keys } = this.attributes
    return this.received >= partRowsMax || this.#textBytes + keys.rows * 12 + this.#resourceBytes >= partBytesMax
  }

  /** About the memory that its rows take. */
  get sizeBytes(): number {
    let total = this.#resourceBytes
    for (const column of this.#columns) {
      if (column instanceof FixedColumn) total += column.data.length
      else if (column instanceof TextColumn) total += column.data.length + column.rows * 8
      else if (column instanceof PairsColumn)
        total += column.values.data.length + column.keys.words.data.length + column.keys.rows * 12 + column.rows * 4
      else total += column.words.data.length + column.rows * 4
    }
    return total
  }

  /** Empties the batch for a request of a tenant. `batchId`: with time and number it tells rows apart, and orders those of one time. */
  begin(tenant: Tenant, nowMs: number, batchId: number = Math.floor(Math.random() * 0x1_0000_0000)): void {
    this.tenant = tenant
    this.nowMs = nowMs
    this.keepDays = keepDaysDefault
    this.rows = 0
    this.received = 0
    this.refused.clear()
    this.dropped.clear()
    this.#leftOut.clear()
    this.examples.length = 0
    this.resources.length = 0
    this.#seenResources.clear()
    this.#resourceBytes = 0
    this.#measureAtBytes = measureTextBytes
    this.#isFull = false
    this.#batchId = batchId
    this.#rowsBefore = this.#receivedBefore = this.#bytesBefore = this.#textBytes = 0
    for (const column of this.#columns) column.clear()
  }

  /** Empties the batch for the rows that come behind those of `part` in the same body. */
  continue(part: SignalBatch): void {
    this.begin(part.tenant, part.nowMs, part.#batchId)
    this.keepDays = part.keepDays
    this.#rowsBefore = part.#rowsBefore + part.rows
    this.#receivedBefore = part.receivedInBody
    this.#bytesBefore = part.#bytesBefore + part.sizeBytes
    this.#isFull = this.#bytesBefore > batchBytesMax
  }

  /** Earliest and latest time of a row, seconds since 1970. */
  get timeMinSec(): number {
    return this.nowMs / 1000 - this.keepDays * 86_400
  }

  get timeMaxSec(): number {
    return this.nowMs / 1000 + futureMsMax / 1000
  }

  /**
   * Time of the row: seconds and nanoseconds since 1970. False: it is refused (`too_old`, `too_new`, `too_many_rows`), counted; the row must
   * be dropped.
   */
  time(seconds: number, nanos: number): boolean {
    if (this.isFull) {
      this.refuseTooMany(1)
      return false
    }
    if (seconds < this.timeMinSec) {
      this.refuse('too_old', `A row of ${shownTime(seconds)} is older than the ${this.keepDays} days that rows are kept.`)
      return false
    }
    if (seconds > this.timeMaxSec) {
      this.refuse('too_new', `A row of ${shownTime(seconds)} lies more than a day in the future.`)
      return false
    }
    splitTime(seconds, nanos)
    this.ts.pushU64(timeHalves.low, timeHalves.high)
    return true
  }

  /** The row comes from there: pushes the fingerprint and the words. Beyond the bounds of a batch its attributes are the row's. */
  from(resource: Resource): void {
    if (this.addResource(resource)) this.resource.pushU64(resource.low, resource.high)
    else {
      this.resource.pushZero()
      for (const [name, value] of resource.attributes) this.attribute(name, value)
    }
    this.service.pushString(resource.service)
    this.host.pushString(resource.host)
    this.environment.pushString(resource.environment)
    this.release.pushString(resource.release)
  }

  /** Its attributes will be stored with the batch. False: there is no room for them. */
  addResource(resource: Resource): boolean {
    if (resource === noResource || this.#seenResources.has(resource)) return true
    if (this.resources.length >= resourcesMax) return false
    const size = resourceSize(resource)
    if (this.#resourceBytes + size > resourcesBytesMax) return false
    this.#resourceBytes += size
    this.#seenResources.add(resource)
    this.resources.push(resource)
    return true
  }

  /** Adds an attribute to the open row; longer names and values are cut, those beyond the bound are left out. */
  attribute(name: string, value: string): void {
    if (this.attributes.openPairs >= attributesMax) return this.leaveOut('attributes_limit')
    const cutName = name.length > attributeNameBytesMax ? name.slice(0, attributeNameBytesMax) : name
    this.attributes.pair(cutName, value.length > attributeValueBytesMax ? value.slice(0, attributeValueBytesMax) : value)
  }

  /** The same of bytes; `word` is one of `attributes.keys.words`. */
  attributeBytes(word: number, source: Uint8Array, start: number, end: number): void {
    if (this.attributes.openPairs >= attributesMax) this.leaveOut('attributes_limit')
    else this.attributes.pairBytes(word, source, start, Math.min(end, start + attributeValueBytesMax))
  }

  /** The row is complete: columns it did not touch get their empty value (`weight` 1). Counts it as received. A full batch refuses it. */
  endRow(): void {
    const { rows } = this
    if (this.isFull) {
      this.dropRow()
      this.refuseTooMany(1)
      return
    }
    this.#batchIds.pushU32(this.#batchId)
    this.#rowNumbers.pushU32(this.#rowsBefore + rows)
    this.attributes.endRow()
    if (this.keep.rows === rows) this.keep.pushU16(this.keepDays)
    if (this.weight.rows === rows) this.weight.pushF32(1)
    for (const column of this.#fixedColumns) if (column.data.length === rows * column.width) column.pushZero()
    for (const column of this.#wordColumns) if (column.rows === rows) column.pushWord(0)
    for (const column of this.#textColumns) if (column.rows === rows) column.pushEmpty()
    for (const column of this.#pairsColumns) if (column.rows === rows) column.endRow()
    this.#leftOut.endRow()
    this.rows = rows + 1
    this.received++
    this.#measure(this.rows % measureRows === 0)
  }

  /**
   * So many rows are complete at once: each column has the values of all of them, or of none and gets as many empty ones (`weight` 1).
   * There must be room for them (`hasRoom`).
   */
  endRows(count: number): void {
    const rows = this.rows + count
    for (let row = this.rows; row < rows; row++) this.#rowNumbers.pushU32(this.#rowsBefore + row)
    this.#batchIds.pushU32(this.#batchId)
    if (this.keep.rows < rows) this.keep.pushU16(this.keepDays)
    if (this.weight.rows < rows) this.weight.pushF32(1)
    for (const column of [this.#batchIds, this.keep, this.weight]) column.repeatLast(rows - column.rows)
    for (const column of this.#fixedColumns) if (column.rows < rows) column.pushZeros(count)
    for (const column of this.#wordColumns) if (column.rows < rows) column.pushRepeated(0, count)
    for (const column of this.#textColumns) if (column.rows < rows) column.pushEmpties(count)
    for (const column of this.#pairsColumns) for (let row = column.rows; row < rows; row++) column.endRow()
    this.received += count
    this.rows = rows
    this.#measure(rows % measureRows < count)
  }

  /** Takes back what was pushed of the open row, and what was left out of it. */
  dropRow(): void {
    for (const column of this.#columns) column.truncate(this.rows)
    this.#leftOut.dropRow()
  }

  /** Counts rows that cannot be taken. They count as received. */
  refuse(reason: string, text: string, rows = 1): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + rows)
    this.received += rows
    if (this.examples.length < examplesMax) this.examples.push({ reason, text })
  }

  /** Counts rows that a full batch does not take. */
  refuseTooMany(rows: number): void {
    this.refuse('too_many_rows', 'The request has too many rows, or too much in them; send smaller batches.', rows)
  }

  /** To measure costs as much as a row: only now and then, and when there is much text. */
  #measure(isDue: boolean): void {
    let textBytes = 0
    for (const { data } of this.#texts) textBytes += data.length
    this.#textBytes = textBytes
    if (textBytes < this.#measureAtBytes && !isDue) return
    this.#measureAtBytes = textBytes + measureTextBytes
    this.#isFull = this.#bytesBefore + this.sizeBytes > batchBytesMax
  }

  fixed(name: string): FixedColumn {
    const column = this.#byName.get(name)
    if (!(column instanceof FixedColumn)) throw new Error(`no fixed column ${name}`)
    return column
  }

  text(name: string): TextColumn {
    const column = this.#byName.get(name)
    if (!(column instanceof TextColumn)) throw new Error(`no text column ${name}`)
    return column
  }

  word(name: string): WordColumn {
    const column = this.#byName.get(name)
    if (!(column instanceof WordColumn)) throw new Error(`no word column ${name}`)
    return column
  }

  pairs(name: string): PairsColumn {
    const column = this.#byName.get(name)
    if (!(column instanceof PairsColumn)) throw new Error(`no pairs column ${name}`)
    return column
  }
}

/** Finished buckets on their way into a rollup table: encoded as soon as a block is full, inserted several at once. */
import { randomUUID } from 'node:crypto'

import { encodeNativeBlock, type ClickHouse } from '../../engines/index.ts'
import type { BucketRow } from './bucket.ts'
import { RowColumns, type RowKey } from './row-columns.ts'
import type { RollupWidth } from './spans.ts'

/** Few large parts are merged less often than many small ones; about 30 MB wait for it. */
const blocksPerInsert = 6

/** A block, and which columns it has. */
interface EncodedRows {
  readonly names: readonly string[]
  readonly body: Uint8Array
}

export class RowWriter {
  /** Rows given so far. */
  rows = 0
  readonly #engine: Pick<ClickHouse, 'insertNative'>
  readonly #width: RollupWidth
  readonly #columns: RowColumns
  readonly #full: EncodedRows[] = []

  constructor(engine: Pick<ClickHouse, 'insertNative'>, width: RollupWidth) {
    this.#engine = engine
    this.#width = width
    this.#columns = new RowColumns(width)
  }

  push(key: RowKey, bucket: number, seq: number, row: BucketRow): void {
    this.#columns.push(key, bucket, seq, row)
    this.rows++
    if (this.#columns.isFull) this.#encode()
  }

  /** Inserts full blocks when there are enough of them. Errors: the engine's. */
  async flushFull(): Promise<void> {
    if (this.#full.length >= blocksPerInsert) await this.#insertFull()
  }

  /** Inserts everything. */
  async finish(): Promise<void> {
    this.#encode()
    await this.#insertFull()
  }

  async #insertFull(): Promise<void> {
    const byNames = new Map<string, { names: readonly string[]; body: Uint8Array[] }>()
    for (const { names, body } of this.#full.splice(0)) {
      const same = byNames.get(names.join())
      if (same === undefined) byNames.set(names.join(), { names, body: [body] })
      else same.body.push(body)
    }
    for (const { names, body } of byNames.values()) {
      // A row made twice is one row to whoever reads, so that no token is needed; a new one keeps the engine from leaving rows out.
      const token = `${this.#width.table}-${randomUUID()}`
      await this.#engine.insertNative({ table: this.#width.table, columns: names, body, token })
    }
  }

  #encode(): void {
    if (this.#columns.rows === 0) return
    const columns = this.#columns.toColumns()
    this.#full.push({ names: columns.map(({ name }) => name), body: encodeNativeBlock(this.#columns.rows, columns) })
    this.#columns.clear()
  }
}

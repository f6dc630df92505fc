/** The columnar engine as the rest of the program sees it. One driver (`driver.ts`), embedded or yours. */
import type { NativeBlock } from './native/block.ts'

export interface InsertNative {
  readonly table: string
  readonly columns: readonly string[]
  /** Native blocks, see native/. */
  readonly body: readonly Uint8Array[]
  /** `insert_deduplication_token`: a second insert with it changes nothing. */
  readonly token: string
  readonly signal?: AbortSignal
}

/** Bounds of one read; each class has its own defaults (see query-class.ts). */
export type QueryClass = 'interactive' | 'background' | 'internal'

export interface QueryNative {
  readonly sql: string
  /** ClickHouse query parameters (`{name:UInt32}` in the SQL). */
  readonly params?: Readonly<Record<string, unknown>>
  readonly class: QueryClass
  readonly timeoutMs?: number
  readonly rowsMax?: number
  readonly signal?: AbortSignal
}

/**
 * Errors by code: `engine.unavailable` (not reachable, starting), `engine.timeout`, `engine.memory`, `engine.disk_full`,
 * `engine.too_many_parts`, `engine.too_many_rows` (a read beyond its bound), `engine.canceled` (its signal aborted),
 * `engine.rejected` (the statement or data is wrong: do not retry).
 */
export interface ClickHouse {
  insertNative(insert: InsertNative): Promise<void>
  /** Streams decoded blocks; an abort kills the query in the engine. */
  queryNative(query: QueryNative): AsyncIterable<NativeBlock>
  /** DDL and other statements without a result. */
  command(sql: string): Promise<void>
  ping(): Promise<boolean>
}

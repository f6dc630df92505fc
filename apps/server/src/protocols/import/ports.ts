/** What importing offers and speaks of: files of rows that become samples, each import a job that can be watched and cancelled. */
import type { Tenant } from '../../kernel/scope.ts'

/** `csv`: a header and rows. `jsonl`: an object a line, flat or in the shape of VictoriaMetrics' export. */
export type ImportFormat = 'csv' | 'jsonl'
export type TimeFormat = 'auto' | 'rfc3339' | 's' | 'ms' | 'us' | 'ns'

/** How columns (of JSON lines: members) become samples. What is not given is found out by the header and the first row. */
export interface ImportMapping {
  readonly time?: string
  readonly timeFormat?: TimeFormat
  /** Columns that are values: a metric each. */
  readonly values?: readonly string[]
  /** Columns that are labels. */
  readonly labels?: readonly string[]
  /** The metric's name where there is one value; before the column's name where there are more. */
  readonly name?: string
  /** Column that holds the metric's name. */
  readonly nameColumn?: string
  /** Labels of every row. */
  readonly extraLabels?: readonly (readonly [name: string, value: string])[]
  /** Of CSV: one character. */
  readonly delimiter?: string
}

export interface ImportOptions {
  readonly format: ImportFormat
  readonly mapping: ImportMapping
  readonly isGzipped: boolean
  readonly fileName: string
  /** Of the file as sent; null when not known. */
  readonly sizeBytes: number | null
}

/** The mapping with nothing left open. */
export interface FoundMapping {
  readonly time: string
  readonly timeFormat: TimeFormat
  readonly values: readonly string[]
  readonly labels: readonly string[]
  readonly name: string
  readonly nameColumn: string
}

/** Where a row that was refused is, and why. */
export interface RefusedRow {
  readonly line: number
  readonly reason: string
  readonly text: string
}

/** - `running`: rows are taken, or more of the file is waited for. `interrupted`: nothing more came. */
export type ImportState = 'running' | 'done' | 'cancelled' | 'interrupted' | 'failed'

export interface ImportStatus {
  readonly id: string
  readonly state: ImportState
  readonly format: ImportFormat
  readonly fileName: string
  readonly sizeBytes: number | null
  readonly receivedBytes: number
  readonly lines: number
  /** Samples read from rows. */
  readonly samples: number
  readonly stored: number
  /** Samples that were there before. */
  readonly duplicates: number
  /** Rows and samples by reason. */
  readonly refused: Readonly<Record<string, number>>
  /** The first ones. */
  readonly refusedRows: readonly RefusedRow[]
  readonly mapping: FoundMapping | null
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** Why it failed, in words. */
  readonly failure: string | null
}

/** One sample of a preview, or why there is none. */
export interface PreviewRow {
  readonly line: number
  readonly series: string
  readonly timeMs: number
  readonly value: number
  readonly refusal: string | null
}

export interface ImportPreview {
  readonly columns: readonly string[]
  readonly mapping: FoundMapping | null
  readonly rows: readonly PreviewRow[]
  /** Why the columns, which are known, cannot be mapped; null: they can. */
  readonly problem: string | null
}

/** A part of a file as it comes. */
export type ImportBody = AsyncIterable<Uint8Array>

export interface ImportPart {
  /** Where in the file it begins. */
  readonly offset: number
  /** More parts follow. */
  readonly hasMore: boolean
}

/** Errors by code: `import.not_found`, `import.too_many`, `import.offset`, `import.mapping`. */
export interface Imports {
  /** Makes a job that waits for the first part. */
  open(tenant: Tenant, options: ImportOptions): ImportStatus
  /** Takes a part; resolves when it is read (the last one: when all is durable), slower where the log is full. */
  send(tenant: Tenant, id: string, part: ImportPart, body: ImportBody): Promise<ImportStatus>
  list(tenant: Tenant): ImportStatus[]
  get(tenant: Tenant, id: string): ImportStatus
  /** What was stored stays. */
  cancel(tenant: Tenant, id: string): ImportStatus
  /** What the first rows would become; nothing is stored. */
  preview(options: ImportOptions, bytes: Uint8Array): Promise<ImportPreview>
}

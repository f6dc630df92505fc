/** What the API needs of imports of files; protocols/import has it. */
import type { ImportState, ImportTimeFormat } from '@bellwether/protocol'
import type { Tenant } from '../kernel/scope.ts'

export interface ApiImportOptions {
  readonly format: 'csv' | 'jsonl'
  readonly isGzipped: boolean
  readonly fileName: string
  readonly sizeBytes: number | null
  readonly mapping: {
    readonly time?: string
    readonly timeFormat?: ImportTimeFormat
    readonly values?: readonly string[]
    readonly labels?: readonly string[]
    readonly name?: string
    readonly nameColumn?: string
    readonly extraLabels?: readonly (readonly [name: string, value: string])[]
    readonly delimiter?: string
  }
}

interface FoundMapping {
  readonly time: string
  readonly timeFormat: ImportTimeFormat
  readonly values: readonly string[]
  readonly labels: readonly string[]
  readonly name: string
  readonly nameColumn: string
}

export interface ApiImportStatus {
  readonly id: string
  readonly state: ImportState
  readonly format: 'csv' | 'jsonl'
  readonly fileName: string
  readonly sizeBytes: number | null
  readonly receivedBytes: number
  readonly lines: number
  readonly samples: number
  readonly stored: number
  readonly duplicates: number
  readonly refused: Readonly<Record<string, number>>
  readonly refusedRows: readonly { readonly line: number; readonly reason: string; readonly text: string }[]
  readonly mapping: FoundMapping | null
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly failure: string | null
}

export interface ApiImportPreview {
  readonly columns: readonly string[]
  readonly mapping: FoundMapping | null
  readonly rows: readonly {
    readonly line: number
    readonly series: string
    readonly timeMs: number
    readonly value: number
    readonly refusal: string | null
  }[]
  readonly problem: string | null
}

/** Errors by code: `import.*`. */
export interface ApiImports {
  open(tenant: Tenant, options: ApiImportOptions): ApiImportStatus
  send(
    tenant: Tenant,
    id: string,
    part: { readonly offset: number; readonly hasMore: boolean },
    body: AsyncIterable<Uint8Array>,
  ): Promise<ApiImportStatus>
  list(tenant: Tenant): readonly ApiImportStatus[]
  get(tenant: Tenant, id: string): ApiImportStatus
  cancel(tenant: Tenant, id: string): ApiImportStatus
  preview(options: ApiImportOptions, bytes: Uint8Array): Promise<ApiImportPreview>
}

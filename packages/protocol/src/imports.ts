/** Importing files: CSV with a header, or JSON lines. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type ImportFormat = 'csv' | 'jsonl'
export type ImportTimeFormat = 'auto' | 'rfc3339' | 's' | 'ms' | 'us' | 'ns'
export type ImportState = 'running' | 'done' | 'cancelled' | 'interrupted' | 'failed'

const formatSchema: z.ZodType<ImportFormat> = z.enum(['csv', 'jsonl'])
const timeFormatSchema: z.ZodType<ImportTimeFormat> = z.enum(['auto', 'rfc3339', 's', 'ms', 'us', 'ns'])

/** How columns become samples; what is left out is found by the header and the first row. */
export interface ImportMappingQuery {
  time?: string | undefined
  timeFormat?: ImportTimeFormat | undefined
  /** Columns, separated by commas; quoted as in CSV where a name holds a comma or begins with a quote. */
  values?: string | undefined
  labels?: string | undefined
  name?: string | undefined
  nameColumn?: string | undefined
  /** `name:value,name:value`, for every row. */
  extraLabels?: string | undefined
  /** One character, or `tab`. */
  delimiter?: string | undefined
}

export interface ImportQuery extends ImportMappingQuery {
  format: ImportFormat
  /** The file is packed with gzip. */
  gzip: boolean
  /** For the list of imports. */
  file: string
  size: number | null
  /** Of an import that was begun: the body is a further part. */
  id: string | null
  /** Where in the file the body begins. */
  offset: number
  /** Further parts follow. */
  more: boolean
}

const flag = z.enum(['true', 'false']).default('false').transform((text) => text === 'true') // prettier-ignore

export const importQuerySchema: z.ZodType<ImportQuery> = z.strictObject({
  format: formatSchema.default('csv'),
  gzip: flag,
  file: z.string().max(300).default(''),
  size: z.coerce.number().int().min(0).nullable().default(null),
  id: z.string().max(100).nullable().default(null),
  offset: z.coerce.number().int().min(0).default(0),
  more: flag,
  time: z.string().min(1).optional(),
  timeFormat: timeFormatSchema.optional(),
  values: z.string().min(1).optional(),
  labels: z.string().optional(),
  name: z.string().min(1).optional(),
  nameColumn: z.string().min(1).optional(),
  extraLabels: z.string().min(1).optional(),
  delimiter: z.string().min(1).max(3).optional(),
})

export interface ImportMappingBody {
  time: string
  timeFormat: ImportTimeFormat
  values: string[]
  labels: string[]
  name: string
  nameColumn: string
}

export interface ImportRefusedRow {
  line: number
  reason: string
  text: string
}

export interface ImportBody {
  id: string
  state: ImportState
  format: ImportFormat
  fileName: string
  sizeBytes: number | null
  receivedBytes: number
  lines: number
  /** Samples read from rows; of them stored, and those that were there before. */
  samples: number
  stored: number
  duplicates: number
  /** Rows and samples by reason. */
  refused: Record<string, number>
  /** The first ones. */
  refusedRows: ImportRefusedRow[]
  mapping: ImportMappingBody | null
  startedAt: string
  endedAt: string | null
  failure: string | null
}

const mappingSchema: z.ZodType<ImportMappingBody> = z.object({
  time: z.string(),
  timeFormat: timeFormatSchema,
  values: z.array(z.string()),
  labels: z.array(z.string()),
  name: z.string(),
  nameColumn: z.string(),
})
const count = z.number().int().min(0)

export const importBodySchema: z.ZodType<ImportBody> = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'interrupted', 'failed']),
  format: formatSchema,
  fileName: z.string(),
  sizeBytes: count.nullable(),
  receivedBytes: count,
  lines: count,
  samples: count,
  stored: count,
  duplicates: count,
  refused: z.record(z.string(), count),
  refusedRows: z.array(z.object({ line: count, reason: z.string(), text: z.string() })),
  mapping: mappingSchema.nullable(),
  startedAt: timeSchema,
  endedAt: timeSchema.nullable(),
  failure: z.string().nullable(),
})

/** What the first rows of a file would become. */
export interface ImportPreviewBody {
  columns: string[]
  /** Null for lines that say themselves what they are. */
  mapping: ImportMappingBody | null
  rows: { line: number; series: string; at: string | null; value: number; refusal: string | null }[]
  /** Why the columns cannot be mapped; null: they can. */
  problem: string | null
}

export const importPreviewBodySchema: z.ZodType<ImportPreviewBody> = z.object({
  columns: z.array(z.string()),
  mapping: mappingSchema.nullable(),
  rows: z.array(
    z.object({ line: count, series: z.string(), at: timeSchema.nullable(), value: z.number(), refusal: z.string().nullable() }),
  ),
  problem: z.string().nullable(),
})

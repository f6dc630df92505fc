/** The search language of logs and traces over HTTP: completion while typing and the check of a search. */
import { z } from 'zod'

/** What is searched. */
export type SearchSignal = 'logs' | 'spans'
export const searchSignalSchema: z.ZodType<SearchSignal> = z.enum(['logs', 'spans'])

/** A search as it is typed. At most 10,000 characters. */
export const searchTextSchema: z.ZodType<string> = z.string().max(10_000)

/** Body of `POST P/search/complete`. */
export interface SearchCompletionQuery {
  signal: SearchSignal
  text: string
  /** Character offset of the caret in `text`. */
  cursor: number
}
export const searchCompletionQuerySchema: z.ZodType<SearchCompletionQuery> = z.strictObject({
  signal: searchSignalSchema.default('logs'),
  text: searchTextSchema,
  cursor: z.number().int().min(0),
})

export type SearchSuggestionKind = 'field' | 'value' | 'operator'

export interface SearchSuggestionBody {
  kind: SearchSuggestionKind
  label: string
  /** What stands in the text when it is taken. */
  insert: string
  /** What it means, or how often it occurs. */
  detail: string
}

export interface SearchCompletionBody {
  /** What a suggestion replaces: character offsets `[from, to)`. */
  from: number
  to: number
  items: SearchSuggestionBody[]
}
export const searchCompletionSchema: z.ZodType<SearchCompletionBody> = z.object({
  from: z.number(),
  to: z.number(),
  items: z.array(z.object({ kind: z.enum(['field', 'value', 'operator']), label: z.string(), insert: z.string(), detail: z.string() })),
})

/** Body of `POST P/search/check`. */
export interface SearchCheckQuery {
  signal: SearchSignal
  text: string
}
export const searchCheckQuerySchema: z.ZodType<SearchCheckQuery> = z.strictObject({
  signal: searchSignalSchema.default('logs'),
  text: searchTextSchema,
})

/** What is wrong with a search and where: character offsets `[from, to)`, at least one character. */
export interface SearchProblemBody {
  message: string
  hint: string | null
  from: number
  to: number
}

export interface SearchCheckBody {
  /** Null when the search is right. */
  problem: SearchProblemBody | null
  /** The same search, spelled one way; null when it is wrong. */
  canonical: string | null
}
export const searchCheckSchema: z.ZodType<SearchCheckBody> = z.object({
  problem: z.object({ message: z.string(), hint: z.string().nullable(), from: z.number(), to: z.number() }).nullable(),
  canonical: z.string().nullable(),
})

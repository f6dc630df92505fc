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

const momentSchema = z.string().max(60)

/** Body of `POST P/search/check`. */
export interface SearchCheckQuery {
  signal: SearchSignal
  text: string
  /** Whether to look for names that nothing has, in rows of the range; a search that finds rows needs no such answer. */
  names: boolean
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
}
export const searchCheckQuerySchema: z.ZodType<SearchCheckQuery> = z.strictObject({
  signal: searchSignalSchema.default('logs'),
  text: searchTextSchema,
  names: z.boolean().default(true),
  from: momentSchema.default('now-1h'),
  to: momentSchema.default('now'),
})

/** What is wrong with a search and where: character offsets `[from, to)`, at least one character. */
export interface SearchProblemBody {
  message: string
  hint: string | null
  from: number
  to: number
}

/** A name that a search asks for and that no row of the range has, or a condition (`service:Java`) whose value is there in another case only. */
export interface UnknownNameBody {
  name: string
  /** Where it stands: character offsets `[from, to)`. */
  from: number
  to: number
  /** What was probably meant, the nearest first, at most three; `insert` stands in its place. */
  meant: { name: string; insert: string }[]
}

/** `and`, `or` or `not` in small letters where an operator may stand: it is looked for as a word. */
export interface SmallOperatorBody {
  word: string
  /** What joins: `AND`, `OR`, `NOT`. */
  operator: string
  /** Where it stands: character offsets `[from, to)`. */
  from: number
  to: number
}

export interface SearchCheckBody {
  /** Null when the search is right. */
  problem: SearchProblemBody | null
  /** The same search, spelled one way; null when it is wrong. */
  canonical: string | null
  /** The first three; empty for a search that is wrong, and of names that could not be looked for in time. */
  unknown: UnknownNameBody[]
  /** Words that were probably meant to join conditions; empty where no names were asked for. */
  smallOperators: SmallOperatorBody[]
}
export const searchCheckSchema: z.ZodType<SearchCheckBody> = z.object({
  problem: z.object({ message: z.string(), hint: z.string().nullable(), from: z.number(), to: z.number() }).nullable(),
  canonical: z.string().nullable(),
  unknown: z.array(
    z.object({
      name: z.string(),
      from: z.number(),
      to: z.number(),
      meant: z.array(z.object({ name: z.string(), insert: z.string() })),
    }),
  ),
  smallOperators: z.array(z.object({ word: z.string(), operator: z.string(), from: z.number(), to: z.number() })),
})

/** Body of `POST P/search/parts`: which part of a search finds nothing. */
export interface SearchPartsQuery {
  signal: SearchSignal
  query: string
  /** RFC 3339, or relative: `now-1h`. */
  from: string
  to: string
}
export const searchPartsQuerySchema: z.ZodType<SearchPartsQuery> = z.strictObject({
  signal: searchSignalSchema.default('logs'),
  query: searchTextSchema,
  from: momentSchema.default('now-1h'),
  to: momentSchema.default('now'),
})

/** A part of a search that rows must meet beside the others. */
export interface SearchPartBody {
  text: string
  /** Does any row of the range meet this part? Null: not known in the time there was. */
  found: boolean | null
  /** The search without this part. */
  rest: string
  /** Does any row meet the rest? Null: not known, or not asked because a part is found to be the one that nothing meets. */
  restFound: boolean | null
}

export interface SearchPartsBody {
  /** In the order of the search; empty for one that is not several parts, or more than eight. */
  items: SearchPartBody[]
}
export const searchPartsSchema: z.ZodType<SearchPartsBody> = z.object({
  items: z.array(z.object({ text: z.string(), found: z.boolean().nullable(), rest: z.string(), restFound: z.boolean().nullable() })),
})

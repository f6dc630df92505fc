/**
 * The search language of logs and traces, as the rest of the program uses it: `compileSearch(text, fields)` gives SQL for the engine and a
 * matcher for rows in memory from one checked query. A domain describes what can be asked in `SearchFields`; nothing here knows a table.
 * The language itself: docs/guides/search.md.
 */
import type { MatchWork } from './match-work.ts'

/** What kind of value a field has; decides what can be compared and which units are understood. */
export type FieldType =
  /** A string column (LowCardinality or not); '' means that the row has none. */
  | 'word'
  /** A longer text searched by words (`SearchFields.freeText` says how). */
  | 'text'
  /** A numeric column. */
  | 'number'
  /** A numeric column of nanoseconds; `100ms`, `1.5s`, `2m`. */
  | 'duration'
  /** A numeric column of bytes; `10kb`, `5MiB`. */
  | 'size'
  /** An Int64 column of nanoseconds since 1970; RFC 3339, `now-1h`. */
  | 'time'
  /** A small number with names: `values` lists them with their ranges (severity, status, kind). */
  | 'names'
  /** FixedString of raw bytes written in hexadecimal; all zero means none. */
  | 'id'
  /** UInt64 written as 16 hexadecimal digits; 0 means none. */
  | 'hash'
  /** A numeric column that is true when not 0. */
  | 'flag'

/** A name of a `names` field and the numbers that it stands for, both inclusive. */
export interface NamedRange {
  readonly name: string
  readonly low: number
  readonly high: number
}

/** One field of the catalogue. */
export interface SearchField {
  /** How it is written: letters, digits, `_`, `.`, `-`. */
  readonly name: string
  /** Other spellings that mean the same (`level` for `severity`). */
  readonly aliases?: readonly string[]
  readonly type: FieldType
  /** Column of the table; also the name that `RowView` is asked for. */
  readonly column: string
  /** One line for completion. */
  readonly description: string
  /** Of `names` fields, ascending. */
  readonly values?: readonly NamedRange[]
  /** Bytes of an `id` (16 of a trace, 8 of a span). */
  readonly sizeBytes?: number
  /** A numeric field that stores 0 where a row has none (`http_status`): such a row matches no comparison and is not there for `has:`. */
  readonly zeroIsNone?: boolean
}

/** A text column that words without a field are looked for in. */
export interface FreeText {
  readonly column: string
  /**
   * True when the table has `INDEX … lowerUTF8(column) TYPE text(tokenizer = 'splitByNonAlpha')`. Case is ignored by that expression, which is
   * JavaScript's `toLowerCase` for every code point, so that the answer is the same with the index, without it and in memory.
   */
  readonly isIndexed: boolean
}

/**
 * What can be asked of one table. A name that is neither a field nor an alias is an attribute: it is looked for in `attributes`, and in the
 * attributes of the resource when `resources` is given. `attr.x` or `@x` mean the row's own only, `resource.x` the resource's only.
 */
export interface SearchFields {
  readonly fields: readonly SearchField[]
  readonly freeText: readonly FreeText[]
  /** The Map(LowCardinality(String), String) column of the row's attributes. */
  readonly attributes: string
  readonly resources: ResourceAttributes | null
}

export interface ResourceAttributes {
  /** The column of the rows with the resource's fingerprint; also what `RowView.resourceAttribute` answers for. */
  readonly column: string
  /** The Map column of the resources table that conditions are written against. */
  readonly attributes: string
  /** An expression over the rows' table that is true where the row's resource meets `condition`; the scope of the reader is put in here. */
  sqlOf(condition: string): string
}

/** One row as a matcher sees it. Columns are named as in the catalogue. */
export interface RowView {
  /** `word`, `text`; `id` as lower-case hexadecimal, '' when none; `hash` as 16 hexadecimal digits, '' when none. */
  text(column: string): string
  /** `text` in lower case, where many matchers ask for it of one row. */
  folded?(column: string): string
  /** `number`, `duration` (ns), `size` (bytes), `names`, `flag`; `time` in ms since 1970. */
  number(column: string): number
  /** How many attributes the row has, where it is known: looking for one goes through them. */
  attributeCount?(): number
  /** Null when the row has no such attribute. */
  attribute(key: string): string | null
  /** Calls `see` with each of the row's own attributes until it says true; gives what was said last (false when there is none). */
  someAttribute(see: (key: string, value: string) => boolean): boolean
  /** Null when the row's resource has no such attribute. */
  resourceAttribute(key: string): string | null
}

/**
 * Does the row match? Throws `TooMuchWork` when `work` does not reach to know, or a text is too much for a regular expression. Without `work`
 * there is no bound but that of each text.
 */
export type RowMatcher = (row: RowView, work?: MatchWork) => boolean

/** A checked query. */
export interface CompiledSearch {
  /** True when the query says nothing and every row matches. */
  readonly isEmpty: boolean
  /** The query in its plain form: the same meaning, spelled one way; the key of caches. */
  readonly canonical: string
  /** Names that it asks about, as the catalogue calls them; attributes by their key. Each once. */
  readonly names: readonly string[]
  /** A condition for WHERE, without the word; `1` when empty. Contains every literal, escaped; no parameters. */
  sql(): string
  /** Throws `search.pattern` for a regular expression that is too large for the matcher. */
  matcher(): RowMatcher
}

export interface SearchOptions {
  /** What `now` means in times. */
  readonly nowMs: number
}

/** What is wrong with a query and where: character offsets `[from, to)`, at least one character. */
export interface SearchProblem {
  readonly message: string
  readonly hint: string | null
  readonly from: number
  readonly to: number
}

/** Values of a field that occur, for completion and facets; the domain answers from what it keeps, with the reader's scope in it. */
export interface ValueProvider {
  /** Most frequent first, at most `limit`; `prefix` is compared without regard to case and may be ''. */
  values(field: string, prefix: string, limit: number): Promise<readonly ValueCount[]>
  /** Names of attributes that occur, most frequent first. */
  attributes(prefix: string, limit: number): Promise<readonly ValueCount[]>
}

export interface ValueCount {
  readonly value: string
  readonly count: number
}

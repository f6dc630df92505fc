/** A checked search: every name resolved, every literal in the unit of its column. SQL and matchers are made from this alone. */
import type { FreeText, SearchField } from './ports.ts'

/** Where a string is: a column, an attribute of the row, or one of its resource. */
export type Place =
  | { readonly in: 'column'; readonly column: string }
  | { readonly in: 'row'; readonly key: string }
  | { readonly in: 'resource'; readonly key: string }

/** Bounds in the unit of the column; null: none. */
export interface NumberRange {
  readonly low: number | null
  readonly lowOpen: boolean
  readonly high: number | null
  readonly highOpen: boolean
}

export interface TextPattern {
  /** RE2, without flags. */
  readonly source: string
  readonly ignoresCase: boolean
  /** Words that every match has, in lower case. */
  readonly words: readonly string[]
}

export type StringTest =
  | { readonly test: 'equals'; readonly value: string }
  /** Literal pieces with anything between them; the first is the beginning, the last the end. */
  | { readonly test: 'like'; readonly pieces: readonly string[] }
  | { readonly test: 'pattern'; readonly pattern: TextPattern }
  | { readonly test: 'exists' }
  /** The text is a number in the range. */
  | { readonly test: 'number'; readonly range: NumberRange }

export type Plan =
  | { readonly type: 'and' | 'or'; readonly parts: readonly Plan[] }
  | { readonly type: 'not'; readonly inner: Plan }
  | { readonly type: 'string'; readonly place: Place; readonly test: StringTest }
  /** The words one after another; no case. */
  | { readonly type: 'words'; readonly text: FreeText; readonly words: readonly string[] }
  /** In lower case; pieces with anything between them, a word's edge at ends where the outermost piece is not ''. */
  | { readonly type: 'glob'; readonly text: FreeText; readonly pieces: readonly string[]; readonly words: readonly string[] }
  | { readonly type: 'textPattern'; readonly text: FreeText; readonly pattern: TextPattern }
  | { readonly type: 'number'; readonly field: SearchField; readonly range: NumberRange }
  /** Hexadecimal in lower case, both inclusive. */
  | { readonly type: 'bytes'; readonly field: SearchField; readonly low: string; readonly high: string }
  /** Some attribute of the row. */
  | { readonly type: 'anyAttribute'; readonly test: StringTest }

/** True of every row. */
export const everything: Plan = { type: 'and', parts: [] }

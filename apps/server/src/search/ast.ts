/** A search as it was written: boolean structure and conditions, with their places. Nothing here knows which fields exist. */

/** Character offsets `[from, to)`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What stands behind a field or alone. */
export interface Value extends Span {
  /** Literal text between stars: `['api-', '']` for `api-*`; one piece where there is no star. */
  readonly pieces: readonly string[]
  /** A quoted value has no stars and no ranges. */
  readonly isQuoted: boolean
}

export interface FieldName extends Span {
  readonly name: string
}

export type CompareOp = '>' | '>=' | '<' | '<='

export type Condition =
  /** `field:value`; for texts: has these words. */
  | { readonly op: 'is'; readonly value: Value }
  /** `field=value`: the whole value. */
  | { readonly op: 'equals'; readonly value: Value }
  | { readonly op: 'compare'; readonly with: CompareOp; readonly value: Value }
  /** Bounds belong to it unless they are `open`; null: no bound. */
  | {
      readonly op: 'range'
      readonly low: Value | null
      readonly lowOpen: boolean
      readonly high: Value | null
      readonly highOpen: boolean
      /** `a..b` as one value, for fields that have no order; null for `[a TO b]`. */
      readonly written: Value | null
    }
  | { readonly op: 'pattern'; readonly source: string; readonly ignoresCase: boolean }
  | { readonly op: 'exists' }

export interface TermNode extends Span {
  readonly type: 'term'
  /** Null: text without a field. */
  readonly field: FieldName | null
  readonly condition: Condition
}

export type SearchNode =
  /** Nothing was said; every row matches. */
  | { readonly type: 'all' }
  /** `*` is an `and` without parts. */
  | { readonly type: 'and' | 'or'; readonly parts: readonly SearchNode[] }
  | { readonly type: 'not'; readonly inner: SearchNode }
  | TermNode

/** The text of a value without stars. */
export function plainText(value: Value): string {
  return value.pieces.join('*')
}

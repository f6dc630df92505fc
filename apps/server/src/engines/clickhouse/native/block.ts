/**
 * One decoded Native block. Numeric columns are typed-array views; 64-bit integers are split into two 32-bit halves because
 * BigInt is slow. Source of the format: ClickHouse docs, "Native" input/output format.
 */
export type NativeColumn =
  | { readonly kind: 'u8'; readonly data: Uint8Array }
  | { readonly kind: 'u16'; readonly data: Uint16Array }
  | { readonly kind: 'u32'; readonly data: Uint32Array }
  | { readonly kind: 'i8'; readonly data: Int8Array }
  | { readonly kind: 'i32'; readonly data: Int32Array }
  | { readonly kind: 'f64'; readonly data: Float64Array }
  /** (U)Int64: low half of row i at 2i, high half at 2i + 1. */
  | { readonly kind: 'w64'; readonly signed: boolean; readonly data: Uint32Array }
  | { readonly kind: 'string'; readonly data: readonly string[] }
  /** Array(T): row i owns `offsets[i-1] .. offsets[i]` (0 before the first) of `inner`. */
  | { readonly kind: 'array'; readonly offsets: Float64Array; readonly inner: NativeColumn }
  /** Map(K, V), same offsets. */
  | { readonly kind: 'map'; readonly offsets: Float64Array; readonly keys: NativeColumn; readonly values: NativeColumn }

export interface NativeBlock {
  readonly rows: number
  readonly names: readonly string[]
  readonly columns: readonly NativeColumn[]
}

/** The engine's type names, as far as Bellwether reads them, as a tree of what follows on the wire. */

export type NativeType =
  | { readonly kind: 'fixed'; readonly of: FixedKind }
  | { readonly kind: 'string' }
  | { readonly kind: 'dictionary' }
  | { readonly kind: 'array'; readonly inner: NativeType }
  | { readonly kind: 'map'; readonly key: NativeType; readonly value: NativeType }

/** `i16` and `f32` are widened on reading, because the block has no column kind of their own. */
export type FixedKind = 'u8' | 'u16' | 'u32' | 'u64' | 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64'

const fixedByName: ReadonlyMap<string, FixedKind> = new Map(
  Object.entries({
    UInt8: 'u8',
    Bool: 'u8',
    UInt16: 'u16',
    Date: 'u16',
    UInt32: 'u32',
    DateTime: 'u32',
    UInt64: 'u64',
    Int8: 'i8',
    Enum8: 'i8',
    Int16: 'i16',
    Enum16: 'i16',
    Int32: 'i32',
    Date32: 'i32',
    Int64: 'i64',
    DateTime64: 'i64',
    Float32: 'f32',
    Float64: 'f64',
  } satisfies Record<string, FixedKind>),
)

/** Parses a type name. Throws a plain `Error` for a type that Bellwether does not read: the statement is a bug. */
export function parseNativeType(name: string): NativeType {
  const open = name.indexOf('(')
  const outer = open < 0 ? name : name.slice(0, open)
  const args = open < 0 ? [] : splitArguments(name.slice(open + 1, name.lastIndexOf(')')))
  const [first, second] = args
  if (outer === 'String') return { kind: 'string' }
  const fixed = fixedByName.get(outer)
  if (fixed !== undefined) return { kind: 'fixed', of: fixed }
  if (outer === 'LowCardinality' && first === 'String') return { kind: 'dictionary' }
  if (outer === 'Array' && first !== undefined) return { kind: 'array', inner: parseNativeType(first) }
  if (outer === 'Map' && first !== undefined && second !== undefined) {
    return { kind: 'map', key: parseNativeType(first), value: parseNativeType(second) }
  }
  if (outer === 'SimpleAggregateFunction' && second !== undefined) return parseNativeType(second)
  throw new Error(`the Native type ${name} is not read by Bellwether`)
}

/** Splits at top-level commas; quoted text (names of an enumeration, time zones) may hold anything. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c === '\\') i++
      else if (c === "'") quoted = false
    } else if (c === "'") quoted = true
    else if (c === '(') depth++
    else if (c === ')') depth--
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim())
      start = i + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

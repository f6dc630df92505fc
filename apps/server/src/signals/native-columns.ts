/** Columns of the engine's answers by their names. A name or a type that is not there is a bug of the statement. */
import type { NativeBlock, NativeColumn } from '../engines/index.ts'

function columnOf(block: NativeBlock, name: string): NativeColumn {
  const column = block.columns[block.names.indexOf(name)]
  if (column === undefined) throw new Error(`the answer has no column ${name}`)
  return column
}

export function textsIn(block: NativeBlock, name: string): readonly string[] {
  const column = columnOf(block, name)
  if (column.kind !== 'string') throw new Error(`column ${name} is no text`)
  return column.data
}

/** Numbers of any width up to 32 bits, and doubles. */
export function numbersIn(block: NativeBlock, name: string): ArrayLike<number> {
  const column = columnOf(block, name)
  if (column.kind === 'string' || column.kind === 'array' || column.kind === 'map' || column.kind === 'w64')
    throw new Error(`column ${name} is no small number`)
  return column.data
}

/** Halves of 64 bits: low of row i at 2i, high at 2i + 1. */
export function wideIn(block: NativeBlock, name: string): Uint32Array {
  const column = columnOf(block, name)
  if (column.kind !== 'w64') throw new Error(`column ${name} has no 64 bits`)
  return column.data
}

export interface MapsIn {
  readonly offsets: Float64Array
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

export function mapsIn(block: NativeBlock, name: string): MapsIn {
  const column = columnOf(block, name)
  if (column.kind !== 'map' || column.keys.kind !== 'string' || column.values.kind !== 'string')
    throw new Error(`column ${name} is no map of texts`)
  return { offsets: column.offsets, keys: column.keys.data, values: column.values.data }
}

/** One row's pairs. */
export function mapAt({ offsets, keys, values }: MapsIn, row: number): Record<string, string> {
  const out: Record<string, string> = {}
  for (let at = row === 0 ? 0 : offsets[row - 1]!; at < offsets[row]!; at++) {
    const [key, value] = [keys[at] ?? '', values[at] ?? '']
    // The one name that is more than a name when it is assigned to; defining all of them would cost five times as much.
    if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true })
    else out[key] = value
  }
  return out
}

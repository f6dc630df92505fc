/** Ids of rows. Nanoseconds do not fit a double, so they are made of halves. */
import { AppError } from '../kernel/errors.ts'
import { badCursor } from './errors.ts'

export interface RowKey {
  readonly low: number
  readonly high: number
  readonly batch: number
  readonly row: number
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0')
}

/** 32 hexadecimal digits; ascending ids are ascending (ts, batch, row). */
export function rowId({ low, high, batch, row }: RowKey): string {
  return hex32(high) + hex32(low) + hex32(batch) + hex32(row)
}

/** 16 hexadecimal digits of a 64-bit value, '' for 0. */
export function hashText(low: number, high: number): string {
  return low === 0 && high === 0 ? '' : hex32(high) + hex32(low)
}

/** Errors by code: `logs.bad_cursor`. */
export function parseRowId(id: string): RowKey {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new AppError(badCursor)
  const part = (index: number): number => Number.parseInt(id.slice(index * 8, index * 8 + 8), 16)
  return { high: part(0), low: part(1), batch: part(2), row: part(3) }
}

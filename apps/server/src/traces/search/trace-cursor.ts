/** Where a page of a list ends: a few numbers as text, so that the next page begins behind the last row whatever came in meanwhile. */
import { AppError } from '../../kernel/errors.ts'
import { badCursor } from '../errors.ts'

/** Decimal numbers, and hexadecimal ids. */
export function cursorText(parts: readonly string[]): string {
  return parts.join('.')
}

/** As many parts as `count`, each a number or an id; the first is a number. Errors: `traces.bad_cursor`. */
export function cursorParts(cursor: string, count: number): string[] {
  const parts = cursor.split('.')
  const [first = ''] = parts
  if (parts.length !== count || !/^[0-9]{1,20}$/.test(first) || !parts.every((part) => /^[0-9a-f]{1,32}$/.test(part)))
    throw new AppError(badCursor)
  return parts
}

/** What can be wrong with an import as a whole. */
import type { ErrorSpec } from '../../kernel/errors.ts'

export const importNotFound: ErrorSpec = {
  code: 'import.not_found',
  kind: 'not_found',
  publicText: 'There is no such import; those of before the last start are forgotten.',
  hint: 'Send the file again: rows that are there are recognised.',
}

export const importTooMany: ErrorSpec = {
  code: 'import.too_many',
  kind: 'limit',
  publicText: 'Too many imports run at the same time.',
  hint: 'Wait for one of them, or cancel it.',
}

export const importOffset: ErrorSpec = {
  code: 'import.offset',
  kind: 'conflict',
  publicText: 'The part does not begin where the one before ended.',
}

export const importMapping: ErrorSpec = { code: 'import.mapping', kind: 'invalid', publicText: 'The columns cannot be mapped.' }

export const importErrors: readonly ErrorSpec[] = [importNotFound, importTooMany, importOffset, importMapping]

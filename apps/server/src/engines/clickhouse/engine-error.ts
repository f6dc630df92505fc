/**
 * The engine's error numbers as ours. What is not known to be the statement's or the data's fault is `engine.unavailable`,
 * because a writer repeats after that and gives up after `engine.rejected`. Numbers: ClickHouse, `system.errors`.
 */
import { AppError, type ErrorSpec, isAppError } from '../../kernel/errors.ts'
import {
  engineCanceled,
  engineDiskFull,
  engineMemory,
  engineRejected,
  engineTimeout,
  engineTooManyParts,
  engineTooManyRows,
  engineUnavailable,
} from '../errors.ts'

const specByNumber: ReadonlyMap<number, ErrorSpec> = new Map([
  [241, engineMemory],
  [173, engineMemory],
  [159, engineTimeout],
  [160, engineTimeout],
  [394, engineCanceled],
  [243, engineDiskFull],
  [252, engineTooManyParts],
  [158, engineTooManyRows],
  [307, engineTooManyRows],
  [396, engineTooManyRows],
])

/**
 * Faults of the connection, the configuration or the moment: sockets, replicas, read-only tables, passwords and rights,
 * a missing table or database (an operator's doing, mended by the next start), anything the engine itself calls unknown.
 */
const passing: ReadonlySet<number> = new Set([
  60, 81, 32, 33, 74, 75, 76, 77, 202, 203, 209, 210, 225, 236, 242, 265, 279, 285, 286, 290, 319, 335, 373, 415, 439, 440, 458, 497, 516,
  192, 193, 194, 731, 745, 999, 1000, 1001, 1002,
])

const detailCharsMax = 2000

/** Any failure of a call to the engine as an operational error. An operational error is given back as it is. */
export function toEngineError(error: unknown): AppError {
  if (isAppError(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  const detail = text.slice(0, detailCharsMax)
  const number = errorNumber(error, text)
  if (/No space left on device|not enough space/i.test(text)) return new AppError(engineDiskFull, { detail, cause: error })
  if (number === null) return new AppError(engineUnavailable, { detail, cause: error })
  return new AppError(specOf(number, text), { detail: `${number}: ${detail}`, cause: error })
}

function specOf(number: number, text: string): ErrorSpec {
  // One insert over too many partitions has the number of too many parts, but repeating it cannot help.
  if (number === 252 && /partitions/i.test(text)) return engineRejected
  return specByNumber.get(number) ?? (passing.has(number) ? engineUnavailable : engineRejected)
}

/** The driver takes the number out of the message when it can; a message cut or nested by the engine still has it. */
function errorNumber(error: unknown, text: string): number | null {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code)) return Number(error.code)
  const found = /Code: (\d+)/.exec(text)
  return found === null ? null : Number(found[1])
}

/** How many rows a body may become: the smallest line takes forty times its bytes, so size alone bounds too little. */
import { AppError } from '../../kernel/errors.ts'
import type { LogsBatch } from '../../logs/index.ts'
import { bodyTooManyRows } from '../errors.ts'
import { rowsPerBodyMax } from './limits.ts'

/** To be called before a row; `waiting`: rows that are not in the batch yet. Errors: `body.too_many_rows`. */
export function refuseTooManyRows(batch: LogsBatch, waiting = 0): void {
  if (batch.receivedInBody + waiting >= rowsPerBodyMax) throw new AppError(bodyTooManyRows)
}

/** Refusals of operations on metrics. */
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'

export const badOperationQuery: ErrorSpec = {
  code: 'query.bad_operation_query',
  kind: 'invalid',
  publicText: 'This cannot be asked.',
}

/** No such metric in the scope, or nothing that could be one. */
export const metricNotFound: ErrorSpec = { code: 'metrics.not_found', kind: 'not_found', publicText: 'This project has no such metric.' }

export function refused(publicText: string, hint?: string): AppError {
  return new AppError(badOperationQuery, hint === undefined ? { publicText } : { publicText, hint })
}

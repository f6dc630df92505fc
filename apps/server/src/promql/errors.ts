/** What can go wrong with a query. Codes are the contract; the texts follow Prometheus' where clients show them. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

export const parseFailed: ErrorSpec = { code: 'promql.parse', kind: 'invalid', publicText: 'The query is not valid PromQL.' }
export const executionFailed: ErrorSpec = { code: 'promql.execution', kind: 'invalid', publicText: 'The query cannot be evaluated.' }
export const tooManySamples: ErrorSpec = {
  code: 'query.too_many_samples',
  kind: 'limit',
  publicText: 'query processing would load too many samples into memory',
  hint: 'Shorten the time range, select fewer series or use a larger step.',
}
export const tooManySeries: ErrorSpec = {
  code: 'query.too_many_series',
  kind: 'limit',
  publicText: 'the query selects too many series',
  hint: 'Add label matchers.',
}
export const tooManySteps: ErrorSpec = {
  code: 'query.too_many_steps',
  kind: 'invalid',
  publicText: 'exceeded maximum resolution of points per timeseries. Try decreasing the query resolution (?step=XX)',
  hint: 'Use a larger step or a shorter range.',
}
export const queryTimeout: ErrorSpec = { code: 'query.timeout', kind: 'timeout', publicText: 'query timed out in expression evaluation' }
export const queryCanceled: ErrorSpec = {
  code: 'query.canceled',
  kind: 'canceled',
  publicText: 'query was canceled in expression evaluation',
}

export const promqlErrorSpecs: readonly ErrorSpec[] = [
  parseFailed,
  executionFailed,
  tooManySamples,
  tooManySeries,
  tooManySteps,
  queryTimeout,
  queryCanceled,
]

/** An evaluation error with Prometheus' wording. */
export function executionError(message: string): AppError {
  return new AppError(executionFailed, { publicText: message })
}

/** `line:col` of a character offset, both from 1, as Prometheus prints them. */
export function linePosition(text: string, offset: number): string {
  let line = 1
  let lineStart = 0
  for (let i = 0; i < offset && i < text.length; i++) {
    if (text.charCodeAt(i) === 10) {
      line++
      lineStart = i + 1
    }
  }
  return `${line}:${offset - lineStart + 1}`
}

/** A parse error at a character offset: `line:col: parse error: message`. */
export function parseError(text: string, offset: number, message: string): AppError {
  return new AppError(parseFailed, { publicText: `${linePosition(text, offset)}: parse error: ${message}` })
}

/** Of every other function, which has no use for the sample before a range. */
export const anchoredIsFor = 'anchored modifier can only be used with: changes, delta, increase, rate, resets'

/**
 * Refusals and failures of queries. A refusal names the limit, its value and how to narrow the query.
 * Codes shared with promql and metrics are theirs too; `explain` completes the text wherever the refusal came from.
 */
import { AppError, isAppError, type ErrorSpec } from '../kernel/errors.ts'
import type { QueryLimits } from '../promql/index.ts'

export const tooManySamples: ErrorSpec = {
  code: 'query.too_many_samples',
  kind: 'limit',
  publicText: 'The query would read too many samples.',
  hint: 'Shorten the time range, add label matchers, or aggregate over fewer series.',
}
export const tooManySeries: ErrorSpec = {
  code: 'query.too_many_series',
  kind: 'limit',
  publicText: 'The query selects too many series.',
  hint: 'Add label matchers so that fewer series are selected.',
}
export const timedOut: ErrorSpec = {
  code: 'query.timeout',
  kind: 'timeout',
  publicText: 'The query took too long and was stopped.',
  hint: 'Shorten the time range, use a larger step, or add label matchers.',
}
export const canceled: ErrorSpec = { code: 'query.canceled', kind: 'canceled', publicText: 'The query was canceled.' }
export const busy: ErrorSpec = {
  code: 'query.busy',
  kind: 'unavailable',
  publicText: 'Too many queries are running at once.',
  hint: 'Try again in a moment; refresh dashboards less often.',
}

/** Completes a refusal with the limit and its value; gives everything else back as it is. */
export function explain(error: unknown, limits: QueryLimits): unknown {
  const seconds = limits.timeoutMs / 1000
  const texts: readonly (readonly [ErrorSpec, string])[] = [
    [tooManySamples, `The query reads more than ${limits.samplesMax} samples (limit samplesMax = ${limits.samplesMax}).`],
    [tooManySeries, `The query selects more than ${limits.seriesMax} series (limit seriesMax = ${limits.seriesMax}).`],
    [timedOut, `The query took longer than ${seconds} s and was stopped (limit timeoutMs = ${limits.timeoutMs}).`],
  ]
  for (const [spec, publicText] of texts) {
    if (isAppError(error, spec.code)) return new AppError(spec, { publicText, cause: error })
  }
  return error
}

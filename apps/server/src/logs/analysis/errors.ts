/** What can go wrong with saved views and metrics from logs. */
import { AppError, isAppError, type ErrorSpec } from '../../kernel/errors.ts'

export const analysisUnavailable: ErrorSpec = {
  code: 'logs.analysis_unavailable',
  kind: 'unavailable',
  publicText: 'Saved views and metrics from logs cannot be read or changed right now.',
  hint: 'PostgreSQL is not reachable; try again.',
}
export const viewNotFound: ErrorSpec = { code: 'logs.view_not_found', kind: 'not_found', publicText: 'There is no such saved view.' }
export const tooManyViews: ErrorSpec = {
  code: 'logs.too_many_views',
  kind: 'limit',
  publicText: 'The project has too many saved views.',
  hint: 'Delete some first.',
}
export const logMetricNotFound: ErrorSpec = {
  code: 'logs.metric_not_found',
  kind: 'not_found',
  publicText: 'There is no such metric from logs.',
}
export const logMetricExists: ErrorSpec = {
  code: 'logs.metric_exists',
  kind: 'conflict',
  publicText: 'The project makes a metric of that name from logs already.',
}
export const tooManyLogMetrics: ErrorSpec = {
  code: 'logs.too_many_metrics',
  kind: 'limit',
  publicText: 'The project has too many metrics from logs.',
  hint: 'Each is asked about every row as it comes in; delete some first.',
}
export const badLogMetric: ErrorSpec = { code: 'logs.bad_metric', kind: 'invalid', publicText: 'The metric from logs is not valid.' }

/** Whatever the database says becomes `logs.analysis_unavailable`, what the domain says stays. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isAppError(error)) throw error
    throw new AppError(analysisUnavailable, { cause: error, detail: error instanceof Error ? error.message : String(error) })
  }
}

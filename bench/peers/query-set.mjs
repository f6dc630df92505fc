/**
 * The questions, over the load `packed`. Windows are aligned to the step, as dashboards align them, and every call has another window,
 * so that no kept answer answers it. `set` is what a goal is about.
 */
import { instantPath, rangePath } from './prometheus-api.mjs'

const hourSec = 3600
const daySec = 24 * hourSec

const requestRate = 'sum by (service) (rate(http_requests_total[5m]))'
const errorRatio = 'sum(rate(http_requests_total{status="500"}[5m])) / sum(rate(http_requests_total[5m]))'
const latency99 = 'histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))'

const ranges = [
  ['rate-by-service-1h', '1h', requestRate, [hourSec, 30]],
  ['rate-by-instance-1h', '1h', 'sum by (instance) (rate(http_requests_total[5m]))', [hourSec, 60]],
  ['avg-by-region-1h', '1h', 'avg by (region) (cpu_usage_user)', [hourSec, 30]],
  ['topk-avg-1h', '1h', 'topk(10, avg_over_time(cpu_usage_user[5m]))', [hourSec, 60]],
  ['quantile-over-time-1h', '1h', 'quantile_over_time(0.95, cpu_usage_user{region="us-east-1"}[10m])', [hourSec, 60]],
  ['p99-by-service-1h', '1h', latency99, [hourSec, 30]],
  ['all-cpu-by-host-1h', '1h', 'sum by (hostname) ({__name__=~"cpu_usage_.+"})', [hourSec, 60]],
  ['rate-by-service-24h', '24h', requestRate, [daySec, 300]],
  ['avg-by-region-24h', '24h', 'avg by (region) (cpu_usage_user)', [daySec, 300]],
  ['p99-by-service-24h', '24h', latency99, [daySec, 300]],
  ['error-ratio-24h', '24h', errorRatio, [daySec, 300]],
  ['max-by-team-24h', '24h', 'max by (team) (max_over_time(cpu_usage_system[1h]))', [daySec, hourSec]],
  ...dayFromSamples(),
  ['one-series-24h', 'one', 'cpu_usage_user{hostname="host_42"}', [daySec, 60]],
]

/**
 * The questions over a day at steps of 4 minutes (58 for the hourly one): no bucket of five minutes fits them, so nothing but the samples
 * can answer.
 */
function dayFromSamples() {
  return [
    ['rate-by-service-24h-4m', '24h raw', requestRate, [daySec, 240]],
    ['avg-by-region-24h-4m', '24h raw', 'avg by (region) (cpu_usage_user)', [daySec, 240]],
    ['p99-by-service-24h-4m', '24h raw', latency99, [daySec, 240]],
    ['error-ratio-24h-4m', '24h raw', errorRatio, [daySec, 240]],
    ['max-by-team-24h-58m', '24h raw', 'max by (team) (max_over_time(cpu_usage_system[1h]))', [daySec, 3480]],
  ]
}

const instants = [
  ['one-series', 'instant', 'cpu_usage_user{hostname="host_7"}'],
  ['topk-rate', 'instant', `topk(5, ${requestRate})`],
  ['avg-over-1h', 'instant', 'avg_over_time(cpu_usage_user[1h])'],
  ['count-by-name', 'instant', 'count by (__name__) ({__name__=~"(cpu|http)_.+"})'],
  ['p95', 'instant', 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))'],
]

const lists = [
  { name: 'labels', path: '/api/v1/labels', parameters: {} },
  { name: 'values-of-hostname', path: '/api/v1/label/hostname/values', parameters: {} },
  { name: 'series-of-a-metric', path: '/api/v1/series', parameters: { 'match[]': 'cpu_usage_user' } },
]

/** A window moves back by so many steps at most; then it is made shorter by a step and starts again. */
const stepsBackMax = 24
const stepsBackMaxOfHours = 4
const stepsShorterMax = 6

/** The window of a call, `[fromSec, toSec]`; no two of the first 144 (24 with steps of about an hour) are the same. */
function windowOf(call, { endMs, windowSec, stepSec }) {
  const backMax = stepSec >= hourSec / 2 ? stepsBackMaxOfHours : stepsBackMax
  const toSec = (Math.floor(endMs / 1000 / stepSec) - (call % backMax)) * stepSec
  const shorterSec = (Math.floor(call / backMax) % stepsShorterMax) * stepSec
  return { fromSec: toSec - windowSec + shorterSec, toSec, stepSec }
}

/** `[{ name, set, query, pathOf(call) }]`; `endMs` is the time of the newest sample. */
export function querySet({ endMs }) {
  const momentOf = (call) => windowOf(call, { endMs, windowSec: hourSec, stepSec: 30 })
  return [
    ...ranges.map(([name, set, query, [windowSec, stepSec]]) => ({
      name,
      set,
      query,
      pathOf: (call) => rangePath(query, windowOf(call, { endMs, windowSec, stepSec })),
    })),
    ...instants.map(([name, set, query]) => ({
      name,
      set,
      query,
      pathOf: (call) => instantPath(query, momentOf(call).toSec * 1000 - Math.floor(call / stepsBackMax) * 1000),
    })),
    ...lists.map(({ name, path, parameters }) => ({
      name,
      set: 'lists',
      query: path,
      pathOf(call) {
        const { fromSec, toSec } = momentOf(call)
        return `${path}?${new URLSearchParams({ ...parameters, start: String(fromSec), end: String(toSec), nocache: '1' })}`
      },
    })),
  ]
}

/**
 * Whether a server still has everything that it acknowledged: for each metric, how many samples there are and what they add up to,
 * asked over the whole workload and compared with what was put into the bodies.
 */
import { PrometheusApi } from './prometheus-api.mjs'

/** Sums of whole numbers are exact in any order; the few that are not differ by rounding. */
const sumTolerance = 1e-9

/**
 * `{ complete, problems }`; problems in words, at most a line a metric. `workload` is from `prepare`. Metrics of OTLP have other names
 * on each server, so they are found by what the names have in common.
 */
export async function findLoss(server, workload) {
  const api = new PrometheusApi(server)
  const problems = []
  try {
    for (const { metric, samples, sum } of workload.truth.metrics()) {
      const selector = workload.kind === 'otlp' ? `{__name__=~"${otlpNamePattern(metric)}"}` : metric
      const windowMs = workload.endMs - workload.startMs + workload.intervalMs
      const has = {
        samples: await total(api, `sum(count_over_time(${selector}[${windowMs}ms]))`, workload.endMs),
        sum: await total(api, `sum(sum_over_time(${selector}[${windowMs}ms]))`, workload.endMs),
      }
      if (has.samples !== samples) problems.push(`${metric}: ${has.samples} of ${samples} samples`)
      else if (Math.abs(has.sum - sum) > sumTolerance * Math.abs(sum)) problems.push(`${metric}: they add up to ${has.sum}, not ${sum}`)
    }
  } catch (error) {
    problems.push(String(error.message))
  } finally {
    api.close()
  }
  return { complete: problems.length === 0, problems }
}

async function total(api, query, timeMs) {
  const { result } = await api.instant(query, timeMs)
  return result.length === 0 ? 0 : Number(result[0].value[1])
}

/** `cpu_usage_user` is `cpu.usage_user`, or `cpu_usage_user_percent` where units are put into names. */
function otlpNamePattern(metric) {
  if (metric === 'http_requests_total') return 'http.requests(_total)?'
  const histogram = /^http_request_duration_seconds(_\w+)$/.exec(metric)
  if (histogram !== null) return `http.request.duration(_seconds)?${histogram[1]}`
  return `${metric.replaceAll('_', '.')}(_percent)?`
}

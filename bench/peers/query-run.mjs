/** Asks the servers the questions, in alternation: each question goes to every server before the next one is asked. */
import { PrometheusApi } from './prometheus-api.mjs'
import { quantile } from './statistics.mjs'

/** A pass of a question: this many calls, fewer when they take long, but never fewer than the least. */
const callsMin = 3

/**
 * `[{ server, query, pass, calls, firstMs, p50Ms, p95Ms, maxMs, cpuMs, answer, error }]`. `answer` is `data` of the first call of pass 0,
 * the same window for all servers. The first call of a pass is not in the quantiles.
 */
export async function runQueries(servers, queries, { firstPass = 0, passes, calls, secMax }) {
  const apis = servers.map((server) => ({ server, api: new PrometheusApi(server) }))
  const rows = []
  try {
    for (let pass = firstPass; pass < firstPass + passes; pass++) {
      for (const query of queries) {
        for (const { server, api } of rotated(apis, pass)) {
          const asked = await askRepeatedly(api, query, { server, firstCall: pass * (calls + 1), calls, secMax })
          rows.push({ server: server.name, query: query.name, set: query.set, pass, ...asked })
        }
      }
    }
  } finally {
    for (const { api } of apis) api.close()
  }
  return rows
}

/** Who goes first changes from pass to pass. */
function rotated(list, by) {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

async function askRepeatedly(api, query, { server, firstCall, calls, secMax }) {
  const first = await askOnce(api, query.pathOf(firstCall))
  if (first.error !== null) return { calls: 0, error: first.error, answer: null }
  const tookMs = []
  const beforeSec = server.account.cpuSec()
  const deadlineMs = performance.now() + secMax * 1000
  while (tookMs.length < calls && (tookMs.length < callsMin || performance.now() < deadlineMs)) {
    const next = await askOnce(api, query.pathOf(firstCall + 1 + tookMs.length))
    if (next.error !== null) return { calls: tookMs.length, error: next.error, answer: null }
    tookMs.push(next.tookMs)
  }
  return {
    calls: tookMs.length,
    error: null,
    firstMs: first.tookMs,
    p50Ms: quantile(tookMs, 0.5),
    p95Ms: quantile(tookMs, 0.95),
    maxMs: Math.max(first.tookMs, ...tookMs),
    cpuMs: ((server.account.cpuSec() - beforeSec) / tookMs.length) * 1000,
    answer: firstCall === 0 ? JSON.parse(first.body.toString('utf8')).data : null,
  }
}

async function askOnce(api, path) {
  try {
    const { status, body, tookMs } = await api.ask(path)
    return status === 200 ? { error: null, body, tookMs } : { error: `${status} ${body.toString('utf8').slice(0, 200)}` }
  } catch (error) {
    return { error: String(error.message) }
  }
}

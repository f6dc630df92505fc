/**
 * Sends bodies as well-behaved senders do: a few connections that stay open, all bodies of a series on the same one and in order, and
 * a body that is answered 429 or 503 again after `Retry-After`. Only what is answered 2xx counts as acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.mjs'
import { quantile } from './statistics.mjs'

/** A server that says no longer than this does not take the load. */
const refusedMsMax = 60_000
const retryAfterSecDefault = 1
const errorsShownMax = 3

/**
 * `{ acknowledged, requests, wallMs, refusals, refusedMs, errors, p50Ms, p95Ms }`; times are of acknowledged requests. A body that is
 * refused for good or whose connection breaks counts in `errors` and is not sent again.
 */
export async function sendBodies(bodies, { url, path, headers, connections = 4, inStep = false }) {
  const lanes = Array.from({ length: connections }, () => new Connection(url))
  const result = { acknowledged: 0, requests: 0, refusals: 0, refusedMs: 0, failures: 0, errors: [], tookMs: [] }
  const startedMs = performance.now()
  try {
    for (const group of inStep ? bySteps(bodies) : [bodies]) {
      await Promise.all(
        lanes.map(async (connection, lane) => {
          for (const body of group) {
            if (body.lane % connections === lane) await sendBody({ connection, body, path, headers }, result)
          }
        }),
      )
    }
  } finally {
    for (const connection of lanes) connection.close()
  }
  const { tookMs, ...counts } = result
  const wallMs = performance.now() - startedMs
  return { ...counts, wallMs, p50Ms: quantile(tookMs, 0.5), p95Ms: quantile(tookMs, 0.95) }
}

function bySteps(bodies) {
  const steps = new Map()
  for (const body of bodies) steps.set(body.step, [...(steps.get(body.step) ?? []), body])
  return steps.values()
}

async function sendBody({ connection, body, path, headers }, result) {
  const deadlineMs = performance.now() + refusedMsMax
  for (;;) {
    result.requests++
    const answer = await connection.send(path, { method: 'POST', headers, body: body.bytes }).catch((error) => ({ error }))
    if (answer.status >= 200 && answer.status < 300) {
      result.acknowledged += body.samples
      result.tookMs.push(answer.tookMs)
      return
    }
    const mayRetry = (answer.status === 429 || answer.status === 503) && performance.now() < deadlineMs
    if (!mayRetry) {
      result.failures++
      if (result.errors.length < errorsShownMax) result.errors.push(explain(answer))
      return
    }
    const waitMs = 1000 * Math.max(0.05, Number(answer.headers['retry-after'] ?? retryAfterSecDefault))
    result.refusals++
    result.refusedMs += waitMs
    await sleep(waitMs)
  }
}

function explain({ error, status, body }) {
  return error === undefined ? `${status} ${body.toString('utf8').slice(0, 200)}`.trim() : String(error)
}

/** Two things that go wrong in every company once: a deploy that puts a request's id into a label, and a project that floods. */
import { minuteMs } from './calendar.ts'
import { send, type Body, type Target } from './post.ts'

/** New label values of each step of the exploding counter, and the time between two steps. */
const idsPerStep = 200
const explodeStepMs = 10_000

/** As much as a processor takes: several times the budget that a project has unless the settings say otherwise. */
const floodPoints = 2000
const floodSenders = 4
const floodPauseMs = 10
/** Stands for the time of a body that is built once. */
const markMs = 1_111_111_111_111

interface Point {
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

/** The checkout service after a bad deploy: every request is a series of its own. Resolves when the demo ends. */
export async function explode(target: Target): Promise<void> {
  const { clock, signal, log } = target
  const startedMs = clock.nowMs()
  let last = 0
  log('A deploy went wrong: shop_checkout_attempts_total has a label request_id, with 20 new values a second.')
  while (!signal.aborted) {
    const points: Point[] = []
    for (let i = 0; i < idsPerStep; i++) {
      const number = ++last
      points.push({
        attributes: { request_id: `req-${startedMs.toString(36)}-${number}`, region: ['north', 'south'][number % 2] ?? '' },
        value: 1,
      })
    }
    await send(target, counterBody('shop.checkout.attempts', points, { startMs: startedMs, timeMs: clock.nowMs() }))
    await clock.sleep(explodeStepMs, signal)
  }
}

/** One counter of two thousand series, over and over, from several senders. Resolves when the demo ends. */
export async function flood(target: Target): Promise<void> {
  const { clock, signal, log } = target
  const points = Array.from({ length: floodPoints }, (_, i): Point => ({ attributes: { worker: String(i) }, value: i }))
  // Built once: the sender must not cost more than what it is to show.
  const startMs = clock.nowMs() - minuteMs
  const body = counterBody('jobs.processed', points, { startMs, timeMs: markMs })
  const template = body.bytes.toString()
  let timeMs = clock.nowMs()
  let sent = 0
  let saidMs = clock.monotonicMs()
  log('A project floods: one counter, 2,000 series, as often as it can.')
  async function sendOn(): Promise<void> {
    while (!signal.aborted) {
      timeMs = Math.max(timeMs + 1, clock.nowMs())
      await send(target, { ...body, bytes: template.replaceAll(`"${markMs}000000"`, `"${timeMs}000000"`) })
      sent += floodPoints
      if (clock.monotonicMs() - saidMs >= minuteMs) {
        log(`  ${sent.toLocaleString('en')} points of the flood are acknowledged.`)
        saidMs = clock.monotonicMs()
      }
      await clock.sleep(floodPauseMs, signal)
    }
  }
  await Promise.all(Array.from({ length: floodSenders }, sendOn))
}

function counterBody(name: string, points: readonly Point[], { startMs, timeMs }: { startMs: number; timeMs: number }): Body {
  const dataPoints = points.map(({ attributes, value }) => ({
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    startTimeUnixNano: `${startMs}000000`,
    timeUnixNano: `${timeMs}000000`,
    asDouble: value,
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'checkout' } }] }
  const metrics = [{ name, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } }]
  const bytes = JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope: {}, metrics }] }] })
  return { path: '/v1/metrics', type: 'application/json', encoding: null, bytes }
}

/**
 * The key of the project "Flood" of the token's organization; project and key are made where there are none. Rejects with words when the
 * token may not.
 */
export async function floodKey(url: string, token: string, signal: AbortSignal): Promise<string> {
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const change = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(new URL(path, url), { ...change, headers, signal })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${text.slice(0, 300)}`)
    const answer: unknown = JSON.parse(text)
    return answer
  }
  const session = await ask('/api/0/auth/session')
  const organization = textAt(session, 'session', 'organizations', 0, 'id')
  if (organization === null) throw new Error('The token is not known.')
  const projects = `/api/0/organizations/${organization}/projects`
  const found = itemWith(await ask(projects), 'slug', 'flood') ?? (await ask(projects, { name: 'Flood', slug: 'flood' }))
  const keys = `/api/0/projects/${textAt(found, 'id') ?? ''}/keys`
  const key = textAt(await ask(keys), 'items', 0, 'key') ?? textAt(await ask(keys, { name: 'demo' }), 'key')
  if (key === null) throw new Error('The project Flood has no key.')
  return key
}

/** A text somewhere inside an answer, or null. */
function textAt(value: unknown, ...path: readonly (string | number)[]): string | null {
  let at = value
  for (const step of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined
  return typeof at === 'string' ? at : null
}

function itemWith(page: unknown, field: string, wanted: string): unknown {
  const items: unknown = typeof page === 'object' && page !== null ? Reflect.get(page, 'items') : null
  return Array.isArray(items) ? items.find((item) => textAt(item, field) === wanted) : undefined
}

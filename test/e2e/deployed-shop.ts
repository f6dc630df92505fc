/** A shop whose version 2.0.0, half an hour old, reads without its index: spans of the last hundred minutes over OTLP/JSON. */

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

const minuteMs = 60_000
const minutes = 100
/** When it was deployed, before now. */
const deployedMs = 30 * minuteMs
const perMinute = 8

/** Evenly spread numbers that look random; the same each time. */
function* dice(): Generator<number, never> {
  let state = 1
  for (;;) {
    state = (state * 48_271) % 2_147_483_647
    yield state / 2_147_483_647
  }
}

const attributes = (of: Readonly<Record<string, string>>): Attribute[] =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }))
const nanos = (ms: number): string => `${Math.round(ms * 1000)}000`

/** Errors: an answer that is not 200. */
export async function sendDeployedShop(target: { readonly url: string; readonly ingestKey: string }, nowMs: number): Promise<void> {
  const roll = dice()
  const next = (): number => roll.next().value
  const hex = (digits: number): string => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('')
  for (const version of ['1.9.0', '2.0.0']) {
    const isSlow = version === '2.0.0'
    const [fromMs, toMs] = isSlow ? [nowMs - deployedMs, nowMs - minuteMs] : [nowMs - minutes * minuteMs, nowMs - deployedMs]
    const spans: object[] = []
    for (let atMs = fromMs; atMs < toMs; atMs += minuteMs / perMinute) {
      const [traceId, spanId] = [hex(32), hex(16)]
      let clock = atMs + 2
      const call = (name: string, text: string, lengthMs: number): void => {
        const about = attributes({ 'db.system.name': 'postgresql', 'db.query.text': text })
        const times = { startTimeUnixNano: nanos(clock), endTimeUnixNano: nanos(clock + lengthMs) }
        spans.push({ traceId, spanId: hex(16), parentSpanId: spanId, name, kind: 3, ...times, attributes: about })
        clock += lengthMs + 0.4
      }
      call('SELECT orders', 'SELECT * FROM orders WHERE lower(email) = $1', (isSlow ? 700 : 20) * (0.8 + 0.4 * next()))
      for (let i = 0; i < 8; i++) call('SELECT customers', 'SELECT * FROM customers WHERE id = $1', 4 + 2 * next())
      const about = attributes({ 'http.request.method': 'POST', 'http.route': '/checkout' })
      const status = isSlow && next() < 0.2 ? { code: 2, message: 'timeout' } : {}
      const times = { startTimeUnixNano: nanos(atMs), endTimeUnixNano: nanos(clock + 1) }
      spans.push({ traceId, spanId, name: 'POST /checkout', kind: 2, ...times, attributes: about, status })
    }
    const resource = { attributes: attributes({ 'service.name': 'shop', 'service.version': version }) }
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${target.ingestKey}` }
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
    const answer = await fetch(new URL('/v1/traces', target.url), { method: 'POST', headers, body })
    if (answer.status !== 200) throw new Error(`spans were answered with ${answer.status}: ${await answer.text()}`)
  }
}

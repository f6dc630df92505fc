/**
 * Runs the demo against a Bellwether: days of history through remote write, then the present every ten seconds, the services' part
 * through OTLP/HTTP and the exporters' part through remote write. An outside client: it uses nothing that a user could not.
 */
import type { Clock } from '../kernel/clock.ts'
import { dayMs, minuteMs } from './calendar.ts'
import { otlpBody } from './otlp-body.ts'
import type { Source } from './points.ts'
import { RemoteWriteBody } from './remote-write-body.ts'
import { Shop, stepMs } from './shop.ts'

export interface DemoOptions {
  /** Where Bellwether listens, `http://127.0.0.1:4400`. */
  readonly url: string
  /** Null: without a key, where anonymous ingest allows it. */
  readonly ingestKey: string | null
  /** Ends the demo. */
  readonly signal: AbortSignal
  /** History to send first, days; 0 for none. */
  readonly days: number
  readonly clock: Clock
  /** One line for a person to read. */
  readonly log: (line: string) => void
}

/** History has a sample a minute; sixty of them per request and series. */
const historyStepMs = minuteMs
const rowsPerRequest = 60

/** A sender that is told to wait waits no longer than this before it tries again. */
const retryDelayMsMax = 30_000

interface Body {
  readonly path: string
  readonly type: string
  readonly encoding: string | null
  readonly bytes: Buffer | string
}

function isService(source: Source): boolean {
  return source.namespace !== ''
}

/** Resolves when `signal` aborts; rejects when Bellwether refuses the data. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { clock, signal, log, days } = options
  const startedMs = Math.floor(clock.nowMs() / stepMs) * stepMs
  const shop = new Shop(startedMs - days * dayMs)
  shop.advanceTo(startedMs - days * dayMs - stepMs)
  if (days > 0) await sendHistory(options, shop, startedMs)
  if (signal.aborted) return
  log('The shop is open: new samples every 10 seconds, until you stop it.')
  const exporters = new RemoteWriteBody((source) => !isService(source))
  while (!signal.aborted) {
    await clock.sleep(stepMs - (clock.nowMs() % stepMs), signal)
    if (signal.aborted) break
    shop.advanceTo(clock.nowMs())
    exporters.collect(shop.points, shop.timeMs)
    await send(options, remoteWrite(exporters))
    const services = otlpBody(shop.points, shop.timeMs, isService)
    await send(options, { path: '/v1/metrics', type: 'application/json', encoding: null, bytes: services.body })
  }
}

async function sendHistory(options: DemoOptions, shop: Shop, untilMs: number): Promise<void> {
  const { clock, signal, log, days } = options
  log(`Sending ${days} days of history ...`)
  const beganMs = clock.monotonicMs()
  const body = new RemoteWriteBody(() => true)
  let samples = 0
  let rows = 0
  let sending: Promise<void> = Promise.resolve()
  while (shop.timeMs + stepMs <= untilMs && !signal.aborted) {
    shop.step()
    if (shop.timeMs % historyStepMs !== 0) continue
    body.collect(shop.points, shop.timeMs)
    rows += 1
    if (rows % rowsPerRequest !== 0) continue
    samples += body.samples
    // The next hour is simulated while this one is under way, and no more than one is under way.
    await sending
    sending = send(options, remoteWrite(body))
    if (rows % (rowsPerRequest * 24) === 0) log(`  ${rows / rowsPerRequest / 24} of ${days} days`)
  }
  await sending
  samples += body.samples
  if (body.samples > 0) await send(options, remoteWrite(body))
  log(`Sent ${samples.toLocaleString('en')} samples in ${((clock.monotonicMs() - beganMs) / 1000).toFixed(0)} s.`)
}

function remoteWrite(body: RemoteWriteBody): Body {
  return { path: '/api/v1/write', type: 'application/x-protobuf', encoding: 'snappy', bytes: body.take() }
}

/** Sends until it is taken: "later" and a Bellwether that is away are waited out, a refusal is an error. */
async function send(options: DemoOptions, body: Body): Promise<void> {
  const { clock, signal, log } = options
  for (let attempt = 0; !signal.aborted; attempt++) {
    const answer = await post(options, body)
    if (answer === 'taken') return
    if (attempt === 0) log(`Waiting for Bellwether: ${answer.reason}`)
    await clock.sleep(Math.min(retryDelayMsMax, answer.retryAfterMs ?? 500 * 2 ** Math.min(attempt, 6)), signal)
  }
}

interface Later {
  readonly reason: string
  readonly retryAfterMs: number | null
}

async function post({ url, ingestKey, signal }: DemoOptions, body: Body): Promise<'taken' | Later> {
  const headers: Record<string, string> = { 'content-type': body.type, 'user-agent': 'bellwether-demo' }
  if (body.encoding !== null) headers['content-encoding'] = body.encoding
  if (body.encoding === 'snappy') headers['x-prometheus-remote-write-version'] = '0.1.0'
  if (ingestKey !== null) headers['authorization'] = `Bearer ${ingestKey}`
  let response: Response
  try {
    response = await fetch(new URL(body.path, url), { method: 'POST', headers, body: body.bytes, signal })
  } catch (error) {
    if (signal.aborted) return 'taken'
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { reason: cause instanceof Error ? cause.message : 'no answer', retryAfterMs: null }
  }
  const text = await response.text().catch(() => '')
  if (response.ok) return 'taken'
  if (response.status === 429 || response.status === 503) {
    const seconds = Number(response.headers.get('retry-after') ?? 'NaN')
    return { reason: `it answers ${response.status}`, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null }
  }
  throw new Error(`Bellwether refuses the demo's data: ${response.status} ${text.slice(0, 300)}`)
}

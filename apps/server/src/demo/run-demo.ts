/**
 * Runs the demo against a Bellwether: days of history through remote write, then the present every ten seconds, the services' part
 * through OTLP/HTTP and the exporters' part through remote write. Single requests, sampled, go as traces and logs through OTLP/HTTP. An outside client: it uses nothing that a user could not.
 */
import { dayMs, minuteMs, pageViewsPerSec, secondMs, storyFrom, trouble, type Story } from './calendar.ts'
import { logsBody, tracesBody } from './events-body.ts'
import { explode, flood } from './mishaps.ts'
import { otlpBody } from './otlp-body.ts'
import type { Source } from './points.ts'
import { send, type Body, type Target } from './post.ts'
import { RemoteWriteBody } from './remote-write-body.ts'
import { requestsOf, type DemoTrace } from './requests.ts'
import { Shop, stepMs } from './shop.ts'

export interface DemoOptions extends Target {
  /** History to send first, days; 0 for none. */
  readonly days: number
  /** A counter of the shop gets a label with ever new values. */
  readonly isExploding?: boolean
  /** Key of a project that floods beside the shop; without it none does. */
  readonly floodKey?: string | null
}

/** Of the present one request in so many is traced. */
const presentWeight = 4
/** Requests of a minute of history that are traced, in good times and in bad ones. */
const historyTraces = 4
const historyTracesInTrouble = 14
const tracesPerRequest = 250

/** History has a sample a minute; sixty of them per request and series. */
const historyStepMs = minuteMs
const rowsPerRequest = 60

function isService(source: Source): boolean {
  return source.namespace !== ''
}

/** Resolves when `signal` aborts; rejects when Bellwether refuses the data. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { clock, signal, log, days } = options
  const startedMs = Math.floor(clock.nowMs() / stepMs) * stepMs
  const shop = new Shop(startedMs - days * dayMs, storyFrom(startedMs))
  shop.advanceTo(startedMs - days * dayMs - stepMs)
  if (days > 0) await sendHistory(options, shop)
  if (signal.aborted) return
  log('A deploy of catalog went wrong a few minutes ago: see the overview. It is rolled back in some twenty minutes.')
  log('The shop is open: new data every 10 seconds, until you stop it.')
  await Promise.all([
    present(options, shop),
    ...(options.isExploding === true ? [explode(options)] : []),
    ...(options.floodKey === undefined || options.floodKey === null ? [] : [flood({ ...options, ingestKey: options.floodKey })]),
  ])
}

async function present(options: DemoOptions, shop: Shop): Promise<void> {
  const { clock, signal } = options
  const exporters = new RemoteWriteBody((source) => !isService(source))
  while (!signal.aborted) {
    await clock.sleep(stepMs - (clock.nowMs() % stepMs), signal)
    if (signal.aborted) break
    shop.advanceTo(clock.nowMs())
    exporters.collect(shop.points, shop.timeMs)
    await send(options, remoteWrite(exporters))
    const services = otlpBody(shop, isService)
    await send(options, { path: '/v1/metrics', type: 'application/json', encoding: null, bytes: services.body })
    const fromMs = shop.timeMs - stepMs
    const requests = (pageViewsPerSec(fromMs) * stepMs) / secondMs
    await sendTraces(options, requestsOf({ fromMs, stepMs, count: Math.round(requests / presentWeight) }, shop.story))
  }
}

/** Up to the moment at which it is done: weeks of it take minutes, which would be missing right before the present. */
async function sendHistory(options: DemoOptions, shop: Shop): Promise<void> {
  const { clock, signal, log, days } = options
  log(`Sending ${days} days of history ...`)
  const beganMs = clock.monotonicMs()
  const body = new RemoteWriteBody(() => true)
  let samples = 0
  let rows = 0
  let sending: Promise<void> = Promise.resolve()
  let traces: DemoTrace[] = []
  while (shop.timeMs + stepMs <= clock.nowMs() && !signal.aborted) {
    shop.step()
    if (shop.timeMs % historyStepMs !== 0) continue
    body.collect(shop.points, shop.timeMs)
    traces.push(...minuteOf(shop.timeMs - historyStepMs, shop.story))
    rows += 1
    if (rows % rowsPerRequest !== 0) continue
    samples += body.samples
    // The next hour is simulated while this one is under way, and no more than one is under way.
    await sending
    sending = sendHour(options, remoteWrite(body), traces)
    traces = []
    if (rows % (rowsPerRequest * 24) === 0) log(`  ${rows / rowsPerRequest / 24} of ${days} days`)
  }
  await sending
  samples += body.samples
  if (body.samples > 0) await sendHour(options, remoteWrite(body), traces)
  log(`Sent ${samples.toLocaleString('en')} samples in ${((clock.monotonicMs() - beganMs) / 1000).toFixed(0)} s.`)
}

function minuteOf(fromMs: number, story: Story): DemoTrace[] {
  const count = trouble(fromMs, story) > 0 ? historyTracesInTrouble : historyTraces
  return requestsOf({ fromMs, stepMs: historyStepMs, count }, story)
}

async function sendHour(options: DemoOptions, samples: Body, traces: readonly DemoTrace[]): Promise<void> {
  await send(options, samples)
  for (let at = 0; at < traces.length; at += tracesPerRequest) await sendTraces(options, traces.slice(at, at + tracesPerRequest))
}

async function sendTraces(options: DemoOptions, traces: readonly DemoTrace[]): Promise<void> {
  if (traces.length === 0) return
  await send(options, tracesBody(traces))
  await send(options, logsBody(traces))
}

function remoteWrite(body: RemoteWriteBody): Body {
  return { path: '/api/v1/write', type: 'application/x-protobuf', encoding: 'snappy', bytes: body.take() }
}

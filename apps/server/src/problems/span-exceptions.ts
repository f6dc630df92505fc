/**
 * Exceptions that spans carry as events become log records of their own, so that they are found, grouped and counted like all others. Costs a
 * look at the events of each span that has some.
 */
import type { LogsBatch } from '../logs/index.ts'
import { msOf, secondsOf, splitTime, timeHalves } from '../signals/index.ts'
import type { SpansBatch } from '../traces/index.ts'
import { isRecord, jsonOf, textOf } from './error-facts.ts'
import { liftedPerBatchMax } from './limits.ts'
import { errorAttributes } from './model.ts'
import { apartMs, nameOfException, spanEventSource } from './told-twice.ts'

const mark = Buffer.from('"name":"exception"')
/** An event further from its span's start has a clock of its own, s. */
const distanceSecMax = 86_400
const errorSeverity = 17

/** Adds a row to `logs` for each exception among the events of `spans`. */
export function liftExceptions(spans: SpansBatch, logs: LogsBatch): void {
  let lifted = 0
  for (let row = 0; row < spans.rows && lifted < liftedPerBatchMax; row++) {
    if (spans.events.end(row) === spans.events.start(row)) continue
    const bytes = spans.events.bytes(row)
    if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(mark) === -1) continue
    const events = jsonOf(spans.events.text(row))
    if (!Array.isArray(events)) continue
    const start = { low: spans.ts.u32(row), high: spans.ts.u32(row, 1) }
    for (const one of exceptionsOf(events, start, liftedPerBatchMax - lifted)) {
      writeException(spans, row, { one, logs })
      lifted++
    }
  }
}

/** What is told alike of one span, however its attributes differ. */
interface Alike {
  atMs: number
  /** How often, apart in time. */
  times: number
}

interface SpanException {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly time: Halves
  readonly alike: Alike
}

/** At most `max`. What is thrown through several hands is recorded by each of them: it is one, as long as it is at almost the same time. */
function exceptionsOf(events: readonly unknown[], start: Halves, max: number): SpanException[] {
  const found: SpanException[] = []
  const lastMs = new Map<string, number>()
  const names = new Map<string, Alike>()
  for (const event of events) {
    if (!isRecord(event) || event['name'] !== 'exception' || found.length >= max) continue
    const attributes = isRecord(event['attributes']) ? event['attributes'] : {}
    const time = timeOf(textOf(event['timeUnixNano']), start)
    const atMs = Math.floor(msOf(time.low, time.high))
    const what = JSON.stringify(attributes)
    const last = lastMs.get(what)
    if (last !== undefined && Math.abs(atMs - last) < apartMs) continue
    lastMs.set(what, atMs)
    const name = nameOfException({ type: textOf(attributes[errorAttributes.type]), message: textOf(attributes[errorAttributes.message]) })
    let alike = names.get(name)
    if (alike === undefined) names.set(name, (alike = { atMs, times: 1 }))
    else if (Math.abs(atMs - alike.atMs) >= apartMs) Object.assign(alike, { atMs, times: alike.times + 1 })
    found.push({ attributes, time, alike })
  }
  return found
}

interface Lifted {
  readonly one: SpanException
  readonly logs: LogsBatch
}

function writeException(spans: SpansBatch, row: number, { one, logs }: Lifted): void {
  const { attributes, time, alike } = one
  const type = textOf(attributes[errorAttributes.type])
  const message = textOf(attributes[errorAttributes.message])
  logs.ts.pushU64(time.low, time.high)
  logs.resource.pushU64(spans.resource.u32(row), spans.resource.u32(row, 1))
  logs.weight.pushF32(spans.weight.f32(row))
  for (const name of ['service', 'host', 'environment', 'release', 'scope'] as const) logs[name].pushString(spans[name].text(row))
  logs.source.pushString(spanEventSource)
  logs.severity.pushU8(errorSeverity)
  logs.traceId.pushRaw(spans.traceId.raw(row))
  logs.spanId.pushRaw(spans.spanId.raw(row))
  logs.body.pushString(type === '' || message === '' ? `${type}${message}` : `${type}: ${message}`)
  logs.attribute('event.name', 'exception')
  logs.attribute(errorAttributes.operation, spans.name.text(row))
  if (alike.times > 1) logs.attribute(errorAttributes.times, String(alike.times))
  for (const [name, value] of Object.entries(attributes)) if (typeof value === 'string') logs.attribute(name, value)
  logs.endRow()
}

interface Halves {
  readonly low: number
  readonly high: number
}

/** That of the event where it can be; the span's start, which was found to be within bounds, otherwise. */
function timeOf(nanosText: string, start: Halves): Halves {
  const seconds = Number(nanosText.slice(0, -9))
  const nanos = Number(nanosText.slice(-9))
  const isNear = /^\d{10,20}$/.test(nanosText) && Math.abs(seconds - secondsOf(start.low, start.high)) < distanceSecMax
  if (!isNear) return start
  splitTime(seconds, nanos)
  return { low: timeHalves.low, high: timeHalves.high }
}

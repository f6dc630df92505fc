/** Containers of logs: `{"items": [{timestamp, trace_id, level, body, attributes}]}` as rows. */
import { severityOf } from './event.ts'
import { idOf, numberOf, textOf, timeOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import { bytesOfId, sources } from './session.ts'
import type { EventContext } from './write-event.ts'
import { typedAttributes } from './write-spans.ts'

/** What an attribute of the record says of where it comes from, by our name for it. */
const ofResource: Readonly<Record<string, string>> = {
  'sentry.environment': 'deployment.environment.name',
  'sentry.release': 'service.version',
  'server.address': 'host.name',
  'service.name': 'service.name',
  'sentry.sdk.name': 'telemetry.sdk.name',
  'sentry.sdk.version': 'telemetry.sdk.version',
}

export function writeLog({ session: { logs }, resources, driftSec }: EventContext, json: JsonObject): void {
  const time = timeOf(json['timestamp'])
  const seconds = time === null ? Math.floor(logs.nowMs / 1000) : time.seconds + driftSec
  if (!logs.time(seconds, time?.nanos ?? Math.floor((logs.nowMs % 1000) * 1e6))) {
    logs.dropRow()
    return
  }
  const attributes = typedAttributes(json['attributes'])
  const origin: [string, string][] = []
  for (const [name, ours] of Object.entries(ofResource)) {
    const value = attributes.get(name)
    if (value === undefined) continue
    origin.push([ours, value])
    attributes.delete(name)
  }
  const release = origin.find(([name]) => name === 'service.version')?.[1] ?? ''
  const named = /^(.+)@[^@]+$/.exec(release)?.[1]
  if (named !== undefined && !origin.some(([name]) => name === 'service.name')) origin.push(['service.name', named])
  logs.from(resources.of(origin))
  logs.source.pushString(sources.log)
  const number = numberOf(json['severity_number'])
  logs.severity.pushU8(number !== null && number >= 1 && number <= 24 ? Math.floor(number) : severityOf(json['level'], 0))
  logs.body.pushString(textOf(json['body'], sentryLimits.logBodyCharsMax))
  const traceId = idOf(json['trace_id'], 32)
  const spanId = idOf(json['span_id'], 16) || idOf(attributes.get('sentry.trace.parent_span_id'), 16)
  if (traceId !== '') logs.traceId.pushRaw(bytesOfId(traceId))
  if (spanId !== '') logs.spanId.pushRaw(bytesOfId(spanId))
  for (const [name, value] of attributes) logs.attribute(name, value)
  logs.endRow()
}

/** OTLP/JSON bodies of traces and logs, as the services' OpenTelemetry SDKs would send them (opentelemetry-proto 1.x). */
import { versionAt } from './calendar.ts'
import { chance } from './chance.ts'
import type { DemoFailure, DemoLog, DemoSpan, DemoTrace, SpanKind } from './requests.ts'
import { environmentName } from './points.ts'
import { services } from './services.ts'
import type { Body } from './post.ts'

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const severities: Readonly<Record<DemoLog['severity'], number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 }

interface KeyValue {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly intValue: string }
}

function keyValues(attributes: Readonly<Record<string, string | number>>): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(Math.round(value)) } : { stringValue: value },
  }))
}

function hex(seed: number, a: number, words: number): string {
  let out = ''
  for (let i = 0; i < words; i++)
    out += Math.floor(chance(seed + i, a, i) * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  return out
}

function traceId({ seed }: DemoTrace): string {
  return hex(501, seed, 4)
}

function spanId({ seed }: DemoTrace, span: number): string {
  return hex(601 + span * 2, seed, 2)
}

/** ms with a fraction since 1970 → decimal ns. */
function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`
}

/** Rejection threshold of OpenTelemetry's consistent sampling: one in `weight` was kept. */
function tracestate(weight: number): string {
  if (weight <= 1) return ''
  const threshold = Math.round((1 - 1 / weight) * 0x1000_0000)
  return `ot=th:${threshold.toString(16).padStart(7, '0').replace(/0+$/, '')}`
}

interface Grouped<T> {
  readonly resource: { readonly attributes: KeyValue[] }
  readonly rows: T[]
}

/** Instances of a service take turns. */
function resourceOf(service: string, trace: DemoTrace): { key: string; attributes: KeyValue[] } {
  const place = services.findIndex(({ name }) => name === service)
  const instances = services[place]?.instances ?? [service]
  const instance = instances[trace.seed % instances.length] ?? service
  const version = versionAt(service, place, trace.startMs)
  const attributes = {
    'service.name': service,
    'service.namespace': 'shop',
    'service.instance.id': instance,
    'service.version': version,
    'deployment.environment.name': environmentName,
    'host.name': `${instance}.internal`,
    'telemetry.sdk.language': 'nodejs',
  }
  return { key: `${instance} ${version}`, attributes: keyValues(attributes) }
}

function exceptionOf({ type, message, stack }: DemoFailure): Record<string, string> {
  return { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack }
}

function group<T>(groups: Map<string, Grouped<T>>, service: string, trace: DemoTrace): T[] {
  const { key, attributes } = resourceOf(service, trace)
  const known = groups.get(key) ?? { resource: { attributes }, rows: [] }
  groups.set(key, known)
  return known.rows
}

function spanOf(trace: DemoTrace, span: DemoSpan, at: number): unknown {
  const startMs = trace.startMs + span.startMs
  const endMs = startMs + span.durationMs
  const { failure } = span
  return {
    traceId: traceId(trace),
    spanId: spanId(trace, at),
    ...(span.parent < 0 ? {} : { parentSpanId: spanId(trace, span.parent) }),
    traceState: tracestate(trace.weight),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: keyValues(span.attributes),
    ...(failure === null
      ? { status: {} }
      : {
          status: { code: 2, message: failure.message },
          events: [{ name: 'exception', timeUnixNano: nanos(endMs), attributes: keyValues(exceptionOf(failure)) }],
        }),
  }
}

/** All spans of the traces. */
export function tracesBody(traces: readonly DemoTrace[]): Body {
  const groups = new Map<string, Grouped<unknown>>()
  for (const trace of traces) trace.spans.forEach((span, at) => group(groups, span.service, trace).push(spanOf(trace, span, at)))
  const resourceSpans = [...groups.values()].map(({ resource, rows }) => ({
    resource,
    scopeSpans: [{ scope: { name: 'shop' }, spans: rows }],
  }))
  return { path: '/v1/traces', type: 'application/json', encoding: null, bytes: JSON.stringify({ resourceSpans }) }
}

/** All log lines of the traces. */
export function logsBody(traces: readonly DemoTrace[]): Body {
  const groups = new Map<string, Grouped<unknown>>()
  for (const trace of traces) {
    for (const { span, atMs, severity, body, attributes, failure } of trace.logs) {
      const service = trace.spans[span]?.service ?? 'web'
      group(groups, service, trace).push({
        timeUnixNano: nanos(trace.startMs + atMs),
        severityNumber: severities[severity],
        severityText: severity,
        body: { stringValue: body },
        attributes: keyValues({ ...attributes, ...(failure === null ? {} : exceptionOf(failure)) }),
        traceId: traceId(trace),
        spanId: spanId(trace, span),
      })
    }
  }
  const resourceLogs = [...groups.values()].map(({ resource, rows }) => ({
    resource,
    scopeLogs: [{ scope: { name: 'shop' }, logRecords: rows }],
  }))
  return { path: '/v1/logs', type: 'application/json', encoding: null, bytes: JSON.stringify({ resourceLogs }) }
}

/** OTLP bodies of traces and logs in protobuf, as the services' OpenTelemetry SDKs would send them (opentelemetry-proto 1.x). */
import { createHash } from 'node:crypto'

import { ByteWriter } from './byte-writer.ts'
import { versionAt } from './calendar.ts'
import type { DemoFailure, DemoLog, DemoSpan, DemoTrace, SpanKind } from './requests.ts'
import { environmentName } from './points.ts'
import { services } from './services.ts'
import type { Body } from './post.ts'

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const severities: Readonly<Record<DemoLog['severity'], number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 }
const errorStatus = 2

type Attributes = Readonly<Record<string, string | number>>

function message(sizeBytes: number, fill: (to: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(sizeBytes)
  fill(writer)
  return writer.bytes()
}

/** `KeyValue`s in the field. */
function attributesIn(to: ByteWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    const any = message(64, (one) => {
      if (typeof value === 'string') return one.text(1, value)
      one.key(3, 0)
      one.varint(Math.round(value))
    })
    to.message(
      field,
      message(128, (pair) => {
        pair.text(1, key)
        pair.message(2, any)
      }),
    )
  }
}

/** ms with a fraction since 1970, in ns. */
function timeIn(to: ByteWriter, field: number, ms: number): void {
  const whole = Math.floor(ms)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6)))
  to.key(field, 1)
  to.raw(bytes)
}

/** Of the same request the same, and of no two alike. */
function idOf(text: string, sizeBytes: number): Uint8Array {
  return createHash('sha256').update(text).digest().subarray(0, sizeBytes)
}

/** 16 bytes. */
export function traceId({ seed }: DemoTrace): Uint8Array {
  return idOf(`trace ${seed}`, 16)
}

function spanId({ seed }: DemoTrace, span: number): Uint8Array {
  return idOf(`span ${seed}/${span}`, 8)
}

/** Rejection threshold of OpenTelemetry's consistent sampling: one in `weight` was kept. */
function traceState(weight: number): string {
  if (weight <= 1) return ''
  const threshold = Math.round((1 - 1 / weight) * 0x1000_0000)
  return `ot=th:${threshold.toString(16).padStart(7, '0').replace(/0+$/, '')}`
}

/** Instances of a service take turns. */
function resourceOf(service: string, trace: DemoTrace): { key: string; attributes: Attributes } {
  const place = services.findIndex(({ name }) => name === service)
  const instances = services[place]?.instances ?? [service]
  const instance = instances[trace.seed % instances.length] ?? service
  const version = versionAt({ service, place }, trace.startMs, trace.story)
  const attributes = {
    'service.name': service,
    'service.namespace': 'shop',
    'service.instance.id': instance,
    'service.version': version,
    'deployment.environment.name': environmentName,
    'host.name': `${instance}.internal`,
    'telemetry.sdk.language': 'nodejs',
  }
  return { key: `${instance} ${version}`, attributes }
}

function exceptionOf(failure: DemoFailure | null): Attributes {
  if (failure === null) return {}
  return { 'exception.type': failure.type, 'exception.message': failure.message, 'exception.stacktrace': failure.stack }
}

function spanMessage(trace: DemoTrace, span: DemoSpan, at: number): Uint8Array {
  const startMs = trace.startMs + span.startMs
  const endMs = startMs + span.durationMs
  const { failure } = span
  return message(512, (to) => {
    to.message(1, traceId(trace))
    to.message(2, spanId(trace, at))
    to.text(3, traceState(trace.weight))
    if (span.parent >= 0) to.message(4, spanId(trace, span.parent))
    to.text(5, span.name)
    to.key(6, 0)
    to.varint(kinds[span.kind])
    timeIn(to, 7, startMs)
    timeIn(to, 8, endMs)
    attributesIn(to, 9, span.attributes)
    if (failure === null) return
    // Recorded where it was thrown; the spans above have failed as well.
    if (trace.logs.some((log) => log.failure !== null && log.span === at))
      to.message(
        11,
        message(512, (event) => {
          timeIn(event, 1, endMs)
          event.text(2, 'exception')
          attributesIn(event, 3, exceptionOf(failure))
        }),
      )
    to.message(
      15,
      message(64, (status) => {
        status.text(2, failure.message)
        status.key(3, 0)
        status.varint(errorStatus)
      }),
    )
  })
}

function logMessage(trace: DemoTrace, { span, atMs, severity, body, attributes, failure }: DemoLog): Uint8Array {
  return message(512, (to) => {
    timeIn(to, 1, trace.startMs + atMs)
    to.key(2, 0)
    to.varint(severities[severity])
    to.text(3, severity)
    to.message(
      5,
      message(128, (any) => any.text(1, body)),
    )
    attributesIn(to, 6, { ...attributes, ...exceptionOf(failure) })
    to.message(9, traceId(trace))
    to.message(10, spanId(trace, span))
  })
}

/** Rows by the process that sends them. */
class Processes {
  readonly #rows = new Map<string, { readonly attributes: Attributes; readonly rows: Uint8Array[] }>()

  add(service: string, trace: DemoTrace, row: Uint8Array): void {
    const { key, attributes } = resourceOf(service, trace)
    const known = this.#rows.get(key) ?? { attributes, rows: [] }
    this.#rows.set(key, known)
    // A view of its own writer.
    known.rows.push(row)
  }

  /** Requests of traces and of logs have the same shape: resources (1) of scopes (2) of rows (2). */
  body(path: string): Body {
    const bytes = message(65_536, (to) => {
      for (const { attributes, rows } of this.#rows.values()) to.message(1, processMessage(attributes, rows))
    })
    return { path, type: 'application/x-protobuf', encoding: null, bytes: Buffer.from(bytes) }
  }
}

function processMessage(attributes: Attributes, rows: readonly Uint8Array[]): Uint8Array {
  return message(16_384, (to) => {
    to.message(
      1,
      message(512, (resource) => attributesIn(resource, 1, attributes)),
    )
    to.message(
      2,
      message(16_384, (scope) => {
        scope.message(
          1,
          message(16, (name) => name.text(1, 'shop')),
        )
        for (const row of rows) scope.message(2, row)
      }),
    )
  })
}

/** All spans of the traces. */
export function tracesBody(traces: readonly DemoTrace[]): Body {
  const processes = new Processes()
  for (const trace of traces) trace.spans.forEach((span, at) => processes.add(span.service, trace, spanMessage(trace, span, at)))
  return processes.body('/v1/traces')
}

/** All log lines of the traces. */
export function logsBody(traces: readonly DemoTrace[]): Body {
  const processes = new Processes()
  for (const trace of traces)
    for (const log of trace.logs) processes.add(trace.spans[log.span]?.service ?? 'web', trace, logMessage(trace, log))
  return processes.body('/v1/logs')
}

/**
 * OTLP logs and traces over HTTP: `POST /v1/logs`, `POST /v1/traces`, protobuf or JSON, answered in the request's own content type
 * (opentelemetry.io/docs/specs/otlp). What differs between the two is in `OtlpSignal`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Kind } from '../../ingest/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { parseContentEncoding } from '../body/decompress.ts'
import { bodyTypeUnsupported } from '../errors.ts'
import type { EventDoor, EventOutcome } from '../event-door.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestRoutes } from '../http.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import type { EventProtocol } from '../raw-formats.ts'
import { statusJson, statusProtobuf } from './answers.ts'

const protocolName = 'otlp-http'

/** What tells logs from traces at the door. */
export interface OtlpSignal {
  readonly kind: Exclude<Kind, 'metrics'>
  readonly path: string
  readonly protobuf: EventProtocol
  readonly json: EventProtocol
  /** The count of a partial success in JSON, and the rows' name for people. */
  readonly rejected: string
  readonly rows: string
}

export const otlpTraces: OtlpSignal = {
  kind: 'spans',
  path: '/v1/traces',
  protobuf: 'otlpTracesProtobuf',
  json: 'otlpTracesJson',
  rejected: 'rejectedSpans',
  rows: 'spans',
}

export const otlpLogs: OtlpSignal = {
  kind: 'logs',
  path: '/v1/logs',
  protobuf: 'otlpLogsProtobuf',
  json: 'otlpLogsJson',
  rejected: 'rejectedLogRecords',
  rows: 'log records',
}

/** Exactly so in answers (hence buffers, to which Fastify adds no charset): the collector's exporter compares them literally. */
const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const

/** Adds the route of one signal to any Fastify instance; several listeners may share one door. */
export async function registerOtlpEventRoutes(app: FastifyInstance, door: EventDoor, signal: OtlpSignal): Promise<void> {
  await ingestRoutes(app, door.front, {
    kind: signal.kind,
    name: protocolName,
    sendError(request, reply, error) {
      const form = formOf(request) ?? 'json'
      reply.header('content-type', contentTypes[form])
      return reply.send(form === 'json' ? Buffer.from(statusJson(error)) : statusProtobuf(error))
    },
    register(scope) {
      scope.post(signal.path, ingestAccess, async (request, reply) => {
        using handled = admitRequest(door.front, request)
        const form = formOf(request)
        if (form === null) throw new AppError(bodyTypeUnsupported, { hint: 'Send application/x-protobuf or application/json.' })
        const encoding = parseContentEncoding(headerOf(request, 'content-encoding'))
        const outcome = await door.ingest({ ...handled, protocolName, format: signal[form], encoding, bytes: bodyOf(request) })
        reply.header('content-type', contentTypes[form])
        return reply.send(form === 'json' ? Buffer.from(eventResponseJson(outcome, signal)) : eventResponseProtobuf(outcome, signal))
      })
    },
  })
}

/** Null for any other content type. */
function formOf(request: FastifyRequest): 'protobuf' | 'json' | null {
  const type = headerOf(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf'
  return type === 'application/json' ? 'json' : null
}

/** What was refused, in words; '' when nothing was. */
function refusedText({ refused, received, refusedByReason, examples }: EventOutcome, { rows }: OtlpSignal): string {
  if (refused === 0) return ''
  const reasons = [...refusedByReason].map(([reason, count]) => `${reason} (${count})`).join(', ')
  const shown = examples.length === 0 ? '' : `; for example: ${examples.join('; ')}`
  return `${refused} of ${received} ${rows} were refused: ${reasons}${shown}`
}

/** `ExportTraceServiceResponse`, `ExportLogsServiceResponse`. */
export function eventResponseProtobuf(outcome: EventOutcome, signal: OtlpSignal): Buffer {
  const writer = new ProtoWriter()
  if (outcome.refused > 0)
    writer.messageField(1, (partial) => partial.varintField(1, outcome.refused).stringField(2, refusedText(outcome, signal)))
  return writer.finish()
}

/** 64-bit numbers are strings in proto3 JSON. */
export function eventResponseJson(outcome: EventOutcome, signal: OtlpSignal): string {
  if (outcome.refused === 0) return '{}'
  return JSON.stringify({ partialSuccess: { [signal.rejected]: String(outcome.refused), errorMessage: refusedText(outcome, signal) } })
}

/** OTLP over HTTP: `POST /v1/metrics`, protobuf or JSON, answered in the request's own content type (opentelemetry.io/docs/specs/otlp). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import { parseContentEncoding } from '../body/decompress.ts'
import { bodyTypeUnsupported } from '../errors.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestRoutes } from '../http.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { responseJson, responseProtobuf, statusJson, statusProtobuf } from './answers.ts'

const protocolName = 'otlp-http'

type OtlpFormat = 'otlpProtobuf' | 'otlpJson'

/** Exactly so in answers (hence buffers, to which Fastify adds no charset): the collector's exporter compares them literally. */
const contentTypes: Readonly<Record<OtlpFormat, string>> = { otlpProtobuf: 'application/x-protobuf', otlpJson: 'application/json' }

/** Adds the OTLP routes to any Fastify instance; several listeners may share one door. */
export async function registerOtlpRoutes(app: FastifyInstance, door: MetricsDoor): Promise<void> {
  await ingestRoutes(app, door, {
    name: protocolName,
    sendError: sendStatus,
    register(scope) {
      scope.post('/v1/metrics', ingestAccess, async (request, reply) => {
        using handled = admitRequest(door, request)
        const format = formatOf(request)
        if (format === null) {
          throw new AppError(bodyTypeUnsupported, { hint: 'Send application/x-protobuf or application/json.' })
        }
        const encoding = parseContentEncoding(headerOf(request, 'content-encoding'))
        const outcome = await door.ingest({ ...handled, protocolName, format, encoding, bytes: bodyOf(request) })
        reply.header('content-type', contentTypes[format])
        return reply.send(format === 'otlpJson' ? Buffer.from(responseJson(outcome)) : responseProtobuf(outcome))
      })
    },
  })
}

/** Null for any other content type. */
function formatOf(request: FastifyRequest): OtlpFormat | null {
  const type = headerOf(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'otlpProtobuf'
  return type === 'application/json' ? 'otlpJson' : null
}

/** google.rpc.Status; JSON unless the request was protobuf. */
function sendStatus(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  const format = formatOf(request) ?? 'otlpJson'
  reply.header('content-type', contentTypes[format])
  return reply.send(format === 'otlpJson' ? Buffer.from(statusJson(error)) : statusProtobuf(error))
}

/**
 * Prometheus remote write 1 and 2: `POST /api/v1/write`, snappy-compressed protobuf. Errors are plain text. A partial write keeps the
 * good part and answers 400 (never repeated by senders); what may succeed later is 429 or 503 with `Retry-After`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import { parseContentEncoding } from '../body/decompress.ts'
import { bodyTypeUnsupported } from '../errors.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestRoutes } from '../http.ts'
import type { MetricsDoor, MetricsOutcome } from '../metrics-door.ts'

const protocolName = 'remote-write'

type RemoteWriteFormat = 'remoteWrite1' | 'remoteWrite2'

/** The parameter `proto` of the content type; none means version 1. */
const messages: Readonly<Record<string, RemoteWriteFormat>> = {
  '': 'remoteWrite1',
  'prometheus.WriteRequest': 'remoteWrite1',
  'io.prometheus.write.v2.Request': 'remoteWrite2',
}

/** Adds the remote write route to any Fastify instance. */
export async function registerRemoteWriteRoutes(app: FastifyInstance, door: MetricsDoor): Promise<void> {
  await ingestRoutes(app, door, {
    name: protocolName,
    sendError: sendText,
    register(scope) {
      scope.post('/api/v1/write', ingestAccess, async (request, reply) => {
        using handled = admitRequest(door, request)
        const format = formatOf(request)
        const header = headerOf(request, 'content-encoding')
        // Version 1 senders may leave the header out; the body is snappy all the same.
        const encoding = header === undefined ? 'snappy' : parseContentEncoding(header)
        const outcome = await door.ingest({ ...handled, protocolName, format, encoding, bytes: bodyOf(request) })
        writtenHeaders(reply, outcome)
        if (outcome.pointsRefused === 0) return reply.code(204).send()
        return reply.code(400).type('text/plain; charset=utf-8').send(refusedText(outcome))
      })
    },
  })
}

/** Errors: `body.type_unsupported`. */
function formatOf(request: FastifyRequest): RemoteWriteFormat {
  const header = headerOf(request, 'content-type') ?? 'application/x-protobuf'
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim())
  const proto =
    parameters
      .find((parameter) => parameter.toLowerCase().startsWith('proto='))
      ?.slice('proto='.length)
      .replaceAll('"', '') ?? ''
  const format = Object.hasOwn(messages, proto) ? messages[proto] : undefined
  if (type.toLowerCase() !== 'application/x-protobuf' || format === undefined) {
    throw new AppError(bodyTypeUnsupported, {
      publicText: `Content-Type ${JSON.stringify(header.slice(0, 100))} is not supported.`,
      hint: 'Send application/x-protobuf, for version 2 with ;proto=io.prometheus.write.v2.Request.',
    })
  }
  return format
}

/** Required of version 2 receivers; version 1 senders ignore them. */
function writtenHeaders(
  reply: FastifyReply,
  outcome: Pick<MetricsOutcome, 'samplesWritten' | 'histogramsWritten' | 'exemplarsWritten'>,
): void {
  reply.header('x-prometheus-remote-write-samples-written', String(outcome.samplesWritten))
  reply.header('x-prometheus-remote-write-histograms-written', String(outcome.histogramsWritten))
  reply.header('x-prometheus-remote-write-exemplars-written', String(outcome.exemplarsWritten))
}

function refusedText(outcome: MetricsOutcome): string {
  const reasons = [...outcome.refused].map(([reason, points]) => `${reason}: ${points}`).join(', ')
  const lines = [
    `${outcome.pointsRefused} of ${outcome.pointsReceived} samples were refused (${reasons}); the others are stored.`,
    ...outcome.examples,
  ]
  return `${lines.join('\n')}\n`
}

function sendText(_request: FastifyRequest, reply: FastifyReply, error: AppError, status: number): FastifyReply {
  // Prometheus throws data away after a 429 unless told otherwise, but keeps it after a 503. Only a project over its own limit gets 429.
  const kept = status === 429 && error.code !== 'ingest.rate_limited' ? 503 : status
  writtenHeaders(reply, { samplesWritten: 0, histogramsWritten: 0, exemplarsWritten: 0 })
  return reply
    .code(kept)
    .type('text/plain; charset=utf-8')
    .send(`${error.publicText}${error.hint === null ? '' : `\n${error.hint}`}\n`)
}

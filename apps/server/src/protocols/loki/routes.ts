/**
 * Loki's push: `POST /loki/api/v1/push`, snappy-compressed protobuf or JSON. 204 with nothing, or a line of text as Loki says it. Entries
 * that cannot be taken (too old) are named with 400, which senders do not repeat; the others are stored.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'
import { type ContentEncoding, parseContentEncoding } from '../body/decompress.ts'
import { bodyTypeUnsupported } from '../errors.ts'
import type { EventDoor, EventOutcome } from '../event-door.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestRoutes } from '../http.ts'

const protocolName = 'loki'

type LokiFormat = 'lokiProtobuf' | 'lokiJson'

/** Adds the route to any Fastify instance. */
export async function registerLokiRoutes(app: FastifyInstance, door: EventDoor): Promise<void> {
  await ingestRoutes(app, door.front, {
    kind: 'logs',
    name: protocolName,
    sendError: sendText,
    register(scope) {
      scope.post('/loki/api/v1/push', ingestAccess, async (request, reply) => {
        using handled = admitRequest(door.front, request)
        const format = formatOf(request)
        const outcome = await door.ingest({
          ...handled,
          protocolName,
          format,
          encoding: encodingOf(request, format),
          bytes: bodyOf(request),
        })
        if (outcome.refused === 0) return reply.code(204).send()
        return reply.code(400).type('text/plain; charset=utf-8').send(refusedText(outcome))
      })
    },
  })
}

/** As Loki takes them: what is not JSON is protobuf. Errors: `body.type_unsupported`. */
function formatOf(request: FastifyRequest): LokiFormat {
  const type = headerOf(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return 'lokiJson'
  if (type === '' || type === 'application/x-protobuf' || type === 'application/protobuf') return 'lokiProtobuf'
  throw new AppError(bodyTypeUnsupported, {
    publicText: `Content-Type ${JSON.stringify(type.slice(0, 100))} is not supported.`,
    hint: 'Send application/x-protobuf (snappy) or application/json.',
  })
}

/** Protobuf is snappy, whether the sender says so or not. Errors: `body.encoding_unsupported`. */
function encodingOf(request: FastifyRequest, format: LokiFormat): ContentEncoding {
  const header = headerOf(request, 'content-encoding')
  return header === undefined && format === 'lokiProtobuf' ? 'snappy' : parseContentEncoding(header)
}

function refusedText({ refused, received, refusedByReason, examples }: EventOutcome): string {
  const reasons = [...refusedByReason].map(([reason, entries]) => `${reason}: ${entries}`).join(', ')
  const others = refused < received ? '; the others are stored' : ''
  return `${[`${refused} of ${received} entries were refused (${reasons})${others}`, ...examples].join('\n')}\n`
}

function sendText(_request: FastifyRequest, reply: FastifyReply, error: AppError, status: number): FastifyReply {
  const text = error.hint === null ? error.publicText : `${error.publicText}\n${error.hint}`
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}

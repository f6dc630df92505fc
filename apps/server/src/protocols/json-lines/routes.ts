/**
 * JSON lines over HTTP: `POST /v1/logs/jsonl`, an object a line or an array of objects, whatever the content type. Answered with what became
 * of the lines: 200 when some were stored, 202 when they wait to be read, 400 when none could be.
 */
import type { FastifyInstance } from 'fastify'
import { parseContentEncoding } from '../body/decompress.ts'
import { bodyMalformed } from '../errors.ts'
import type { EventDoor } from '../event-door.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestRoutes } from '../http.ts'

const protocolName = 'json-lines'

/** Adds the route to any Fastify instance. */
export async function registerJsonLinesRoutes(app: FastifyInstance, door: EventDoor): Promise<void> {
  await ingestRoutes(app, door.front, {
    kind: 'logs',
    name: protocolName,
    sendError: (request, reply, { code, publicText, hint }) =>
      reply.send({ error: { code, message: publicText, hint, requestId: request.id } }),
    register(scope) {
      scope.post('/v1/logs/jsonl', ingestAccess, async (request, reply) => {
        using handled = admitRequest(door.front, request)
        const encoding = parseContentEncoding(headerOf(request, 'content-encoding'))
        const bytes = bodyOf(request)
        const outcome = await door.ingest({ ...handled, protocolName, format: 'jsonLines', encoding, bytes })
        const counts = { accepted: outcome.logs, refused: Object.fromEntries(outcome.refusedByReason), examples: outcome.examples }
        if (outcome.received === 0) return reply.code(bytes.byteLength === 0 ? 200 : 202).send(counts)
        if (outcome.logs > 0) return reply.send(counts)
        const error = {
          code: bodyMalformed.code,
          message: 'None of the lines could be stored.',
          hint: outcome.examples[0] ?? null,
          requestId: request.id,
        }
        return reply.code(400).send({ error, ...counts })
      })
    },
  })
}

/** Envelopes of the Prometheus API: success with warnings, and its errors with the statuses its clients know. */
import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { PromErrorType } from '@bellwether/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { failureOf, prepareError } from '../http/answer.ts'
import { isDirectlyLocal } from '../http/request-facts.ts'
import { answerChunkChars, chunksPerTurn } from '../limits.ts'
import { chunked, quote } from './result-json.ts'

export interface Notes {
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

const jsonType = 'application/json; charset=utf-8'

function notesJson({ warnings = [], infos = [] }: Notes): string {
  const list = (name: string, texts: readonly string[]): string => (texts.length === 0 ? '' : `,"${name}":[${texts.map(quote).join(',')}]`)
  return list('warnings', warnings) + list('infos', infos)
}

function* envelope(data: Iterable<string>, notes: Notes): Generator<string> {
  yield '{"status":"success","data":'
  yield* data
  yield `${notesJson(notes)}}`
}

/** Sends `data` (JSON text in pieces): at once when short, else as a stream that waits for its reader. */
export function sendData(reply: FastifyReply, data: Iterable<string>, notes: Notes = {}): FastifyReply {
  const chunks = chunked(envelope(data, notes))
  const first = chunks.next().value ?? ''
  reply.type(jsonType)
  if (first.length < answerChunkChars) return reply.send(first)
  const whole = Readable.from(afterFirst(first, chunks), { objectMode: false })
  return reply.send(isWorthPacking(reply.request) ? packed(reply, whole) : whole)
}

/** On this machine packing costs more than sending. */
function isWorthPacking(request: FastifyRequest): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) && !isDirectlyLocal(request)
}

function packed(reply: FastifyReply, whole: Readable): Readable {
  reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  // A failure of either side ends both; whoever reads the answer sees it cut off.
  pipeline(whole, gzip, () => undefined)
  return gzip
}

/** Lets others have their turn every now and then: a million points are most of a second of writing numbers. */
async function* afterFirst(first: string, rest: Iterable<string>): AsyncGenerator<string> {
  yield first
  let sinceTurn = 0
  for (const chunk of rest) {
    yield chunk
    if (++sinceTurn % chunksPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A small value by way of JSON.stringify. */
export function sendValue(reply: FastifyReply, value: unknown, notes: Notes = {}): FastifyReply {
  return sendData(reply, [JSON.stringify(value)], notes)
}

/** A list written item by item. */
export function* listJson<Item>(items: readonly Item[], write: (item: Item) => string): Generator<string> {
  yield '['
  for (const [index, item] of items.entries()) yield (index === 0 ? '' : ',') + write(item)
  yield ']'
}

interface PromFailure {
  readonly errorType: PromErrorType
  readonly status: number
}

/** By code where Prometheus treats a failure specially; statuses are Prometheus' own. */
const failureByCode: ReadonlyMap<string, PromFailure> = new Map([
  ['promql.parse', { errorType: 'bad_data', status: 400 }],
  ['promql.execution', { errorType: 'execution', status: 422 }],
  ['query.too_many_samples', { errorType: 'execution', status: 422 }],
  ['query.too_many_series', { errorType: 'execution', status: 422 }],
  ['query.too_many_steps', { errorType: 'bad_data', status: 400 }],
  ['query.timeout', { errorType: 'timeout', status: 503 }],
  ['query.canceled', { errorType: 'canceled', status: 499 }],
  ['query.busy', { errorType: 'unavailable', status: 503 }],
  ['engine.timeout', { errorType: 'timeout', status: 503 }],
  ['engine.memory', { errorType: 'execution', status: 422 }],
])

function promFailure(error: AppError): PromFailure {
  const special = failureByCode.get(error.code)
  if (special !== undefined) return special
  switch (error.kind) {
    case 'invalid':
    case 'conflict':
    case 'too_large':
      return { errorType: 'bad_data', status: error.httpStatus }
    case 'unauthenticated':
      return { errorType: 'unauthorized', status: 401 }
    case 'forbidden':
      return { errorType: 'forbidden', status: 403 }
    case 'not_found':
      return { errorType: 'not_found', status: 404 }
    case 'limit':
      return { errorType: 'execution', status: 422 }
    case 'timeout':
      return { errorType: 'timeout', status: 503 }
    case 'canceled':
      return { errorType: 'canceled', status: 499 }
    case 'unavailable':
      return { errorType: 'unavailable', status: 503 }
    case 'internal':
      return { errorType: 'internal', status: 500 }
  }
}

/** A refusal says how to narrow the query, too. */
function messageOf(error: AppError): string {
  if (error.code === 'promql.parse') return `invalid parameter "query": ${error.publicText}`
  const isRefusal = error.kind === 'limit' || error.kind === 'timeout'
  return isRefusal && error.hint !== null ? `${error.publicText} ${error.hint}` : error.publicText
}

export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly logger: Logger
}

export function sendPromError(error: unknown, { request, reply, logger }: Exchange): FastifyReply {
  const failure = failureOf(error, request, logger)
  const { errorType, status } = promFailure(failure)
  prepareError(failure, reply)
  return reply
    .code(failure.code === 'api.method_not_allowed' ? 405 : status)
    .type(jsonType)
    .send({ status: 'error', errorType, error: messageOf(failure) })
}

/**
 * Influx line protocol over HTTP: `POST /write` (version 1) and `POST /api/v2/write` (version 2), with the answers that InfluxDB's clients
 * act upon. The good lines of a body are stored; those that are not are named. What may succeed later is 429 or 503 with `Retry-After`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AppError } from '../../kernel/errors.ts'
import { parseContentEncoding } from '../body/decompress.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestKey, ingestRoutes } from '../http.ts'
import type { MetricsDoor, MetricsOutcome } from '../metrics-door.ts'
import { parsePrecision } from './request.ts'

const protocolName = 'influx'
const version1 = '/write'
const version2 = '/api/v2/write'
/** What clients take us for: the newest whose line protocol and answers these are. */
const influxVersion = '1.8.10'
/** Longer names of databases are cut: they become a label. */
const databaseCharsMax = 200
/** The retention policy that version 1 has when none is named. */
const defaultPolicy = 'autogen'
const keyPattern = /^[0-9a-f]{32}$/i

/** Adds the Influx routes to any Fastify instance. */
export async function registerInfluxRoutes(app: FastifyInstance, door: MetricsDoor): Promise<void> {
  await ingestRoutes(app, door, {
    name: protocolName,
    keyOf: influxKey,
    sendError: (request, reply, error, status) => sendFailure(request, reply, failureOf(error, status)),
    register(scope) {
      for (const path of [version1, version2]) {
        scope.post(path, ingestAccess, async (request, reply) => {
          using handled = admitRequest(door, request)
          const query = queryOf(request)
          const influx = { precision: parsePrecision(query('precision')), database: databaseOf(request, query), nowMs: door.nowMs }
          const encoding = parseContentEncoding(headerOf(request, 'content-encoding'))
          const outcome = await door.ingest({ ...handled, protocolName, format: 'influx', influx, encoding, bytes: bodyOf(request) })
          identify(reply)
          if (outcome.pointsRefused === 0) return reply.code(204).send()
          return sendFailure(request, reply.code(400), { code: 'invalid', text: partialWrite(outcome), line: outcome.firstRefusedLine })
        })
      }
      // Version 1 clients make their database first; here there is nothing to make.
      scope.post('/query', ingestAccess, async (request, reply) => {
        using _handled = admitRequest(door, request)
        return answerQuery(request, identify(reply))
      })
    },
  })
  await registerProbes(app)
}

/** What clients ask before they write. */
async function registerProbes(app: FastifyInstance): Promise<void> {
  await app.register(async (scope) => {
    scope.get('/ping', { config: { bellwetherAccess: 'public' } }, async (_request, reply) => identify(reply).code(204).send())
    scope.get('/health', { config: { bellwetherAccess: 'public' } }, async (_request, reply) =>
      identify(reply).send({
        name: 'influxdb',
        message: 'ready for queries and writes',
        status: 'pass',
        checks: [],
        version: influxVersion,
        commit: '',
      }),
    )
  })
}

function identify(reply: FastifyReply): FastifyReply {
  return reply.header('x-influxdb-version', influxVersion).header('x-influxdb-build', 'OSS')
}

type Query = (name: string) => string

function queryOf(request: FastifyRequest): Query {
  const { query } = request
  return (name) => {
    const value: unknown = typeof query === 'object' && query !== null && Object.hasOwn(query, name) ? Reflect.get(query, name) : ''
    return typeof value === 'string' ? value : ''
  }
}

/** `bucket`, or `db` with its retention policy as InfluxDB 2 names the bucket of both. */
function databaseOf(request: FastifyRequest, query: Query): string {
  const policy = query('rp')
  const database = query('db')
  const name =
    pathOf(request) === version2
      ? query('bucket')
      : database === '' || policy === '' || policy === defaultPolicy
        ? database
        : `${database}/${policy}`
  return name.slice(0, databaseCharsMax)
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}

/**
 * `Authorization: Token <key>` (also `<user>:<key>`), Basic, or the parameters `u` and `p`; then the common places. Of a user and a
 * password the one that looks like a key is the key, else the password.
 */
function influxKey(request: FastifyRequest): string | null {
  const header = headerOf(request, 'authorization') ?? ''
  const token = /^token\s+(\S+)\s*$/i.exec(header)?.[1]
  if (token !== undefined) return keyOfPair(token)
  const basic = /^basic\s+(\S+)\s*$/i.exec(header)?.[1]
  if (basic !== undefined) return keyOfPair(Buffer.from(basic, 'base64').toString('utf8'))
  const query = queryOf(request)
  if (header === '' && (query('p') !== '' || query('u') !== '')) return keyOfPair(`${query('u')}:${query('p')}`)
  return ingestKey(request)
}

function keyOfPair(pair: string): string {
  const at = pair.indexOf(':')
  if (at < 0) return pair
  const [user, password] = [pair.slice(0, at), pair.slice(at + 1)]
  return keyPattern.test(password) || (password !== '' && !keyPattern.test(user)) ? password : user
}

interface Failure {
  /** As InfluxDB 2 names it. */
  readonly code: string
  readonly text: string
  /** Number of the first line in the body that was refused; 0: not known. */
  readonly line: number
}

const codes: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  413: 'request too large',
  415: 'unsupported media type',
  429: 'too many requests',
  503: 'unavailable',
}

function failureOf(error: AppError, status: number): Failure {
  const code = codes[status] ?? (status >= 500 ? 'internal error' : 'invalid')
  return { code, text: error.hint === null ? error.publicText : `${error.publicText} ${error.hint}`, line: 0 }
}

/** `{"error":…}` for version 1, `{"code":…,"message":…}` for version 2. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, { code, text, line }: Failure): FastifyReply {
  identify(reply).type('application/json; charset=utf-8')
  if (pathOf(request) === version2) return reply.send({ code, message: text, ...(line > 0 ? { line } : {}) })
  return reply.header('x-influxdb-error', headerText(text)).send({ error: text })
}

/** What a header may hold of a text. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 500)
}

/** InfluxDB's words for a body of which a part was stored, and those for one of which nothing could be read. */
function partialWrite({ pointsReceived, pointsRefused, refused, examples }: MetricsOutcome): string {
  const rest = pointsRefused - examples.length
  const more = rest > 0 ? `\nand ${rest} more (${[...refused].map(([reason, points]) => `${reason}: ${points}`).join(', ')})` : ''
  const text = `${examples.join('\n')}${more}`
  return pointsRefused === pointsReceived ? text : `partial write: ${text} dropped=${pointsRefused}`
}

/** `CREATE DATABASE` succeeds, everything else says where to ask. */
function answerQuery(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = new URLSearchParams(Buffer.from(bodyOf(request)).toString('utf8'))
  const text = queryOf(request)('q') || (body.get('q') ?? '')
  if (/^\s*create\s+database\b/i.test(text)) return reply.send({ results: [{ statement_id: 0 }] })
  return reply.code(400).send({ error: 'InfluxQL is not answered here; ask with PromQL at /api/v1/query' })
}

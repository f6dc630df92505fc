/**
 * Imports of files: the body of `POST …/metrics/import` is a stream of rows, or a part of one, and is never whole in memory; the jobs are
 * watched and cancelled at `…/metrics/imports`.
 */
import {
  importBodySchema,
  importPreviewBodySchema,
  importQuerySchema,
  pageSchema,
  type ImportBody,
  type ImportPreviewBody,
  type ImportQuery,
} from '@bellwether/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Access } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { badRequest, bodyTooLarge } from '../errors.ts'
import { failureOf, markAnswer, sendError } from '../http/answer.ts'
import { refuseOtherMethods, standingOf } from '../http/mount.ts'
import { refuseForeignOrigin } from '../http/request-facts.ts'
import { type AccessRule, defineRoute, nothing, type Route, type RouteDescription } from '../http/route-table.ts'
import { importPreviewBytesMax } from '../limits.ts'
import type { ApiImportOptions, ApiImportPreview, ApiImportStatus } from '../import-port.ts'
import type { ApiDeps } from '../ports.ts'
import { listOf } from './quoted-list.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project/metrics'
const tag = 'Data'
const access: AccessRule = { kind: 'project', needed: 'write' }

export function importRoutes({ imports }: Pick<ApiDeps, 'imports'>): Route[] {
  const common = { tag, query: nothing, body: nothing } as const
  const read: AccessRule = { kind: 'project', needed: 'read' }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/imports`,
      summary: 'Imports of files, the newest first, since the program started.',
      access: read,
      answer: pageSchema(importBodySchema),
      handle: async (call) => await Promise.resolve(wholePage(imports.list(tenantOf(call.access())).map(toBody))),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/imports/:import`,
      summary: 'How far an import is.',
      access: read,
      answer: importBodySchema,
      handle: async (call) => await Promise.resolve(toBody(imports.get(tenantOf(call.access()), call.param('import')))),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/imports/:import`,
      summary: 'Cancels an import; what was stored stays.',
      access,
      answer: importBodySchema,
      handle: async (call) => await Promise.resolve(toBody(imports.cancel(tenantOf(call.access()), call.param('import')))),
    }),
  ]
}

/** The routes that take files; their bodies are bytes, not JSON. */
export const importDescriptions: readonly RouteDescription[] = [
  describe('/import', 'Imports a file of CSV or JSON lines, whole or in parts (id, offset, more). The body is the file.', importBodySchema),
  describe('/import/preview', 'What the first rows of a file would become; nothing is stored.', importPreviewBodySchema),
]

function describe(path: string, summary: string, answer: z.ZodType): RouteDescription {
  return { method: 'POST', path: `${base}${path}`, summary, tag, access, query: importQuerySchema, body: null, answer, status: 200 }
}

/** Mounts them in a scope of their own: there the body is left to the route. */
export async function mountImports(
  app: FastifyInstance,
  deps: Pick<ApiDeps, 'imports' | 'accounts' | 'logger' | 'settings'>,
): Promise<void> {
  const publicOrigin = new URL(deps.settings.publicUrl).origin
  const accesses = new WeakMap<FastifyRequest, Access>()
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.setErrorHandler((error, request, reply) => sendError(failureOf(error, request, deps.logger), request, reply))
    scope.addHook('onRequest', async (request, reply) => markAnswer(request, reply))
    const onRequest = async (request: FastifyRequest): Promise<void> => {
      refuseForeignOrigin(request, publicOrigin)
      const standing = await standingOf(deps.accounts.gatekeeper, access, request)
      if (standing.access !== null) accesses.set(request, standing.access)
    }
    const tenantOfRequest = (request: FastifyRequest): Tenant => {
      const found = accesses.get(request)
      if (found === undefined) throw new Error('the request was not admitted')
      return tenantOf(found)
    }
    const config = { bellwetherAccess: access.kind }
    scope.post(`${base}/import`, { onRequest, config }, async (request) => {
      const tenant = tenantOfRequest(request)
      const query = queryOf(request)
      const id = query.id ?? deps.imports.open(tenant, optionsOf(query)).id
      return toBody(await deps.imports.send(tenant, id, { offset: query.offset, hasMore: query.more }, bodyOf(request)))
    })
    scope.post(`${base}/import/preview`, { onRequest, config }, async (request) => {
      tenantOfRequest(request)
      return toPreview(await deps.imports.preview(optionsOf(queryOf(request)), await firstBytes(bodyOf(request))))
    })
    refuseOtherMethods(scope, importDescriptions)
  })
}

function tenantOf({ scope }: Access): Tenant {
  const [projectId] = scope.projectIds
  if (projectId === undefined) throw new Error('the access is not to a project')
  return { organizationId: scope.organizationId, projectId }
}

function queryOf(request: FastifyRequest): ImportQuery {
  const parsed = importQuerySchema.safeParse(request.query)
  if (parsed.success) return parsed.data
  const shown = parsed.error.issues.slice(0, 5).map((issue) => `query.${issue.path.map(String).join('.')}: ${issue.message}`)
  throw new AppError(badRequest, { publicText: `${shown.join('; ')}.` })
}

/** The stream of a request's body; nothing when there is none. */
function bodyOf({ body }: FastifyRequest): AsyncIterable<Uint8Array> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the parser of this scope gives the request's own stream
  return (body ?? emptyBody()) as AsyncIterable<Uint8Array>
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** All of a body that is not large. Errors: `api.body_too_large`. */
async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    sizeBytes += piece.byteLength
    // Read to the end all the same, so that the sender gets its answer.
    if (sizeBytes <= importPreviewBytesMax) pieces.push(piece)
  }
  if (sizeBytes > importPreviewBytesMax)
    throw new AppError(bodyTooLarge, { publicText: `A preview takes the first rows, at most ${importPreviewBytesMax} bytes.` })
  return Buffer.concat(pieces)
}

/** Errors: `api.bad_request`. */
function optionsOf(query: ImportQuery): ApiImportOptions {
  const { time, timeFormat, name, nameColumn } = query
  const delimiter = query.delimiter === 'tab' ? '\t' : query.delimiter
  if (delimiter !== undefined && delimiter.length !== 1)
    throw new AppError(badRequest, { publicText: 'query.delimiter: one character, or tab.' })
  return {
    format: query.format,
    isGzipped: query.gzip,
    fileName: query.file,
    sizeBytes: query.size,
    mapping: {
      ...(time === undefined ? {} : { time }),
      ...(timeFormat === undefined ? {} : { timeFormat }),
      ...(query.values === undefined ? {} : { values: listOf(query.values) }),
      ...(query.labels === undefined ? {} : { labels: listOf(query.labels) }),
      ...(name === undefined ? {} : { name }),
      ...(nameColumn === undefined ? {} : { nameColumn }),
      ...(query.extraLabels === undefined ? {} : { extraLabels: pairsOf(query.extraLabels) }),
      ...(delimiter === undefined ? {} : { delimiter }),
    },
  }
}

function pairsOf(text: string): [string, string][] {
  return listOf(text).map((pair) => {
    const at = pair.indexOf(':')
    if (at < 1) throw new AppError(badRequest, { publicText: 'query.extraLabels: write name:value,name:value.' })
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
}

function toBody({ startedAtMs, endedAtMs, refused, refusedRows, mapping, ...rest }: ApiImportStatus): ImportBody {
  return {
    ...rest,
    refused: { ...refused },
    refusedRows: refusedRows.map((row) => ({ ...row })),
    mapping: mapping === null ? null : { ...mapping, values: [...mapping.values], labels: [...mapping.labels] },
    startedAt: wireTime(startedAtMs),
    endedAt: wireTimeOrNull(endedAtMs),
  }
}

function toPreview({ columns, mapping, rows, problem }: ApiImportPreview): ImportPreviewBody {
  return {
    columns: [...columns],
    mapping: mapping === null ? null : { ...mapping, values: [...mapping.values], labels: [...mapping.labels] },
    problem,
    rows: rows.map(({ line, series, timeMs, value, refusal }) => ({
      line,
      series,
      at: refusal === null ? wireTime(timeMs) : null,
      value,
      refusal,
    })),
  }
}

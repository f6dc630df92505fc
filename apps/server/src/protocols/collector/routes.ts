/**
 * `POST /api/0/projects/<project>/metrics`: batches of the metrics collector, from programs and from pages of any origin. Answered once what
 * it holds is durable; what could not be recorded is named item by item. A batch with an id (`X-Bellwether-Batch-Id`) counts once, however
 * often it comes within some minutes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Gatekeeper, IngestKeys } from '../../accounts/index.ts'
import { AppError, isAppError, type ErrorSpec } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricsCollector } from '../../metrics/index.ts'
import { type ContentEncoding, decompress, decompressSync, isDecompressedElsewhere, parseContentEncoding } from '../body/decompress.ts'
import { admitRequest, bodyOf, headerOf, ingestAccess, ingestKey, ingestRoutes, proveTenant } from '../http.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { BatchMemory } from './batch-memory.ts'
import { parseBatch } from './body.ts'

const collectorPath = '/api/0/projects/:project/metrics'

const protocolName = 'collector'
/** Refusals named in an answer; all are counted. */
const refusalsNamedMax = 100
/** Refusals that are named again when the batch comes again: what is remembered of a batch has to be small. */
const refusalsRememberedMax = 5
/** Refusals of one batch that the screens show. */
const refusalsNotedMax = 5
const batchIdPattern = /^[\x21-\x7e]{1,100}$/

const wrongProject: ErrorSpec = {
  code: 'ingest.wrong_project',
  kind: 'forbidden',
  publicText: 'This ingest key belongs to another project.',
}
const badBatchId: ErrorSpec = {
  code: 'body.bad_batch_id',
  kind: 'invalid',
  publicText: 'X-Bellwether-Batch-Id is 1 to 100 printable ASCII characters.',
}

/** The answer to a batch. */
export interface BatchAnswer {
  /** Values that were recorded. */
  readonly accepted: number
  /** Values that were not. */
  readonly refused: number
  /** The first refused items, by their place in the batch. */
  readonly refusals: readonly { readonly index: number; readonly reason: string; readonly message: string }[]
  /** The batch came before, and was not counted again. */
  readonly repeated: boolean
}

/** Collectors of projects, and who may send to them. */
export interface CollectorDoor {
  of(tenant: Tenant): MetricsCollector
  /** Counts what has no observation to be counted by. */
  refuse(tenant: Tenant, reason: string, values: number): void
  readonly keys: Pick<IngestKeys, 'resolve'>
  readonly gatekeeper: Gatekeeper
  readonly sources: { note(tenant: Tenant, protocol: string, points: number, atMs: number): void }
  readonly refusedSamples: { note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void }
  readonly clock: { nowMs(): number; monotonicMs(): number }
}

/** Adds the route, and what browsers ask before they use it. */
export async function registerCollectorRoutes(app: FastifyInstance, door: MetricsDoor, collectors: CollectorDoor): Promise<void> {
  const batches = new BatchMemory<BatchAnswer>(collectors.clock)
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      allowPages(reply)
      if (request.method !== 'OPTIONS') await proveToken(collectors, request)
    })
    await ingestRoutes(scope, door, {
      name: protocolName,
      keyOf,
      sendError: sendFailure,
      register: (inner) => {
        inner.post(collectorPath, ingestAccess, async (request, reply) => {
          using handled = admitRequest(door, request)
          if (String(handled.tenant.projectId) !== projectOf(request)) throw new AppError(wrongProject)
          const encoding = parseContentEncoding(headerOf(request, 'content-encoding'))
          const batch: Batch = { tenant: handled.tenant, id: batchIdOf(request), bytes: bodyOf(request), encoding }
          return await reply.send(await take({ door, collectors, batches }, batch))
        })
      },
    })
    scope.options(collectorPath, { config: { bellwetherAccess: 'public' } }, async (_request, reply) =>
      reply
        .header('access-control-allow-methods', 'POST')
        .header('access-control-allow-headers', 'authorization, content-type, content-encoding, x-bellwether-key, x-bellwether-batch-id')
        .header('access-control-max-age', '86400')
        .code(204)
        .send(),
    )
  })
}

interface Parts {
  readonly door: MetricsDoor
  readonly collectors: CollectorDoor
  readonly batches: BatchMemory<BatchAnswer>
}

interface Batch {
  readonly tenant: Tenant
  readonly id: string | null
  readonly bytes: Uint8Array
  readonly encoding: ContentEncoding
}

/**
 * Records once and commits each time: a repetition of a batch whose commit failed makes durable what was recorded then. The turn is over
 * before the commit, because others need it while the disk writes.
 */
async function take(parts: Parts, batch: Batch): Promise<BatchAnswer> {
  const { collectors, batches } = parts
  const { tenant, id } = batch
  const answer = await recordedInTurn(parts, batch)
  await collectors.of(tenant).commit()
  if (id !== null) batches.committed(tenant, id)
  if (!answer.repeated && answer.accepted > 0) collectors.sources.note(tenant, protocolName, answer.accepted, collectors.clock.nowMs())
  return answer
}

/** Bodies that other threads decompress would all become large together, so there is a number of them at a time. */
async function recordedInTurn(parts: Parts, batch: Batch): Promise<BatchAnswer> {
  const { intake, limits } = parts.door
  const { tenant, bytes, encoding } = batch
  if (!isDecompressedElsewhere(encoding))
    return await parts.door.inTurn(tenant, bytes.byteLength, () =>
      recordedOnce(parts, batch, decompressSync(bytes, encoding, limits.jsonBytesMax)),
    )
  using _elsewhere = await intake.turnElsewhere(tenant, bytes.byteLength)
  const plain = await decompress(bytes, encoding, limits.jsonBytesMax)
  return await parts.door.inTurn(tenant, plain.byteLength, () => recordedOnce(parts, batch, plain))
}

/** Remembered before the commit, so that a repetition meanwhile does not count either. */
function recordedOnce({ collectors, batches }: Parts, { tenant, id }: Batch, plain: Uint8Array): BatchAnswer {
  const before = id === null ? null : batches.recall(tenant, id)
  if (before !== null) return { ...before, repeated: true }
  const answer = recorded(collectors, tenant, plain)
  if (id !== null) batches.remember(tenant, id, { ...answer, refusals: answer.refusals.slice(0, refusalsRememberedMax) })
  return answer
}

function recorded(collectors: CollectorDoor, tenant: Tenant, bytes: Uint8Array): BatchAnswer {
  const collector = collectors.of(tenant)
  const refusals: { index: number; reason: string; message: string }[] = []
  let accepted = 0
  let refused = 0
  const refuse = (index: number, reason: string, message: string, values: number): void => {
    refused += values
    if (refusals.length < refusalsNamedMax) refusals.push({ index, reason, message })
    if (refusals.length <= refusalsNotedMax) noteRefused(collectors, tenant, reason, message)
  }
  for (const [index, item] of readable(collectors, tenant, bytes).entries()) {
    if (item.type === 'reject') {
      collectors.refuse(tenant, item.reason, item.values)
      refuse(index, item.reason, item.detail, item.values)
      continue
    }
    for (const observation of item.observations) {
      const outcome = collector.record(observation)
      if (outcome.type === 'ok') accepted++
      else refuse(index, outcome.reason, outcome.detail, 1)
    }
  }
  return { accepted, refused, refusals, repeated: false }
}

/** A body that is no batch counts as one refused value: how many it had nobody knows. */
function readable(collectors: CollectorDoor, tenant: Tenant, bytes: Uint8Array): ReturnType<typeof parseBatch> {
  try {
    return parseBatch(bytes)
  } catch (error) {
    if (!isAppError(error)) throw error
    collectors.refuse(tenant, 'malformed', 1)
    noteRefused(collectors, tenant, 'malformed', error.publicText)
    throw error
  }
}

// oxlint-disable-next-line max-params -- where, whose, why, what
function noteRefused({ refusedSamples, clock }: CollectorDoor, tenant: Tenant, reason: string, text: string): void {
  refusedSamples.note(tenant, protocolName, reason, text, clock.nowMs())
}

function queryParameter(request: FastifyRequest, name: string): string | null {
  const { query } = request
  const value: unknown = typeof query === 'object' && query !== null && Object.hasOwn(query, name) ? Reflect.get(query, name) : null
  return typeof value === 'string' ? value : null
}

/** The key in its usual places, or in the address: a page that is being left (`sendBeacon`) cannot set headers. */
function keyOf(request: FastifyRequest): string | null {
  return ingestKey(request) ?? queryParameter(request, 'key')
}

/** The id in its header, or in the address, for the same reason. Errors: `body.bad_batch_id`. */
function batchIdOf(request: FastifyRequest): string | null {
  const id = headerOf(request, 'x-bellwether-batch-id') ?? queryParameter(request, 'batch')
  if (id === null || batchIdPattern.test(id)) return id
  throw new AppError(badBatchId)
}

function projectOf({ params }: FastifyRequest): string {
  const project: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'project') : ''
  return typeof project === 'string' ? project : ''
}

/** What is no ingest key may be an API token with the right to write. Errors: `accounts.*`. */
async function proveToken({ keys, gatekeeper }: CollectorDoor, request: FastifyRequest): Promise<void> {
  const authorization = headerOf(request, 'authorization')
  const key = keyOf(request)
  if (authorization === undefined || key === null || keys.resolve(key) !== null) return
  const caller = await gatekeeper.authenticate({ authorization, cookie: null })
  if (caller === null) return
  const { scope } = await gatekeeper.project(caller, projectOf(request), 'write')
  const projectId = scope.projectIds[0]
  if (projectId !== undefined) proveTenant(request, { organizationId: scope.organizationId, projectId })
}

/** Pages of any origin may send: the key says to whom, and no cookie counts here. */
function allowPages(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'retry-after, x-request-id')
}

function sendFailure(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  allowPages(reply)
  return reply.send({ error: { code: error.code, message: error.publicText, hint: error.hint, requestId: request.id } })
}

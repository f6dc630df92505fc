/** Keys of a project, and what came into it. */
import {
  deadLetterSchema,
  ingestKeyCreateSchema,
  ingestKeySchema,
  pageSchema,
  refusalRowSchema,
  replayAnswerSchema,
  replayRequestSchema,
  sourceRowSchema,
  usageRowSchema,
  type IngestKey,
} from '@bellwether/protocol'
import type { KeyRecord } from '../../accounts/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import { listLetters, replayLetters, usageOf } from '../ingest-desk.ts'
import { refusalsShownMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project'

function toKey(record: KeyRecord): IngestKey {
  return {
    id: record.id,
    name: record.name,
    key: record.key,
    createdAt: wireTime(record.createdAtMs),
    revokedAt: wireTimeOrNull(record.revokedAtMs),
  }
}

export function projectRoutes(deps: Pick<ApiDeps, 'accounts' | 'ingest'>): Route[] {
  return [...keyRoutes(deps), ...ingestRoutes(deps), ...deadLetterRoutes(deps)]
}

function keyRoutes({ accounts: { directory } }: Pick<ApiDeps, 'accounts'>): Route[] {
  const common = { tag: 'Project', query: nothing }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/keys`,
      summary: 'Ingest keys, revoked ones included.',
      access: { kind: 'project', needed: 'write' },
      body: nothing,
      answer: pageSchema(ingestKeySchema),
      handle: async (call) => wholePage((await directory.keys(call.access())).map(toKey)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/keys`,
      summary: 'Makes an ingest key.',
      access: { kind: 'project', needed: 'admin' },
      body: ingestKeyCreateSchema,
      answer: ingestKeySchema,
      status: 201,
      handle: async (call) => toKey(await directory.createKey(call.access(), call.body.name)),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/keys/:key`,
      summary: 'Revokes an ingest key: data that carries it is refused within a second or two.',
      access: { kind: 'project', needed: 'admin' },
      body: nothing,
      answer: null,
      handle: async (call) => await directory.revokeKey(call.access(), call.param('key')),
    }),
  ]
}

function ingestRoutes({ accounts: { directory }, ingest }: Pick<ApiDeps, 'accounts' | 'ingest'>): Route[] {
  const common = { method: 'GET', tag: 'Data', query: nothing, body: nothing } as const
  return [
    defineRoute({
      ...common,
      path: '/api/0/organizations/:organization/usage',
      summary: 'Received = stored + refused + dropped + queued, by project and kind, since the program started.',
      access: { kind: 'organization', needed: 'read' },
      answer: pageSchema(usageRowSchema),
      handle: async (call) => {
        const access = call.access()
        const names = new Map((await directory.projects(access)).map((project) => [project.id, project.name]))
        return wholePage(
          usageOf(access.scope, ingest.conservation.rows()).map((row) => ({
            projectId: String(row.projectId),
            projectName: names.get(String(row.projectId)) ?? '',
            kind: row.kind,
            received: row.received,
            stored: row.stored,
            refused: { ...row.refused },
            dropped: { ...row.dropped },
            queued: row.queued,
            bytes: row.bytes,
            leftOut: { ...row.leftOut },
          })),
        )
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/sources`,
      summary: 'Protocols that sent data since the program started, last seen first.',
      access: { kind: 'project', needed: 'read' },
      answer: pageSchema(sourceRowSchema),
      handle: async (call) =>
        wholePage(
          ingest.sources.list(call.access().scope).map(({ protocol, points, firstSeenMs, lastSeenMs }) => ({
            protocol,
            points,
            firstSeenAt: wireTime(firstSeenMs),
            lastSeenAt: wireTime(lastSeenMs),
          })),
        ),
    }),
    defineRoute({
      ...common,
      path: `${base}/refused`,
      summary: 'Recent refusals in words, newest first.',
      access: { kind: 'project', needed: 'read' },
      answer: pageSchema(refusalRowSchema),
      handle: async (call) =>
        wholePage(
          ingest.refusedSamples
            .list(call.access().scope)
            .slice(0, refusalsShownMax)
            .map(({ atMs, protocol, reason, text }) => ({ at: wireTime(atMs), protocol, reason, text })),
        ),
    }),
  ]
}

function deadLetterRoutes({ ingest: { deadLetters } }: Pick<ApiDeps, 'ingest'>): Route[] {
  const common = { tag: 'Data', query: nothing }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/dead-letters`,
      summary: 'What the store refused for ever.',
      access: { kind: 'project', needed: 'read' },
      body: nothing,
      answer: pageSchema(deadLetterSchema),
      handle: async (call) =>
        wholePage(
          (await listLetters(call.access().scope, deadLetters)).map(({ id, buriedAtMs, kind, reason, rows, sizeBytes }) => ({
            id,
            at: wireTime(buriedAtMs),
            kind,
            reason,
            rows,
            sizeBytes,
          })),
        ),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/dead-letters/replay`,
      summary: 'Sends dead letters to the store again.',
      access: { kind: 'project', needed: 'admin' },
      body: replayRequestSchema,
      answer: replayAnswerSchema,
      handle: async (call) => await replayLetters(call.access().scope, deadLetters, call.body.ids),
    }),
  ]
}

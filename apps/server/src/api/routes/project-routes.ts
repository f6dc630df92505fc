/** Keys of a project, what came into it, and its metrics' metadata. */
import {
  deadLetterSchema,
  ingestKeyCreateSchema,
  ingestKeySchema,
  metricSchema,
  metricsQuerySchema,
  metricTagSchema,
  metricTagValueSchema,
  pageQuerySchema,
  pageSchema,
  refusalRowSchema,
  replayAnswerSchema,
  replayRequestSchema,
  sourceRowSchema,
  usageRowSchema,
  type IngestKey,
  type Metric,
} from '@bellwether/protocol'
import type { KeyRecord } from '../../accounts/index.ts'
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { MetricSummary } from '../../metrics/index.ts'
import type { CatalogRequest, MetricsQuery } from '../../query/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import { listLetters, replayLetters, usageOf } from '../ingest-desk.ts'
import { refusalsShownMax, tagValuesCountedMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project'

const metricNotFound: ErrorSpec = { code: 'metrics.not_found', kind: 'not_found', publicText: 'This project has no such metric.' }

function toKey(record: KeyRecord): IngestKey {
  return {
    id: record.id,
    name: record.name,
    key: record.key,
    createdAt: wireTime(record.createdAtMs),
    revokedAt: wireTimeOrNull(record.revokedAtMs),
  }
}

function toMetric(summary: MetricSummary): Metric {
  const { name, metadata, seriesCount } = summary
  return {
    name,
    type: metadata?.type ?? 'unknown',
    unit: metadata?.unit ?? '',
    help: metadata?.help ?? '',
    seriesCount,
    firstSeenAt: wireTime(summary.firstSeenMs),
    lastSeenAt: wireTime(summary.lastSeenMs),
  }
}

export function projectRoutes(deps: Pick<ApiDeps, 'accounts' | 'ingest' | 'query'>): Route[] {
  return [...keyRoutes(deps), ...ingestRoutes(deps), ...deadLetterRoutes(deps), ...metricRoutes(deps)]
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

function metricRoutes({ query }: Pick<ApiDeps, 'query'>): Route[] {
  const common = { method: 'GET', tag: 'Metrics', access: { kind: 'project', needed: 'read' }, body: nothing } as const
  return [
    defineRoute({
      ...common,
      path: `${base}/metrics`,
      summary: 'Metrics of the project by name; `search` is part of a name.',
      query: metricsQuerySchema,
      answer: pageSchema(metricSchema),
      handle: async (call) => {
        const { search, cursor, limit } = call.query
        const wanted = search.toLowerCase()
        const all = await query.allMetrics(call.access().scope, call.signal)
        const found = all
          .filter(({ name }) => name.toLowerCase().includes(wanted) && (cursor === null || name > cursor))
          .sort((a, b) => (a.name < b.name ? -1 : 1))
        const items = found.slice(0, limit).map(toMetric)
        return { items, next: found.length > limit ? (items.at(-1)?.name ?? null) : null }
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/metrics/:name`,
      summary: 'One metric: type, unit, description, series, first and last sample.',
      query: nothing,
      answer: metricSchema,
      handle: async (call) => toMetric(await mustHave(query, call.access().scope, call.param('name'), call.signal)),
    }),
    defineRoute({
      ...common,
      path: `${base}/metrics/:name/tags`,
      summary: 'Tags (labels) of a metric and how many values each has.',
      query: nothing,
      answer: pageSchema(metricTagSchema),
      handle: async (call) => {
        const { scope } = call.access()
        const request = seriesOf(call.param('name'), tagValuesCountedMax)
        const names = (await query.allLabelNames(scope, request, call.signal)).items
        if (names.length === 0) throw new AppError(metricNotFound)
        const tags = names.filter((name) => name !== '__name__')
        const counted = tags.map(async (name) => {
          const values = await query.allLabelValues(scope, name, request, call.signal)
          return { name, valueCount: values.items.length, valueCountIsExact: !values.isCut }
        })
        return wholePage(await Promise.all(counted))
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/metrics/:name/tags/:tag`,
      summary: 'Values of one tag of a metric, in order.',
      query: pageQuerySchema,
      answer: pageSchema(metricTagValueSchema),
      handle: async (call) => {
        const { scope } = call.access()
        const { cursor, limit } = call.query
        const found = (await query.allLabelValues(scope, call.param('tag'), seriesOf(call.param('name'), 0), call.signal)).items
        const values = found.filter((value) => cursor === null || value > cursor)
        const items = values.slice(0, limit).map((value) => ({ value }))
        return { items, next: values.length > limit ? (items.at(-1)?.value ?? null) : null }
      },
    }),
  ]
}

async function mustHave(query: MetricsQuery, scope: Scope, name: string, signal: AbortSignal): Promise<MetricSummary> {
  const found = (await query.allMetrics(scope, signal)).find((summary) => summary.name === name)
  if (found === undefined) throw new AppError(metricNotFound)
  return found
}

/** All series of a metric, whenever they were active. */
function seriesOf(metric: string, limit: number): CatalogRequest {
  const matchers = [[{ name: '__name__', op: '=' as const, value: metric }]]
  return { matchers, fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER, limit }
}

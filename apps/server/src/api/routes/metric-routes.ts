/** What metrics a project has, what they are, what may be asked of them, and their tags. */
import {
  metricDetailSchema,
  metricSchema,
  metricsQuerySchema,
  metricTagSchema,
  metricTagValueSchema,
  pageQuerySchema,
  pageSchema,
  type Metric,
} from '@bellwether/protocol'
import { AppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { MetricSummary } from '../../metrics/index.ts'
import { looksLikeMri, parseMri, publicNameOf } from '../../naming/index.ts'
import { metricNotFound, type CatalogRequest, type MetricOperations } from '../../query/index.ts'
import { defineRoute, nothing, type Call, type Route } from '../http/route-table.ts'
import { tagValuesCountedMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime } from './times.ts'

const base = '/api/0/projects/:project/metrics'

function toMetric(summary: MetricSummary, operations: MetricOperations, scope: Scope): Metric {
  const { name, metadata, seriesCount } = summary
  const described = operations.describe(scope, name, metadata)
  return {
    name,
    type: metadata?.type ?? 'unknown',
    unit: metadata?.unit ?? '',
    help: metadata?.help ?? '',
    seriesCount,
    firstSeenAt: wireTime(summary.firstSeenMs),
    lastSeenAt: wireTime(summary.lastSeenMs),
    mri: described.mri,
    useCase: described.useCase,
    operations: [...described.operations],
  }
}

/** The name in the address, which may be an MRI. Errors: `naming.bad_mri`. */
function nameOf(call: Call<unknown, unknown>): string {
  const text = call.param('name')
  return looksLikeMri(text) ? publicNameOf(parseMri(text)) : text
}

/** All series of a metric, whenever they were active. */
function seriesOf(metric: string, limit: number): CatalogRequest {
  const matchers = [[{ name: '__name__', op: '=' as const, value: metric }]]
  return { matchers, fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER, limit }
}

const common = { method: 'GET', tag: 'Metrics', access: { kind: 'project', needed: 'read' }, body: nothing } as const

export function metricRoutes(deps: Pick<ApiDeps, 'query' | 'operations'>): Route[] {
  return [...listRoutes(deps), ...tagRoutes(deps)]
}

function listRoutes({ query, operations }: Pick<ApiDeps, 'query' | 'operations'>): Route[] {
  return [
    defineRoute({
      ...common,
      path: base,
      summary: 'Metrics of the project by name; `search` is part of a name, `useCase` a namespace.',
      query: metricsQuerySchema,
      answer: pageSchema(metricSchema),
      handle: async (call) => {
        const { search, useCase, cursor, limit } = call.query
        const { scope } = call.access()
        const wanted = search.toLowerCase()
        const all = await query.allMetrics(scope, call.signal)
        const found = all
          .filter(({ name }) => name.toLowerCase().includes(wanted) && (cursor === null || name > cursor))
          .filter(({ name, metadata }) => useCase === null || operations.describe(scope, name, metadata).useCase === useCase)
          .sort((a, b) => (a.name < b.name ? -1 : 1))
        const items = found.slice(0, limit).map((summary) => toMetric(summary, operations, scope))
        return { items, next: found.length > limit ? (items.at(-1)?.name ?? null) : null }
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/:name`,
      summary: 'One metric, by name or MRI: type, unit, description, operations, tags, series, first and last sample.',
      query: nothing,
      answer: metricDetailSchema,
      handle: async (call) => {
        const { scope } = call.access()
        const wanted = nameOf(call)
        const found = (await query.allMetrics(scope, call.signal)).find(({ name }) => name === wanted)
        if (found === undefined) throw new AppError(metricNotFound)
        const labels = (await query.allLabelNames(scope, seriesOf(wanted, 0), call.signal)).items
        return { ...toMetric(found, operations, scope), tags: labels.filter((name) => name !== '__name__') }
      },
    }),
  ]
}

function tagRoutes({ query }: Pick<ApiDeps, 'query'>): Route[] {
  return [
    defineRoute({
      ...common,
      path: `${base}/:name/tags`,
      summary: 'Tags (labels) of a metric and how many values each has.',
      query: nothing,
      answer: pageSchema(metricTagSchema),
      handle: async (call) => {
        const { scope } = call.access()
        const request = seriesOf(nameOf(call), tagValuesCountedMax)
        const names = (await query.allLabelNames(scope, request, call.signal)).items
        if (names.length === 0) throw new AppError(metricNotFound)
        const counted = names
          .filter((name) => name !== '__name__')
          .map(async (name) => {
            const values = await query.allLabelValues(scope, { ...request, label: name }, call.signal)
            return { name, valueCount: values.items.length, valueCountIsExact: !values.isCut }
          })
        return wholePage(await Promise.all(counted))
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/:name/tags/:tag`,
      summary: 'Values of one tag of a metric, in order.',
      query: pageQuerySchema,
      answer: pageSchema(metricTagValueSchema),
      handle: async (call) => {
        const { scope } = call.access()
        const { cursor, limit } = call.query
        const found = (await query.allLabelValues(scope, { ...seriesOf(nameOf(call), 0), label: call.param('tag') }, call.signal)).items
        const values = found.filter((value) => cursor === null || value > cursor)
        const items = values.slice(0, limit).map((value) => ({ value }))
        return { items, next: values.length > limit ? (items.at(-1)?.value ?? null) : null }
      },
    }),
  ]
}

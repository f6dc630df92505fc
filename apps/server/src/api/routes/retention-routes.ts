/** How long a project keeps its metrics, and deleting some of them. */
import {
  deleteMetricQuerySchema,
  deleteSeriesRequestSchema,
  deletionAnswerSchema,
  metricDeletionSchema,
  pageSchema,
  retentionPolicySchema,
  retentionPreviewSchema,
  retentionStatusSchema,
  type DeletionAnswer,
  type RetentionPolicy,
  type RetentionStatus,
} from '@bellwether/protocol'
import type { Access } from '../../accounts/index.ts'
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'
import { compileMatcher, type Matcher } from '../../metrics/index.ts'
import { parseSelector } from '../../promql/index.ts'
import type { MetricDeletion, Retention, RetentionState } from '../../retention/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project'

const matchesAll: ErrorSpec = {
  code: 'retention.selector_too_wide',
  kind: 'invalid',
  publicText: 'Each selector needs a matcher that does not match an absent label.',
  hint: 'Name the metric, for instance: up{host="a"}.',
}

function toStatus({ policy, changedAtMs, lastRunAtMs, ...rest }: RetentionState): RetentionStatus {
  const wire: RetentionPolicy = { ...policy, rules: policy.rules.map((rule) => ({ ...rule })) }
  return { ...rest, policy: wire, changedAt: wireTimeOrNull(changedAtMs), lastRunAt: wireTimeOrNull(lastRunAtMs) }
}

function toWire({ match, beforeMs, requestedAtMs, finishedAtMs, ...rest }: MetricDeletion) {
  const text = match.map((set) => `{${set.map(({ name, op, value }) => `${name}${op}${JSON.stringify(value)}`).join(',')}}`)
  const times = { before: wireTime(beforeMs), requestedAt: wireTime(requestedAtMs), finishedAt: wireTimeOrNull(finishedAtMs) }
  return { ...rest, ...times, match: text }
}

export function retentionRoutes({ retention }: Pick<ApiDeps, 'retention'>): Route[] {
  return [...policyRoutes(retention), ...deletionRoutes(retention)]
}

function policyRoutes(retention: Retention): Route[] {
  const common = { tag: 'Retention', query: nothing, path: `${base}/retention` }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'How long metrics of the project are kept, and when room was last made.',
      access: { kind: 'project', needed: 'read' },
      body: nothing,
      answer: retentionStatusSchema,
      handle: async (call) => toStatus(await retention.get(call.access())),
    }),
    defineRoute({
      ...common,
      method: 'PUT',
      summary: 'Sets how long metrics are kept. What is past it is not shown from now on, and goes in the background.',
      access: { kind: 'project', needed: 'admin' },
      body: retentionPolicySchema,
      answer: retentionStatusSchema,
      handle: async (call) => toStatus(await retention.put(call.access(), call.body)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/retention/preview`,
      summary: 'Rows that would go with this retention now. Changes nothing.',
      access: { kind: 'project', needed: 'read' },
      body: retentionPolicySchema,
      answer: retentionPreviewSchema,
      handle: async (call) => ({ ...(await retention.preview(call.access(), call.body, call.signal)) }),
    }),
  ]
}

function deletionRoutes(retention: Retention): Route[] {
  const common = { tag: 'Retention', access: { kind: 'project', needed: 'admin' } } as const
  return [
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/metrics/:name`,
      summary: 'Deletes a metric with its rollups and description; `dryRun=true` only counts. Data that comes later is new data.',
      query: deleteMetricQuerySchema,
      body: nothing,
      answer: deletionAnswerSchema,
      handle: (call) => {
        const match = [[{ name: '__name__', op: '=' as const, value: call.param('name') }]]
        return erase(retention, { access: call.access(), match, dryRun: call.query.dryRun, signal: call.signal })
      },
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/metrics/delete-series`,
      summary: 'Deletes the series that any of the selectors matches; with `dryRun` it only counts.',
      query: nothing,
      body: deleteSeriesRequestSchema,
      answer: deletionAnswerSchema,
      handle: (call) => {
        const match = call.body.match.map(selectorOf)
        return erase(retention, { access: call.access(), match, dryRun: call.body.dryRun, signal: call.signal })
      },
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/retention/deletions`,
      summary: 'Deletions of the project, newest first.',
      access: { kind: 'project', needed: 'read' },
      query: nothing,
      body: nothing,
      answer: pageSchema(metricDeletionSchema),
      handle: async (call) => wholePage((await retention.deletions(call.access())).map(toWire)),
    }),
  ]
}

interface Erasure {
  readonly access: Access
  readonly match: readonly (readonly Matcher[])[]
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

async function erase(retention: Retention, { access, match, dryRun, signal }: Erasure): Promise<DeletionAnswer> {
  if (dryRun) return { id: null, ...(await retention.count(access, match, signal)) }
  const { id, series, samples } = await retention.delete(access, match, signal)
  return { id, series, samples }
}

function selectorOf(text: string): readonly Matcher[] {
  const matchers = parseSelector(text)
  if (matchers.every((matcher) => compileMatcher(matcher).matchesEmpty)) throw new AppError(matchesAll)
  return matchers
}

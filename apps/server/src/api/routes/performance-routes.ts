/** Performance: operations, findings, the report of a period against the one before, deploys. */
import {
  deployDraftSchema,
  deploySchema,
  deploysQuerySchema,
  findingChangeSchema,
  findingsQuerySchema,
  operationKinds,
  operationsAnswerSchema,
  operationsQuerySchema,
  pageSchema,
  performanceFindingSchema,
  performanceReportSchema,
  reportQuerySchema,
  type Deploy as WireDeploy,
  type OperationChange as WireChange,
  type OperationKind,
  type OperationOfPeriod as WireOfPeriod,
  type OperationsQuery,
  type OperationSummary as WireSummary,
  type PerformanceFinding,
  type PerformanceReport as WireReport,
} from '@bellwether/protocol'
import type {
  Deploy,
  Finding,
  OperationChange,
  OperationOfPeriod,
  OperationSummary,
  Performance,
  PerformanceReport,
  SpanKind,
} from '../../performance/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { momentOf } from './moments.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project'
const tag = 'Performance'

const kindNumbers: Readonly<Record<OperationKind, SpanKind>> = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
}

function kindName(kind: SpanKind): OperationKind {
  return operationKinds[kind] ?? 'unspecified'
}

export function performanceRoutes({ performance, clock }: Pick<ApiDeps, 'performance' | 'clock'>): Route[] {
  return [...figureRoutes(performance), ...findingRoutes(performance), ...deployRoutes(performance, clock)]
}

function figureRoutes(performance: Performance): Route[] {
  const common = { method: 'GET', tag, access: { kind: 'project', needed: 'read' }, body: nothing } as const
  return [
    defineRoute({
      ...common,
      path: `${base}/performance/operations`,
      summary: 'Throughput, percentiles, error rate and Apdex by operation, beside the same time before, with trends.',
      query: operationsQuerySchema,
      answer: operationsAnswerSchema,
      handle: async (call) => {
        const asked = askedOf(call.query)
        const { fromMs, toMs, stepMs, trendFromMs, items, total, isPartial } = await performance.operations(
          call.access(),
          asked,
          call.signal,
        )
        return {
          from: wireTime(fromMs),
          to: wireTime(toMs),
          stepSec: stepMs / 1000,
          trendFrom: wireTime(trendFromMs),
          apdexMs: asked.apdexMs,
          items: items.map(toSummary),
          next: null,
          total,
          isPartial,
        }
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/performance/report`,
      summary:
        'A period against the one before: what got slower, faster, fails more or less, is new or gone; findings and deploys of the time.',
      query: reportQuerySchema,
      answer: performanceReportSchema,
      handle: async (call) => toReport(await performance.report(call.access(), call.query, call.signal), call.query.apdexMs),
    }),
  ]
}

function askedOf({ kind, ...rest }: OperationsQuery) {
  return { ...rest, kind: kind === null ? null : kindNumbers[kind] }
}

function findingRoutes(performance: Performance): Route[] {
  const common = { tag, answer: performanceFindingSchema } as const
  return [
    defineRoute({
      method: 'GET',
      tag,
      path: `${base}/performance/findings`,
      summary:
        'Regressions, N+1 and slow queries, calls in sequence, large payloads; last seen first. `state` is `open`, `all`, or one state.',
      access: { kind: 'project', needed: 'read' },
      query: findingsQuerySchema,
      body: nothing,
      answer: pageSchema(performanceFindingSchema),
      handle: async (call) => {
        const { items, next } = await performance.findings(call.access(), call.query)
        return { items: items.map(toFinding), next }
      },
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/performance/findings/:finding`,
      summary: 'One finding.',
      access: { kind: 'project', needed: 'read' },
      query: nothing,
      body: nothing,
      handle: async (call) => toFinding(await performance.finding(call.access(), call.param('finding'))),
    }),
    defineRoute({
      ...common,
      method: 'PATCH',
      path: `${base}/performance/findings/:finding`,
      summary: 'Says that a finding is known, or resolved. A resolved one that is seen again is `returned`.',
      access: { kind: 'project', needed: 'write' },
      query: nothing,
      body: findingChangeSchema,
      handle: async (call) => toFinding(await performance.changeFinding(call.access(), call.param('finding'), call.body.state)),
    }),
  ]
}

function deployRoutes(performance: Performance, clock: ApiDeps['clock']): Route[] {
  const common = { tag, path: `${base}/deploys` } as const
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'Deploys, newest first: told ones, and versions that showed themselves in spans.',
      access: { kind: 'project', needed: 'read' },
      query: deploysQuerySchema,
      body: nothing,
      answer: pageSchema(deploySchema),
      handle: async (call) => wholePage((await performance.deploys(call.access(), call.query)).map(toDeploy)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      summary: 'Marks a deploy. Charts show it, and regressions at its time name it.',
      access: { kind: 'project', needed: 'write' },
      query: nothing,
      body: deployDraftSchema,
      answer: deploySchema,
      status: 201,
      handle: async (call) => {
        const { at, ...draft } = call.body
        return toDeploy(
          await performance.addDeploy(call.access(), { ...draft, atMs: at === null ? null : momentOf('at', at, clock.nowMs()) }),
        )
      },
    }),
  ]
}

function toSummary({ service, operation, kind, now, before, trend, openFindings }: OperationSummary): WireSummary {
  return {
    service,
    operation,
    kind: kindName(kind),
    now: { ...now },
    before: before === null ? null : { ...before },
    trend: {
      perMinute: [...trend.perMinute],
      errorRate: [...trend.errorRate],
      p50Ms: [...trend.p50Ms],
      p95Ms: [...trend.p95Ms],
    },
    openFindings,
  }
}

function toFinding(finding: Finding): PerformanceFinding {
  const { id, state, title, subject, service, operation, occurrences, cause, example } = finding
  return {
    id,
    finding: finding.finding,
    state,
    title,
    subject,
    service,
    operation,
    kind: kindName(finding.kind),
    firstSeenAt: wireTime(finding.firstSeenMs),
    lastSeenAt: wireTime(finding.lastSeenMs),
    occurrences,
    changeAt: wireTimeOrNull(finding.changeMs),
    facts: finding.facts.map((fact) => ({ ...fact })),
    cause:
      cause === null
        ? null
        : { deployId: cause.id, version: cause.version, service: cause.service, at: wireTime(cause.atMs), source: cause.source },
    example: example === null ? null : { traceId: example.traceId, spanIds: [...example.spanIds], at: wireTime(example.atMs) },
    stateChangedAt: wireTime(finding.stateChangedMs),
    stateChangedBy: finding.stateChangedBy,
  }
}

function toDeploy({ atMs, ...rest }: Deploy): WireDeploy {
  return { ...rest, at: wireTime(atMs) }
}

function toChange({ kind, now, before, ...rest }: OperationChange): WireChange {
  return { ...rest, kind: kindName(kind), now: { ...now }, before: { ...before } }
}

function toOfPeriod({ kind, figures, ...rest }: OperationOfPeriod): WireOfPeriod {
  return { ...rest, kind: kindName(kind), figures: { ...figures } }
}

function toReport(report: PerformanceReport, apdexMs: number): WireReport {
  return {
    from: wireTime(report.fromMs),
    to: wireTime(report.toMs),
    beforeFrom: wireTime(report.beforeFromMs),
    apdexMs,
    now: { ...report.now },
    before: report.before === null ? null : { ...report.before },
    slower: report.slower.map(toChange),
    faster: report.faster.map(toChange),
    moreErrors: report.moreErrors.map(toChange),
    fewerErrors: report.fewerErrors.map(toChange),
    appeared: report.appeared.map(toOfPeriod),
    gone: report.gone.map(toOfPeriod),
    found: report.found.map(toFinding),
    resolved: report.resolved.map(toFinding),
    deploys: report.deploys.map(toDeploy),
    isPartial: report.isPartial,
  }
}

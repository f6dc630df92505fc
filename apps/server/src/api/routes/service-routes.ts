/** Services as their spans tell: list, operations, series by time, the map. */
import {
  redSeriesQuerySchema,
  redSeriesSchema,
  serviceMapSchema,
  serviceOperationsAnswerSchema,
  servicesAnswerSchema,
  servicesQuerySchema,
  type RedSeries as WireSeries,
  type TraceExemplar,
} from '@bellwether/protocol'
import type { ExampleTrace, RedSeries, TracingSystem } from '../../traces/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { rangeOf } from './moments.ts'
import { wireTime } from './times.ts'

const base = '/api/0/projects/:project'
const read = { tag: 'Services', access: { kind: 'project', needed: 'read' }, method: 'GET', body: nothing } as const

export function serviceRoutes({ traces, clock }: Pick<ApiDeps, 'traces' | 'clock'>): Route[] {
  const nowMs = (): number => clock.nowMs()
  return [listRoute(traces, nowMs), operationsRoute(traces, nowMs), seriesRoute(traces, nowMs), mapRoute(traces, nowMs)]
}

function exemplarOf({ startMs, traceId, spanId, durationMs }: ExampleTrace, isError: boolean): TraceExemplar {
  return { traceId, spanId, at: wireTime(startMs), durationMs, isError }
}

interface Shown {
  readonly slowest: ExampleTrace | null
  readonly failed: ExampleTrace | null
}

function examplesOf({ slowest, failed }: Shown): { slowest: TraceExemplar | null; failed: TraceExemplar | null } {
  return {
    slowest: slowest === null ? null : exemplarOf(slowest, slowest.spanId === failed?.spanId),
    failed: failed === null ? null : exemplarOf(failed, true),
  }
}

interface Steps {
  readonly stepSec: number
  readonly firstMs: number
}

function stepsOf(range: { readonly fromMs: number; readonly toMs: number }, { stepSec, firstMs }: Steps) {
  return { from: wireTime(range.fromMs), to: wireTime(range.toMs), stepSec, trendFrom: wireTime(firstMs) }
}

function listRoute(traces: TracingSystem, nowMs: () => number): Route {
  return defineRoute({
    ...read,
    path: `${base}/services`,
    summary: 'Services with what they answer: rate, errors, durations, over the range and by time.',
    query: servicesQuerySchema,
    answer: servicesAnswerSchema,
    handle: async (call) => {
      const range = rangeOf(call.query, nowMs())
      const { environment } = call.query
      const { items, steps, environments, isPartial } = await traces.services(call.access().scope, { range, environment }, call.signal)
      return {
        ...stepsOf(range, steps),
        items: items.map((item) => ({ ...item, ...examplesOf(item) })),
        next: null,
        environments,
        isPartial,
      }
    },
  })
}

function operationsRoute(traces: TracingSystem, nowMs: () => number): Route {
  return defineRoute({
    ...read,
    path: `${base}/services/:service/operations`,
    summary: 'Operations of a service with rate, errors, durations and example traces.',
    query: servicesQuerySchema,
    answer: serviceOperationsAnswerSchema,
    handle: async (call) => {
      const [range, service] = [rangeOf(call.query, nowMs()), call.param('service')]
      const asked = { service, range, environment: call.query.environment }
      const { items, steps, isPartial } = await traces.operations(call.access().scope, asked, call.signal)
      return { ...stepsOf(range, steps), service, items: items.map((item) => ({ ...item, ...examplesOf(item) })), next: null, isPartial }
    },
  })
}

function seriesRoute(traces: TracingSystem, nowMs: () => number): Route {
  return defineRoute({
    ...read,
    path: `${base}/services/:service/series`,
    summary: 'Rate, errors and durations of a service or one of its operations by time, with traces that show them.',
    query: redSeriesQuerySchema,
    answer: redSeriesSchema,
    handle: async (call) => {
      const { from, to, ...asked } = call.query
      const range = rangeOf({ from, to }, nowMs())
      const service = call.param('service')
      const series = await traces.series(call.access().scope, { ...asked, service, range }, call.signal)
      return seriesOf(series, { service, operation: asked.operation, range })
    },
  })
}

function seriesOf(
  { steps, exemplars, ...series }: RedSeries,
  { service, operation, range }: { service: string; operation: string | null; range: { fromMs: number; toMs: number } },
): WireSeries {
  const times = { from: wireTime(range.fromMs), to: wireTime(range.toMs), stepSec: steps.stepSec, first: wireTime(steps.firstMs) }
  return { service, operation, ...times, ...series, exemplars: exemplars.map(({ trace, isError }) => exemplarOf(trace, isError)) }
}

function mapRoute(traces: TracingSystem, nowMs: () => number): Route {
  return defineRoute({
    ...read,
    path: `${base}/service-map`,
    summary: 'Who calls whom, how often and how well: services, databases, queues and what is outside.',
    query: servicesQuerySchema,
    answer: serviceMapSchema,
    handle: async (call) => {
      const range = rangeOf(call.query, nowMs())
      const { environment } = call.query
      const map = await traces.map(call.access().scope, { range, environment }, call.signal)
      return { ...map, from: wireTime(range.fromMs), to: wireTime(range.toMs) }
    },
  })
}

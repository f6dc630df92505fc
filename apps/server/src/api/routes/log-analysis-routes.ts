/** Patterns, differences, metrics from logs, saved views, completion and the check of a search. */
import {
  differenceQuerySchema,
  differenceSchema,
  logMetricInputSchema,
  logMetricSchema,
  logPatternsQuerySchema,
  logPatternsSchema,
  pageSchema,
  savedViewInputSchema,
  savedViewSchema,
  savedViewsQuerySchema,
  searchCheckQuerySchema,
  searchCheckSchema,
  searchCompletionQuerySchema,
  searchCompletionSchema,
  searchPartsQuerySchema,
  searchPartsSchema,
  type ComparedSet,
} from '@bellwether/protocol'
import type { LogAnalysis } from '../../logs/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { rangeOf } from './moments.ts'
import { wholePage } from './times.ts'

const base = '/api/0/projects/:project'
const read = { access: { kind: 'project', needed: 'read' }, query: nothing } as const
const write = { access: { kind: 'project', needed: 'write' }, query: nothing } as const

export function logAnalysisRoutes({ logAnalysis, clock }: Pick<ApiDeps, 'logAnalysis' | 'clock'>): Route[] {
  const nowMs = (): number => clock.nowMs()
  return [
    ...searchRoutes(logAnalysis, nowMs),
    ...analysisRoutes(logAnalysis, nowMs),
    ...metricRoutes(logAnalysis),
    ...viewRoutes(logAnalysis),
  ]
}

function selectionOf({ query, from, to }: ComparedSet, nowMs: number): { query: string; fromMs: number; toMs: number } {
  return { query, ...rangeOf({ from, to }, nowMs) }
}

function searchRoutes(analysis: LogAnalysis, nowMs: () => number): Route[] {
  const common = { ...read, tag: 'Search', method: 'POST' } as const
  return [
    defineRoute({
      ...common,
      path: `${base}/search/complete`,
      summary: 'What can stand where the caret is: fields, values that occur, words between conditions.',
      body: searchCompletionQuerySchema,
      answer: searchCompletionSchema,
      handle: async (call) => {
        const { from, to, items } = await analysis.complete(call.access().scope, call.body, call.signal)
        return { from, to, items: [...items] }
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/search/check`,
      summary: 'Whether a search is right; what is wrong with it, and where; which names in it no row of the range has.',
      body: searchCheckQuerySchema,
      answer: searchCheckSchema,
      handle: (call) => {
        const { signal, text, names, ...range } = call.body
        return analysis.check(call.access().scope, { signal, text, hasNames: names, ...rangeOf(range, nowMs()) }, call.signal)
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/search/parts`,
      summary: 'Of a search that finds nothing: which of its parts nothing meets, or without which it would find something.',
      body: searchPartsQuerySchema,
      answer: searchPartsSchema,
      handle: (call) => {
        const { signal, ...set } = call.body
        return analysis.parts(call.access().scope, { signal, ...selectionOf(set, nowMs()) }, call.signal)
      },
    }),
  ]
}

function analysisRoutes(analysis: LogAnalysis, nowMs: () => number): Route[] {
  const selection = (set: ComparedSet): { query: string; fromMs: number; toMs: number } => selectionOf(set, nowMs())
  return [
    defineRoute({
      ...read,
      tag: 'Logs',
      method: 'POST',
      path: `${base}/logs/patterns`,
      summary: 'Patterns of the messages that a search finds, their counts over time, and which are new.',
      body: logPatternsQuerySchema,
      answer: logPatternsSchema,
      handle: (call) => analysis.patterns(call.access().scope, { ...selection(call.body), limit: call.body.limit }, call.signal),
    }),
    defineRoute({
      ...read,
      tag: 'Search',
      method: 'POST',
      path: `${base}/difference`,
      summary: 'Which fields and attributes tell the rows of one search from those of another, with the certainty.',
      body: differenceQuerySchema,
      answer: differenceSchema,
      handle: (call) => {
        const { signal, limit, selected, baseline } = call.body
        const request = { signal, limit, selected: selection(selected), baseline: selection(baseline) }
        return analysis.difference(call.access().scope, request, call.signal)
      },
    }),
  ]
}

function metricRoutes({ metrics }: LogAnalysis): Route[] {
  const path = `${base}/log-metrics`
  const one = { path: `${path}/:metric`, tag: 'Logs' } as const
  const many = { path, tag: 'Logs' } as const
  return [
    defineRoute({
      ...read,
      ...many,
      method: 'GET',
      summary: 'Metrics that are made of logs as they come in.',
      body: nothing,
      answer: pageSchema(logMetricSchema),
      handle: async (call) => wholePage(await metrics.list(call.access())),
    }),
    defineRoute({
      ...write,
      ...many,
      method: 'POST',
      status: 201,
      summary: 'Makes a metric of the rows that a search finds, from now on.',
      body: logMetricInputSchema,
      answer: logMetricSchema,
      handle: (call) => metrics.create(call.access(), call.body),
    }),
    defineRoute({
      ...write,
      ...one,
      method: 'PUT',
      summary: 'Changes a metric from logs. What it recorded stays.',
      body: logMetricInputSchema,
      answer: logMetricSchema,
      handle: (call) => metrics.replace(call.access(), call.param('metric'), call.body),
    }),
    defineRoute({
      ...write,
      ...one,
      method: 'DELETE',
      summary: 'Ends a metric from logs. What it recorded stays.',
      body: nothing,
      answer: null,
      handle: (call) => metrics.remove(call.access(), call.param('metric')),
    }),
  ]
}

function viewRoutes({ views }: LogAnalysis): Route[] {
  const path = `${base}/saved-views`
  const one = { path: `${path}/:view`, tag: 'Search' } as const
  const many = { path, tag: 'Search' } as const
  return [
    defineRoute({
      ...read,
      ...many,
      method: 'GET',
      summary: 'Saved views of the project that the caller may see.',
      query: savedViewsQuerySchema,
      body: nothing,
      answer: pageSchema(savedViewSchema),
      handle: async (call) => wholePage(await views.list(call.access(), call.query.signal)),
    }),
    defineRoute({
      ...write,
      ...many,
      method: 'POST',
      status: 201,
      summary: 'Saves a search, its range and its columns under a name.',
      body: savedViewInputSchema,
      answer: savedViewSchema,
      handle: (call) => views.create(call.access(), call.body),
    }),
    defineRoute({
      ...write,
      ...one,
      method: 'PUT',
      summary: 'Changes a saved view: a shared one, or one of the caller.',
      body: savedViewInputSchema,
      answer: savedViewSchema,
      handle: (call) => views.replace(call.access(), call.param('view'), call.body),
    }),
    defineRoute({
      ...write,
      ...one,
      method: 'DELETE',
      summary: 'Deletes a saved view: a shared one, or one of the caller.',
      body: nothing,
      answer: null,
      handle: (call) => views.remove(call.access(), call.param('view')),
    }),
  ]
}

/** Problems, their events, releases, source maps, and what people wrote. */
import {
  decidedSchema,
  decideProblemsSchema,
  feedbackListSchema,
  pageQuerySchema,
  pageSchema,
  problemDetailSchema,
  problemEventListSchema,
  problemEventSchema,
  problemListSchema,
  problemRangeQuerySchema,
  problemsQuerySchema,
  releaseListSchema,
  sourceMapFileSchema,
  sourceMapUploadSchema,
  type Problem as WireProblem,
  type ProblemDetail as WireDetail,
  type ProblemEvent as WireEvent,
  type ProblemEventRow as WireEventRow,
  type SourceMapFile as WireSourceMap,
  type ToldRelease as WireToldRelease,
} from '@bellwether/protocol'
import {
  countedRangeOf,
  type Problem,
  type ProblemDetail,
  type ProblemEvent,
  type ProblemEventRow,
  type ProblemRange,
  type Problems,
  type Reading,
  type ReleaseHealth,
  type SourceMapFile,
  type SourceMaps,
  type ToldRelease,
} from '../../problems/index.ts'
import { sourceMapBodySizeBytesMax } from '../limits.ts'
import { defineRoute, nothing, type CallParts, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { momentOf } from './moments.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/projects/:project'
const common = { tag: 'Problems', access: { kind: 'project', needed: 'read' } } as const
const dayMs = 86_400_000

export function problemRoutes({
  problems,
  sourceMaps,
  releases,
  clock,
}: Pick<ApiDeps, 'problems' | 'sourceMaps' | 'releases' | 'clock'>): Route[] {
  const rangeOf = ({ from, to }: { from: string | null; to: string | null }): ProblemRange => {
    const nowMs = clock.nowMs()
    const toMs = to === null ? nowMs : momentOf('to', to, nowMs)
    return { fromMs: from === null ? toMs - dayMs : momentOf('from', from, nowMs), toMs }
  }
  return [
    ...listRoutes(problems, rangeOf),
    ...eventRoutes(problems),
    ...releaseRoutes({ problems, releases }, rangeOf),
    ...sourceMapRoutes(sourceMaps),
  ]
}

function readingOf({ access, signal }: Pick<CallParts, 'access' | 'signal'>): Reading {
  return { scope: access().scope, signal }
}

type RangeOf = (query: { from: string | null; to: string | null }) => ProblemRange

function wireRange({ fromMs, toMs }: ProblemRange): { from: string; to: string } {
  return { from: wireTime(fromMs), to: wireTime(toMs) }
}

function listRoutes(problems: Problems, rangeOf: RangeOf): Route[] {
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/problems`,
      summary: 'Problems that had events in the range, with how often and for how many users, and how many there are by state.',
      query: problemsQuerySchema,
      body: nothing,
      answer: problemListSchema,
      handle: async ({ query: { from, to, ...request }, access, signal }) => {
        const range = rangeOf({ from, to })
        const { items, states, isCut } = await problems.list({ scope: access().scope, signal }, { ...request, ...range })
        return { items: items.map(toWire), states: { ...states }, isCut, ...wireRange(countedRangeOf(range)) }
      },
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/problems/:problem`,
      summary: 'One problem: counts, releases, how its tags are spread over its newest events.',
      query: problemRangeQuerySchema,
      body: nothing,
      answer: problemDetailSchema,
      handle: async (call) => {
        const range = rangeOf(call.query)
        return {
          ...toWireDetail(await problems.detail(readingOf(call), call.param('problem'), range)),
          ...wireRange(countedRangeOf(range)),
        }
      },
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/problems/decide`,
      summary: 'Resolves, ignores or reopens problems. A resolved one that is seen again has regressed.',
      access: { kind: 'project', needed: 'write' },
      query: nothing,
      body: decideProblemsSchema,
      answer: decidedSchema,
      handle: async ({ access, body }) => ({ decided: await problems.decide(access(), body.ids, body.decision) }),
    }),
  ]
}

function eventRoutes(problems: Problems): Route[] {
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/problems/:problem/events`,
      summary: 'Events of a problem, newest first.',
      query: pageQuerySchema,
      body: nothing,
      answer: problemEventListSchema,
      handle: async (call) => {
        const { items, next } = await problems.events(readingOf(call), call.param('problem'), call.query)
        return { items: items.map(toWireRow), next }
      },
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/problems/:problem/events/:event`,
      summary: 'One event (an id, or `latest`) with its stacks by source maps, what happened before, tags and attributes.',
      query: nothing,
      body: nothing,
      answer: problemEventSchema,
      handle: async (call) => toWireEvent(await problems.event(readingOf(call), call.param('problem'), call.param('event'))),
    }),
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/feedback`,
      summary: 'What people wrote about the program, newest first.',
      query: pageQuerySchema,
      body: nothing,
      answer: feedbackListSchema,
      handle: async ({ access, query, signal }) => {
        const { items, next } = await problems.feedback({ scope: access().scope, signal }, query)
        const wire = items.map(({ atMs, traceId, eventId, ...rest }) => ({
          ...rest,
          timestamp: wireTime(atMs),
          traceId: orNull(traceId),
          eventId: orNull(eventId),
        }))
        return { items: wire, next }
      },
    }),
  ]
}

/** Of a project, the newest. */
const toldReleasesMax = 500

function releaseRoutes({ problems, releases }: Pick<ApiDeps, 'problems' | 'releases'>, rangeOf: RangeOf): Route[] {
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/releases`,
      summary:
        'How releases do: sessions and users without a crash, errors, problems, and those that are new in it; what was told of them.',
      query: problemRangeQuerySchema,
      body: nothing,
      answer: releaseListSchema,
      handle: async ({ access, query, signal }) => {
        const range = rangeOf(query)
        const told = new Map((await releases.list(access(), toldReleasesMax)).map((release) => [release.version, release]))
        const items = withTold(await problems.releases({ scope: access().scope, signal }, range), [...told.values()], range)
        const wire = items.map(({ firstMs, lastMs, ...rest }) => ({
          ...rest,
          told: toWireTold(told.get(rest.release)),
          errors: Math.round(rest.errors),
          crashFreeSessions: shareWithout(rest.crashed, rest.sessions),
          crashFreeUsers: shareWithout(rest.crashedUsers, rest.users),
          firstSeen: wireTimeOrNull(firstMs),
          lastSeen: wireTimeOrNull(lastMs),
        }))
        return { items: wire, ...wireRange(range) }
      },
    }),
  ]
}

function sourceMapRoutes(sourceMaps: SourceMaps): Route[] {
  const path = `${base}/source-maps`
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path,
      summary: 'Source maps of the project, newest first.',
      query: nothing,
      body: nothing,
      answer: pageSchema(sourceMapFileSchema),
      handle: async ({ access }) => wholePage((await sourceMaps.list(access())).map(toWireSourceMap)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path,
      summary: 'Uploads a source map, by release and name of the minified file, or by debug id. One of the same name is replaced.',
      access: { kind: 'project', needed: 'write' },
      query: nothing,
      body: sourceMapUploadSchema,
      bodySizeBytesMax: sourceMapBodySizeBytesMax,
      answer: sourceMapFileSchema,
      status: 201,
      handle: async ({ access, body }) => toWireSourceMap(await sourceMaps.put(access(), body)),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${path}/:file`,
      summary: 'Deletes a source map.',
      access: { kind: 'project', needed: 'write' },
      query: nothing,
      body: nothing,
      answer: null,
      handle: (call) => sourceMaps.remove(call.access(), call.param('file')),
    }),
  ]
}

const noSessions = { sessions: 0, crashed: 0, errored: 0, abnormal: 0, users: 0, crashedUsers: 0 } as const
const nothingSeen = { ...noSessions, environment: '', errors: 0, problems: 0, newProblems: 0, firstMs: null, lastMs: null } as const

/** Those that were told of in the range, and of which nothing has come yet, stand first. */
function withTold(seen: readonly ReleaseHealth[], told: readonly ToldRelease[], { fromMs, toMs }: ProblemRange): ReleaseHealth[] {
  const known = new Set(seen.map(({ release }) => release))
  const isOfRange = (atMs: number | null): boolean => atMs !== null && atMs >= fromMs && atMs <= toMs
  const unseen = told.filter(
    ({ version, createdMs, releasedMs, isArchived }) =>
      !isArchived && !known.has(version) && (isOfRange(createdMs) || isOfRange(releasedMs)),
  )
  return [...unseen.map(({ version }) => ({ ...nothingSeen, release: version })), ...seen]
}

function toWireTold(told: ToldRelease | undefined): WireToldRelease | null {
  if (told === undefined) return null
  const { createdMs, releasedMs, url, commits } = told
  const [last] = commits
  return {
    createdAt: wireTime(createdMs),
    releasedAt: wireTimeOrNull(releasedMs),
    url,
    commits: commits.length,
    commit: last === undefined ? null : { id: last.id, author: last.author, message: last.message },
  }
}

/** Null where there were none. */
function shareWithout(bad: number, all: number): number | null {
  return all === 0 ? null : Math.max(0, 1 - bad / all)
}

function orNull(id: string): string | null {
  return id === '' ? null : id
}

/** Counts of sampled events are sums of weights; half an event is nothing to show. */
function toWire({ firstMs, lastMs, spark, count, ...rest }: Problem): WireProblem {
  return { ...rest, count: Math.round(count), firstSeen: wireTime(firstMs), lastSeen: wireTime(lastMs), spark: spark.map(Math.round) }
}

function toWireDetail({
  tags,
  releases,
  decidedMs,
  decidedBy,
  totalCount,
  totalUsers,
  ...problem
}: ProblemDetail): Omit<WireDetail, 'from' | 'to'> {
  return {
    ...toWire(problem),
    totalCount: Math.round(totalCount),
    totalUsers,
    tags: tags.map(({ tag, values, total }) => ({
      tag,
      total: Math.round(total),
      values: values.map(({ value, count }) => ({ value, count: Math.round(count) })),
    })),
    releases: releases.map(({ release, count, firstMs, lastMs }) => ({
      release,
      count: Math.round(count),
      firstSeen: wireTime(firstMs),
      lastSeen: wireTime(lastMs),
    })),
    decidedBy,
    decidedAt: wireTimeOrNull(decidedMs),
  }
}

function toWireRow({ atMs, traceId, spanId, ...rest }: ProblemEventRow): WireEventRow {
  return { ...rest, timestamp: wireTime(atMs), traceId: orNull(traceId), spanId: orNull(spanId) }
}

function toWireEvent({ errors, breadcrumbs, tags, attributes, ...rest }: ProblemEvent): WireEvent {
  const { severity, stackText, newer, older, ...row } = rest
  return {
    ...toWireRow(row),
    severity,
    stackText,
    newer,
    older,
    errors: errors.map(({ frames, ...error }) => ({
      ...error,
      frames: frames.map((frame) => ({ ...frame, context: [...frame.context] })),
    })),
    breadcrumbs: breadcrumbs.map((crumb) => ({ ...crumb })),
    tags: { ...tags },
    attributes: { ...attributes },
  }
}

function toWireSourceMap({ uploadedMs, ...rest }: SourceMapFile): WireSourceMap {
  return { ...rest, uploadedAt: wireTime(uploadedMs) }
}

/** The endpoints of the Prometheus query API, each for one checked scope. Shapes and texts follow Prometheus 3. */
import type { FastifyReply } from 'fastify'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Matcher } from '../../metrics/index.ts'
import { formatQuery, parseQuery, parseSelector, type QueryValue } from '../../promql/index.ts'
import type { CatalogAnswer, CatalogRequest, QueryAnswer, QueryOptions } from '../../query/index.ts'
import { rangeStepsMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { listJson, sendData, sendValue, type Notes } from './answers.ts'
import { badParameter, invalidParameter, timeMsMax, timeMsMin, unescapeLabelName, type PromParams } from './params.ts'
import { labelsJson, quote, valueJson } from './result-json.ts'

/** One request of a caller who may read `scope`. */
export interface PromCall {
  readonly scope: Scope
  readonly params: PromParams
  /** Name in the path, '' elsewhere. */
  readonly name: string
  readonly signal: AbortSignal
  readonly reply: FastifyReply
}

export type PromEndpoint = (deps: PromDeps, call: PromCall) => Promise<FastifyReply> | FastifyReply
export type PromDeps = Pick<ApiDeps, 'query' | 'clock' | 'scrape' | 'exemplars'>

const truncated = 'results truncated due to limit'

function optionsOf(params: PromParams): QueryOptions {
  const timeoutMs = params.duration('timeout')
  const lookbackMs = params.duration('lookback_delta')
  if (lookbackMs !== null && lookbackMs <= 0) throw invalidParameter('lookback_delta', 'must be positive')
  const rollups = params.text('rollups')
  if (!['', '0', '1', 'true', 'false'].includes(rollups)) throw invalidParameter('rollups', 'must be true or false')
  const withoutRollups = rollups === '0' || rollups === 'false'
  return { class: 'interactive', timeoutMs: timeoutMs === null ? null : Math.max(1, timeoutMs), lookbackMs, withoutRollups }
}

/** `limit` cuts the series of an answer and says so. */
function limited(value: QueryValue, limit: number): { value: QueryValue; isCut: boolean } {
  if (limit === 0 || (value.type !== 'vector' && value.type !== 'matrix') || value.series.length <= limit) return { value, isCut: false }
  return value.type === 'vector'
    ? { value: { ...value, series: value.series.slice(0, limit) }, isCut: true }
    : { value: { ...value, series: value.series.slice(0, limit) }, isCut: true }
}

function statsJson(answer: QueryAnswer): string {
  const { queuedMs, evaluationMs, totalMs } = answer.timings
  const timings = {
    evalTotalTime: evaluationMs / 1000,
    resultSortTime: 0,
    queryPreparationTime: 0,
    innerEvalTime: evaluationMs / 1000,
    execQueueTime: queuedMs / 1000,
    execTotalTime: totalMs / 1000,
  }
  return `,"stats":${JSON.stringify({ timings, samples: { totalQueryableSamples: answer.samplesRead, peakSamples: answer.samplesRead } })}`
}

function* dataJson(value: QueryValue, stats: string): Generator<string> {
  yield '{'
  yield* valueJson(value)
  yield `${stats}}`
}

function sendAnswer({ params, reply }: PromCall, answer: QueryAnswer): FastifyReply {
  const { value, isCut } = limited(answer.value, params.limit())
  const warnings = isCut ? [...answer.warnings, truncated] : answer.warnings
  return sendData(reply, dataJson(value, params.text('stats') === '' ? '' : statsJson(answer)), { warnings, infos: answer.infos })
}

export async function instantQuery({ query, clock }: PromDeps, call: PromCall): Promise<FastifyReply> {
  const { params } = call
  const timeMs = params.time('time', clock.nowMs())
  params.limit()
  const answer = await query.instant(call.scope, { query: params.text('query'), timeMs, ...optionsOf(params) }, call.signal)
  return sendAnswer(call, answer)
}

export async function rangeQuery({ query }: PromDeps, call: PromCall): Promise<FastifyReply> {
  const { params } = call
  const startMs = params.time('start', null)
  const endMs = params.time('end', null)
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time')
  const stepMs = params.duration('step')
  if (stepMs === null) throw invalidParameter('step', 'cannot parse "" to a valid duration')
  if (stepMs < 1) throw invalidParameter('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  if ((endMs - startMs) / stepMs > rangeStepsMax) {
    throw new AppError(badParameter, {
      publicText: 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    })
  }
  params.limit()
  const request = { query: params.text('query'), startMs, endMs, stepMs: Math.trunc(stepMs), ...optionsOf(params) }
  return sendAnswer(call, await query.range(call.scope, request, call.signal))
}

function matchersOf(params: PromParams): readonly (readonly Matcher[])[] {
  return params.all('match[]').map((text) => {
    const matchers = selectorOf(text)
    if (matchers.every((matcher) => matchesEmpty(matcher)))
      throw invalidParameter('match[]', 'match[] must contain at least one non-empty matcher')
    return matchers
  })
}

function selectorOf(text: string): readonly Matcher[] {
  try {
    return parseSelector(text)
  } catch (error) {
    throw isAppError(error, 'promql.parse') ? invalidParameter('match[]', error.publicText) : error
  }
}

/** Only the simple cases: a pattern that may match '' is the catalog's business. */
function matchesEmpty({ op, value }: Matcher): boolean {
  return (op === '=' && value === '') || (op === '!=' && value !== '') || (op === '=~' && (value === '' || value === '.*')) || op === '!~'
}

function catalogRequest({ params }: PromCall): CatalogRequest {
  const fromMs = params.time('start', timeMsMin)
  const toMs = params.time('end', timeMsMax)
  if (toMs < fromMs) throw invalidParameter('end', 'end timestamp must not be before start time')
  return { matchers: matchersOf(params), fromMs, toMs, limit: params.limit() }
}

function cutNotes({ isCut }: CatalogAnswer<unknown>): Notes {
  return isCut ? { warnings: [truncated] } : {}
}

export async function series(deps: PromDeps, call: PromCall): Promise<FastifyReply> {
  if (call.params.all('match[]').length === 0) throw new AppError(badParameter, { publicText: 'no match[] parameter provided' })
  const found = await deps.query.allSeries(call.scope, catalogRequest(call), call.signal)
  return sendData(call.reply, listJson(found.items, labelsJson), cutNotes(found))
}

export async function labelNames(deps: PromDeps, call: PromCall): Promise<FastifyReply> {
  const found = await deps.query.allLabelNames(call.scope, catalogRequest(call), call.signal)
  return sendData(call.reply, listJson(found.items, quote), cutNotes(found))
}

export async function labelValues(deps: PromDeps, call: PromCall): Promise<FastifyReply> {
  const name = unescapeLabelName(call.name)
  if (name === '' || /\p{Surrogate}/u.test(name))
    throw new AppError(badParameter, { publicText: `invalid label name: ${JSON.stringify(call.name)}` })
  const found = await deps.query.allLabelValues(call.scope, { ...catalogRequest(call), label: name }, call.signal)
  return sendData(call.reply, listJson(found.items, quote), cutNotes(found))
}

export function metadata({ query }: PromDeps, { scope, params, reply }: PromCall): FastifyReply {
  const limit = params.limit()
  const metric = params.text('metric')
  const found = query.metadata(scope, metric === '' ? null : metric, limit)
  const byName: Record<string, { type: string; help: string; unit: string }[]> = Object.create(null)
  for (const { name, type, help, unit } of found) (byName[name] ??= []).push({ type, help, unit })
  return sendValue(reply, byName)
}

export function formattedQuery(_deps: PromDeps, { params, reply }: PromCall): FastifyReply {
  return sendValue(reply, formatQuery(params.text('query')))
}

export function parsedQuery(_deps: PromDeps, { params, reply }: PromCall): FastifyReply {
  return sendValue(reply, parseQuery(params.text('query')))
}

/** Clients such as Grafana pick features by this: it is the version of the API that is spoken, not Bellwether's. */
const promApiVersion = '3.5.0'

export function buildInfo(version: string): PromEndpoint {
  return (_deps, { reply }) =>
    sendValue(reply, {
      version: promApiVersion,
      revision: `bellwether-${version}`,
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
      application: 'Bellwether',
    })
}

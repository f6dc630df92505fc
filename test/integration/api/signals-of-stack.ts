/** Logs, traces and what is made of them, over the stack's engines; and what the other organization has: rows, a trace, a view, a metric. */
import type { Pool } from 'pg'
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { composeLogs, type Logs } from '../../../apps/server/src/compose/logs.ts'
import { composeTraces, type Traces } from '../../../apps/server/src/compose/traces.ts'
import type { ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { ResourceScope } from '../../../apps/server/src/kernel/resource-scope.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import type { LogAnalysis } from '../../../apps/server/src/logs/index.ts'
import { edgeKinds } from '../../../apps/server/src/traces/counted/edges.ts'

const id = 'ccccddddeeeeffff'
const traceId = '0123456789abcdef0123456789abcdef'
const spanId = 'aaaa000011112222'

export interface SignalsOfStack {
  readonly logs: Logs
  readonly traces: Traces
}

/** Ids of a saved view, a metric from logs, a trace and its span. */
export interface TheirSignals {
  readonly view: string
  readonly metric: string
  readonly trace: string
  readonly span: string
}

export async function signalsOfStack(
  engines: { readonly clickhouse: ClickHouseEngine; readonly postgres: { readonly pool: Pool } },
  resources: ResourceScope,
): Promise<SignalsOfStack> {
  const common = { engines, clock: systemClock, logger: silentLogger }
  const traces = await composeTraces(common, resources)
  return { traces, logs: await composeLogs({ ...common, spanReads: traces.reads }, resources) }
}

/** The routes' part of the stack. */
export function signalDeps({ logs, traces }: SignalsOfStack) {
  return {
    logs: logs.manager,
    logRetention: logs.retention,
    logAnalysis: logs.analysis.desk,
    traces: traces.system,
    traceKeeper: traces.keeper,
  }
}

/** Written straight into the engine: how rows come there is the business of other tests. */
export async function putAnalysis(
  { analysis, engine }: { analysis: LogAnalysis; engine: ClickHouseEngine },
  owner: Access,
  { tenant, word, atMs }: { tenant: Tenant; word: string; atMs: number },
): Promise<TheirSignals> {
  const { organizationId, projectId } = tenant
  const sec = Math.floor(atMs / 1000)
  await engine.command(
    `INSERT INTO logs (org, project, bucket, keep, ts, batch, row, service, body, severity, pattern, weight, attributes)
      SELECT ${organizationId}, ${projectId}, ${Math.floor(sec / 600)}, 30, ${sec} * 1000000000, 9, number, '${word}', '${word} has a pattern',
        if(number < 50, 17, 9), 0x${id}, 1, map('${word}', if(number < 50, '${word}', 'other')) FROM numbers(100)`,
  )
  await engine.command(
    `INSERT INTO log_facets (org, project, bucket, field, value, keep, weight)
      VALUES (${organizationId}, ${projectId}, ${Math.floor(sec / 600)}, 'service', '${word}', 30, 1), (${organizationId}, ${projectId}, ${Math.floor(sec / 600)}, '@${word}', '', 30, 1)`,
  )
  await engine.command(
    `INSERT INTO log_patterns (org, project, pattern, first_sec, last_sec, template, example)
      VALUES (${organizationId}, ${projectId}, 0x${id}, ${sec}, ${sec}, '000 ${word} has a pattern', '${word} has a pattern')`,
  )
  const bucket = Math.floor(sec / 600)
  await engine.command(
    `INSERT INTO spans (org, project, bucket, keep, trace_id, ts, duration, span_id, service, name, kind, weight)
      VALUES (${organizationId}, ${projectId}, ${bucket}, 30, unhex('${traceId}'), ${sec} * 1000000000, 5000000, unhex('${spanId}'), '${word}', 'GET /${word}', 2, 1)`,
  )
  await engine.command(
    `INSERT INTO traces (org, project, trace_a, trace_b, week, keep, first_bucket, last_bucket, spans)
      SELECT ${organizationId}, ${projectId}, reinterpretAsUInt64(substring(id, 1, 8)), reinterpretAsUInt64(substring(id, 9, 8)),
        ${Math.floor(sec / 604_800)}, 30, ${bucket}, ${bucket}, 1 FROM (SELECT unhex('${traceId}') AS id)`,
  )
  // Who they call, and who answers.
  await engine.command(
    `INSERT INTO edges (org, project, client, kind, peer, system, server, environment, step, keep, count, errors, total_ms, durations, slowest, failed)
      VALUES (${organizationId}, ${projectId}, '${word}', ${edgeKinds.call}, '${word}', '', '${word}', '${word}', ${Math.floor(sec / 60) - 5}, 30, 1, 0, 5, map(100, 1), '', '')`,
  )
  const view = await analysis.views.create(owner, { name: word, signal: 'logs', query: word, from: null, columns: [], isShared: true })
  const metric = await analysis.metrics.create(owner, {
    name: `${word}_rows`,
    query: word,
    kind: 'counter',
    field: null,
    tags: [],
    unit: 'none',
    isEnabled: true,
  })
  return { view: view.id, metric: metric.id, trace: traceId, span: spanId }
}

/** What takes a scope, of logs and traces: the walk asks it of both organizations. `null`: it is not there for this one. */
export function signalCalls(
  { logs, traces }: SignalsOfStack,
  { access, row, word, signal }: { access: Access; row: string; word: string; signal: AbortSignal },
): Record<string, Record<string, () => unknown>> {
  const { scope } = access
  const { manager } = logs
  const { system } = traces
  const toMs = Date.now()
  const all = { fromMs: toMs - 7_200_000, toMs, query: '' }
  const orNull = async (asked: Promise<unknown>): Promise<unknown> => await asked.catch(() => null)
  const list = { ...all, order: 'newest', limit: 100, cursor: null } as const
  const services = { range: all, environment: '' }
  const someOf = (counts: readonly number[]): string => (counts.some((count) => count > 0) ? `${word} is there` : 'nothing')
  return {
    logs: {
      query: () => manager.query(scope, list, signal),
      histogram: () =>
        manager.histogram(scope, { ...all, stepSec: null, intervals: 10, by: 'release', measure: 'count', field: null, limit: 10 }, signal),
      facets: () => manager.facets(scope, { ...all, fields: null, limit: 10 }, signal),
      row: () => orNull(manager.row(scope, row, signal)),
      context: () => orNull(manager.context(scope, { id: row, of: 'all', before: 5, after: 5 }, signal)),
      values: () => manager.values(scope, signal).values('service', '', 10),
      fields: () => manager.fields(scope, 100, signal),
      // What comes in while it is read: here nothing does, and nothing from before may be delivered.
      tail: async () => {
        const delivered: unknown[] = []
        await manager.tail(scope, { query: '', deliver: async (event) => void delivered.push(event), signal: AbortSignal.abort() })
        return delivered
      },
    },
    traces: {
      trace: () => orNull(system.trace(scope, traceId, signal)),
      traceObjects: () => orNull(system.traceObjects(scope, { traceId, limit: 10 }, signal)),
      span: () => orNull(system.span(scope, { traceId, spanId }, signal)),
      spans: () => system.spans(scope, list, signal),
      traces: () => system.traces(scope, list, signal),
      services: () => system.services(scope, services, signal),
      operations: () => system.operations(scope, { ...services, service: word }, signal),
      map: () => system.map(scope, services, signal),
      // Figures have no names in them: that there are any says it.
      series: async () => {
        const asked = { ...services, service: word, operation: null, kind: null, points: 10 }
        return someOf((await system.series(scope, asked, signal)).count)
      },
      histogram: async () => someOf([(await system.histogram(scope, { ...all, query: `service:${word}` }, signal)).total]),
      timesOf: async () => someOf([(await orNull(system.timesOf(scope, traceId, signal))) === null ? 0 : 1]),
      compare: () => {
        const side = { ...all, traceId: null }
        return orNull(system.compare(scope, { left: side, right: { ...side, query: `service:${word}` }, limit: 10 }, signal))
      },
    },
  }
}

/** The same of what is made of logs. */
export function analysisCalls(
  analysis: LogAnalysis,
  { access, word, signal }: { access: Access; word: string; signal: AbortSignal },
): Record<string, () => unknown> {
  const { scope } = access
  const toMs = Date.now()
  const all = { fromMs: toMs - 7_200_000, toMs, query: '' }
  const sets = { selected: { ...all, query: 'severity:error' }, baseline: { ...all, query: 'severity:info' } }
  return {
    patterns: () => analysis.patterns(scope, { ...all, limit: 500 }, signal),
    difference: () => analysis.difference(scope, { signal: 'logs', ...sets, limit: 100 }, signal),
    spanDifference: () => analysis.difference(scope, { signal: 'spans', selected: all, baseline: all, limit: 100 }, signal),
    complete: () => analysis.complete(scope, { signal: 'logs', text: 'service:', cursor: 8 }, signal),
    completeSpans: () => analysis.complete(scope, { signal: 'spans', text: 'service:', cursor: 8 }, signal),
    // Their attribute is what was meant.
    check: () => analysis.check(scope, { ...all, signal: 'logs', text: `${word.slice(1)}:1`, hasNames: true }, signal),
    hints: () => analysis.hints(scope, { ...all, signal: 'logs', query: `${word.slice(1)}:1`, isNothing: true }, signal),
    // Parts have only what was asked in them: that rows meet one says it.
    parts: async () => {
      const { items } = await analysis.parts(scope, { signal: 'logs', ...all, query: `pattern:${id} severity:error` }, signal)
      return items.some(({ found }) => found === true) ? `${word} is there` : 'nothing'
    },
    views: () => analysis.views.list(access, null),
    metrics: () => analysis.metrics.list(access),
  }
}

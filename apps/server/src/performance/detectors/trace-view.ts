/**
 * A sampled trace as the detectors walk it: children by start, the entry (who answered whom) of each span, and its calls: what a span asks
 * of a database or over HTTP. Spans whose parents never came, or lead back to themselves, are roots.
 */
import { subjectLengthMax } from '../limits.ts'
import type { SampledSpan, SampledTrace } from '../ports.ts'
import { dialectOf, normalizedQuery, type QueryDialect } from './normalized-query.ts'

/** What a span asks of someone else. */
export interface Call {
  readonly span: SampledSpan
  readonly on: 'database' | 'http'
  /** The same for all calls of a kind: a query without its values, a method with an address without ids. */
  readonly subject: string
  /** As it was sent, as far as the span says. */
  readonly text: string
  readonly dialect: QueryDialect | null
  /** It changes nothing, so that its order among others is free. */
  readonly isRead: boolean
}

export interface SpanNode {
  readonly span: SampledSpan
  /** By start. */
  readonly children: SpanNode[]
  readonly call: Call | null
  /** The span of this service's work that it belongs to: the nearest server or consumer span above (or itself), else the root. */
  entry: SampledSpan
  readonly endMs: number
}

export interface TraceView {
  readonly traceId: string
  readonly isWhole: boolean
  readonly roots: readonly SpanNode[]
  /** In the order of the walk from the roots. */
  readonly nodes: readonly SpanNode[]
}

export function viewOf(trace: SampledTrace): TraceView {
  const byId = new Map<string, SpanNode>()
  for (const span of trace.spans) {
    if (byId.has(span.spanId)) continue
    byId.set(span.spanId, { span, children: [], call: callOf(span), entry: span, endMs: span.startMs + span.durationMs })
  }
  const roots: SpanNode[] = []
  for (const node of byId.values()) {
    const parent = byId.get(node.span.parentId)
    if (parent === undefined || parent === node) roots.push(node)
    else parent.children.push(node)
  }
  const nodes: SpanNode[] = []
  const seen = new Set<SpanNode>()
  for (const root of roots) walk(root, seen, nodes)
  for (const node of byId.values()) {
    if (seen.has(node)) continue
    // Only circles are left: one of each is as good a root as another.
    roots.push(node)
    walk(node, seen, nodes)
  }
  return { traceId: trace.traceId, isWhole: trace.isWhole, roots, nodes }
}

function walk(root: SpanNode, seen: Set<SpanNode>, out: SpanNode[]): void {
  const open: { readonly node: SpanNode; readonly entry: SampledSpan }[] = [{ node: root, entry: root.span }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, entry } = next
    if (seen.has(node)) continue
    seen.add(node)
    node.entry = node.span.kind === 2 || node.span.kind === 5 ? node.span : entry
    node.children.sort((a, b) => a.span.startMs - b.span.startMs)
    out.push(node)
    for (let i = node.children.length - 1; i >= 0; i--) {
      const child = node.children[i]
      if (child !== undefined) open.push({ node: child, entry: node.entry })
    }
  }
}

function attribute({ attributes }: SampledSpan, ...names: readonly string[]): string {
  for (const name of names) {
    const value = attributes.get(name)
    if (value !== undefined && value !== '') return value
  }
  return ''
}

/** By the semantic conventions of OpenTelemetry, old and stable, and by Sentry's `op`. Null: the span asks nobody. */
function callOf(span: SampledSpan): Call | null {
  const op = attribute(span, 'sentry.op')
  const system = attribute(span, 'db.system.name', 'db.system')
  const statement = attribute(span, 'db.query.text', 'db.statement')
  if (system !== '' || statement !== '' || /^db(\.|$)/.test(op)) return databaseCall(span, system, statement)
  const method = attribute(span, 'http.request.method', 'http.method')
  if (span.kind !== 3 && !op.startsWith('http.client')) return null
  const url = attribute(span, 'url.full', 'http.url')
  if (method === '' && url === '') return null
  return httpCall(span, method === '' ? 'GET' : method.toUpperCase(), url)
}

function databaseCall(span: SampledSpan, system: string, statement: string): Call | null {
  // Connecting, fetching rows and the like have no statement; some libraries put it in the name.
  const text =
    statement !== '' ? statement : /^\s*(select|with|insert|update|delete|get|hget|mget|find)\b/i.test(span.name) ? span.name : ''
  if (text === '') return null
  const dialect = dialectOf(system, text)
  const subject = normalizedQuery(text, dialect)
  return subject === '' ? null : { span, on: 'database', subject, text, dialect, isRead: isReadQuery(subject, dialect) }
}

function isReadQuery(subject: string, dialect: QueryDialect): boolean {
  if (dialect === 'json') return /"(find|aggregate|count|distinct)"/.test(subject)
  if (dialect === 'command') return /^(GET|MGET|HGET|HMGET|HGETALL|EXISTS|SMEMBERS|ZRANGE|LRANGE|GETS)\b/.test(subject)
  if (/\bFOR (UPDATE|SHARE|NO KEY UPDATE|KEY SHARE)\b/i.test(subject)) return false
  return /^\(?(SELECT|WITH|SHOW|TABLE)\b/i.test(subject) && !/\b(INSERT INTO|UPDATE .{1,200} SET|DELETE FROM)\b/i.test(subject)
}

function httpCall(span: SampledSpan, method: string, url: string): Call {
  const template = attribute(span, 'url.template')
  const server = attribute(span, 'server.address', 'net.peer.name', 'http.host')
  const target = url === '' ? server : normalizedUrl(url, template)
  const subject = `${method} ${target}`.slice(0, subjectLengthMax)
  return { span, on: 'http', subject, text: `${method} ${url}`, dialect: null, isRead: method === 'GET' || method === 'HEAD' }
}

/** Host and path with `*` where an id stands; the query string goes. */
export function normalizedUrl(url: string, template = ''): string {
  const [, host = '', path = ''] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^@/]{0,200}@)?([^/?#]*)([^?#]*)/i.exec(url) ?? [
    '',
    '',
    url.split(/[?#]/, 1)[0] ?? '',
  ]
  if (template !== '') return `${host}${template}`
  return `${host}${path
    .split('/')
    .map((part) => (isId(part) ? '*' : part))
    .join('/')}`
}

/** A part of a path that names one thing: numbers, UUIDs, long hexadecimal, anything mostly digits. */
export function isId(part: string): boolean {
  if (!/\d/.test(part)) return false
  if (/^\d+$/.test(part) || /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(part) || /^[0-9a-f]{12,}$/i.test(part)) return true
  if (/^v\d{1,2}(\.\d+)?$/i.test(part)) return false
  return part.replace(/\D/g, '').length * 2 >= part.length && part.length >= 3
}

/** `query_exemplars`: exemplars of every series that an expression selects, as Prometheus answers it. */
import type { FastifyReply } from 'fastify'
import type { Matcher, SeriesExemplars } from '../../metrics/index.ts'
import { parseQuery } from '../../promql/index.ts'
import { sendValue } from './answers.ts'
import type { PromCall, PromDeps } from './endpoints.ts'
import { formatSampleValue } from './numbers.ts'
import { invalidParameter, timeMsMax, timeMsMin } from './params.ts'

export async function queryExemplars({ exemplars }: PromDeps, { scope, params, signal, reply }: PromCall): Promise<FastifyReply> {
  const fromMs = params.time('start', timeMsMin)
  const toMs = params.time('end', timeMsMax)
  if (toMs < fromMs) throw invalidParameter('end', 'end timestamp must not be before start timestamp')
  const selectors: Matcher[][] = []
  collectSelectors(parseQuery(params.text('query')), selectors)
  const found = await Promise.all(selectors.map((matchers) => exemplars.read(scope, { matchers, fromMs, toMs }, signal)))
  return sendValue(reply, found.flat().map(wireOf))
}

/** Matchers of all selectors in a tree of `parseQuery`. */
function collectSelectors(node: unknown, out: Matcher[][]): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const each of node) collectSelectors(each, out)
    return
  }
  if ('type' in node && (node.type === 'vectorSelector' || node.type === 'matrixSelector') && 'matchers' in node) {
    if (Array.isArray(node.matchers)) out.push(node.matchers.flatMap(matcherOf))
    return
  }
  for (const each of Object.values(node)) collectSelectors(each, out)
}

function matcherOf(node: unknown): Matcher[] {
  if (typeof node !== 'object' || node === null || !('name' in node) || !('type' in node) || !('value' in node)) return []
  const { name, type, value } = node
  if (typeof name !== 'string' || typeof value !== 'string') return []
  return type === '=' || type === '!=' || type === '=~' || type === '!~' ? [{ name, op: type, value }] : []
}

function wireOf({ labels, exemplars }: SeriesExemplars): unknown {
  return {
    seriesLabels: Object.fromEntries(labels),
    exemplars: exemplars.map(({ timeMs, value, traceId, spanId, labels: own }) => ({
      labels: {
        ...Object.fromEntries(own),
        ...(traceId === '' ? {} : { trace_id: traceId }),
        ...(spanId === '' ? {} : { span_id: spanId }),
      },
      value: formatSampleValue(value),
      timestamp: timeMs / 1000,
    })),
  }
}

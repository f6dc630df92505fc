/** Looking for something within one trace that is already here. Every word must be in the span's name, service or id; `error` means errors. */
import { statusError, type SpanColumns } from './span-columns.ts'
import type { TraceTree } from './trace-tree.ts'

/**
 * By node: 1 where the span has all words. Names and services are looked at once each, not once a span.
 * `status:error` (or `error:true`) finds failed spans; `service:x` and `name:x` look there alone.
 */
export function findSpans(tree: TraceTree, text: string): { readonly marked: Uint8Array; readonly count: number } {
  const { spans } = tree
  const marked = new Uint8Array(tree.nodeCount)
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return { marked, count: 0 }
  marked.fill(1, 0, spans.count)
  for (const word of words) keepWord(spans, word, marked)
  let count = 0
  for (const mark of marked) count += mark
  return { marked, count }
}

function keepWord(spans: SpanColumns, word: string, marked: Uint8Array): void {
  if (word === 'status:error' || word === 'error:true') {
    for (let span = 0; span < spans.count; span += 1) if (spans.status[span] !== statusError) marked[span] = 0
    return
  }
  const [, field, rest] = /^(service|name):(.+)$/.exec(word) ?? []
  const wanted = rest ?? word
  const inNames = field === 'service' ? null : spans.names.map((name) => name.toLowerCase().includes(wanted))
  const inServices = field === 'name' ? null : spans.services.map((service) => service.toLowerCase().includes(wanted))
  for (let span = 0; span < spans.count; span += 1) {
    if (inNames?.[spans.name[span]!] === true || inServices?.[spans.service[span]!] === true) continue
    if (field === undefined && spans.ids[span] === wanted) continue
    marked[span] = 0
  }
}

/** By node: 1 where the span failed. */
export function failedSpans(tree: TraceTree): Uint8Array {
  const marked = new Uint8Array(tree.nodeCount)
  for (let span = 0; span < tree.spans.count; span += 1) if (tree.spans.status[span] === statusError) marked[span] = 1
  return marked
}

/**
 * A sample of traces through all detectors: what shows in enough of them is a sighting. One trace alone proves nothing; the thresholds
 * are those of each kind.
 */
import { subjectLengthMax, titleLengthMax } from '../limits.ts'
import type { FindingFact, SampledTrace, Sighting } from '../ports.ts'
import type { Detector, Evidence } from './evidence.ts'
import { detectLargePayloads } from './large-payload.ts'
import { detectNPlusOne } from './n-plus-one.ts'
import { detectSequentialCalls } from './sequential-calls.ts'
import { countQueries, detectSlowQueries, queryKey } from './slow-query.ts'
import { viewOf, type TraceView } from './trace-view.ts'

const detectors: readonly Detector[] = [detectNPlusOne, detectSlowQueries, detectSequentialCalls, detectLargePayloads]

type Kind = Evidence['finding']

/** Traces of the operation that show it at least, and their share of those of the operation. Samples prefer slow traces. */
const thresholds: Readonly<Record<Kind, { readonly tracesMin: number; readonly shareMin: number }>> = {
  n_plus_one: { tracesMin: 2, shareMin: 0.1 },
  slow_query: { tracesMin: 3, shareMin: 0 },
  sequential_calls: { tracesMin: 3, shareMin: 0.5 },
  large_payload: { tracesMin: 3, shareMin: 0.3 },
}
/** Of all calls of a slow query. One that was held up once is not slow. */
const slowShareMin = 0.25

interface Group {
  readonly evidence: { readonly traceId: string; readonly of: Evidence }[]
  readonly traces: Set<string>
}

/** Traces are added one by one, so that others get their turn between them. */
export class TraceJudge {
  readonly #groups = new Map<string, Group>()
  readonly #tracesOfEntry = new Map<string, Set<string>>()
  readonly #queries = new Map<string, number>()

  add(trace: SampledTrace): void {
    const view = viewOf(trace)
    countEntries(view, this.#tracesOfEntry)
    countQueries(view, this.#queries)
    for (const detect of detectors) {
      for (const of of detect(view)) {
        const key = `${of.finding}\0${entryKey(of)}\0${of.subject}`
        const group = this.#groups.get(key) ?? { evidence: [], traces: new Set<string>() }
        this.#groups.set(key, group)
        group.evidence.push({ traceId: trace.traceId, of })
        group.traces.add(trace.traceId)
      }
    }
  }

  /** What shows in enough of them. */
  sightings(): Sighting[] {
    const found: Sighting[] = []
    for (const group of this.#groups.values()) {
      const [first] = group.evidence
      if (first === undefined) continue
      const all = this.#tracesOfEntry.get(entryKey(first.of))?.size ?? group.traces.size
      if (this.#isEnough(group, first.of, all)) found.push(sightingOf(group, all))
    }
    return found
  }

  #isEnough({ evidence, traces }: Group, { finding, entry, subject }: Evidence, all: number): boolean {
    const { tracesMin, shareMin } = thresholds[finding]
    if (traces.size < tracesMin || traces.size < all * shareMin) return false
    if (finding !== 'slow_query') return true
    const calls = this.#queries.get(queryKey(entry.service, entry.name, subject)) ?? evidence.length
    return evidence.length >= calls * slowShareMin
  }
}

function countEntries(view: TraceView, out: Map<string, Set<string>>): void {
  for (const { entry } of view.nodes) {
    const key = `${entry.service}\0${entry.name}\0${entry.kind}`
    const traces = out.get(key)
    if (traces === undefined) out.set(key, new Set([view.traceId]))
    else traces.add(view.traceId)
  }
}

function entryKey({ entry }: Evidence): string {
  return `${entry.service}\0${entry.name}\0${entry.kind}`
}

function sightingOf({ evidence, traces }: Group, tracesOfOperation: number): Sighting {
  const worst = evidence.reduce((a, b) => (weightOf(b.of) > weightOf(a.of) ? b : a))
  const { finding, entry, subject } = worst.of
  const times = evidence.map(({ of }) => of.entry.startMs)
  return {
    service: entry.service,
    operation: entry.name,
    kind: entry.kind,
    finding,
    subject: subject.slice(0, subjectLengthMax),
    title: titleOf(typicalOf(evidence.map(({ of }) => of))).slice(0, titleLengthMax),
    firstMs: Math.min(...times),
    lastMs: Math.max(...times),
    occurrences: traces.size,
    changeMs: null,
    facts: factsOf(
      evidence.map(({ of }) => of),
      { traces: traces.size, tracesOfOperation },
    ),
    example: { traceId: worst.traceId, spanIds: worst.of.spanIds, atMs: entry.startMs },
    cause: null,
    levels: null,
  }
}

function weightOf({ costMs, sizeBytes, calls }: Evidence): number {
  return sizeBytes > 0 ? sizeBytes : costMs + calls
}

/** Medians: what the title says is what one meets. */
function typicalOf(all: readonly Evidence[]): Pick<Evidence, 'finding' | 'subject' | 'calls' | 'costMs' | 'savedMs' | 'sizeBytes'> {
  return {
    finding: all[0]?.finding ?? 'slow_query',
    subject: all[0]?.subject ?? '',
    calls: middleOf(all, ({ calls }) => calls),
    costMs: middleOf(all, ({ costMs }) => costMs),
    savedMs: middleOf(all, ({ savedMs }) => savedMs),
    sizeBytes: middleOf(all, ({ sizeBytes }) => sizeBytes),
  }
}

function middleOf(all: readonly Evidence[], value: (evidence: Evidence) => number): number {
  const sorted = all.map(value).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function titleOf({ finding, calls, costMs, savedMs, sizeBytes, subject }: ReturnType<typeof typicalOf>): string {
  const line = subject.replace(/\s+/g, ' ')
  const short = line.length > 120 ? `${line.slice(0, 119)}…` : line
  switch (finding) {
    case 'n_plus_one':
      return `The same read ${calls} times in one request: ${short}`
    case 'slow_query':
      return `A query takes ${Math.round(costMs)} ms: ${short}`
    case 'sequential_calls':
      return `${calls} calls one after the other; in parallel they would save ${Math.round(savedMs)} ms`
    case 'large_payload':
      return `A body of ${(sizeBytes / 1024 / 1024).toFixed(1)} MiB: ${short}`
  }
}

function factsOf(all: readonly Evidence[], { traces, tracesOfOperation }: { traces: number; tracesOfOperation: number }): FindingFact[] {
  const facts: FindingFact[] = [
    { name: 'Traces that show it', value: traces, unit: 'count' },
    { name: 'Traces of the operation looked at', value: tracesOfOperation, unit: 'count' },
  ]
  const middle = (value: (evidence: Evidence) => number): number => middleOf(all, value)
  switch (all[0]?.finding) {
    case 'n_plus_one':
    case 'sequential_calls':
      facts.push({ name: 'Calls in a trace, median', value: middle(({ calls }) => calls), unit: 'count' })
      facts.push({ name: 'Time of the calls in a trace, median', value: middle(({ costMs }) => costMs), unit: 'ms' })
      facts.push({ name: 'Could be saved in a trace, about', value: middle(({ savedMs }) => savedMs), unit: 'ms' })
      break
    case 'slow_query':
      facts.push({ name: 'Duration, median', value: middle(({ costMs }) => costMs), unit: 'ms' })
      facts.push({ name: 'Duration, longest', value: Math.max(...all.map(({ costMs }) => costMs)), unit: 'ms' })
      break
    default:
      facts.push({ name: 'Size, median', value: middle(({ sizeBytes }) => sizeBytes), unit: 'bytes' })
      facts.push({ name: 'Size, largest', value: Math.max(...all.map(({ sizeBytes }) => sizeBytes)), unit: 'bytes' })
  }
  return facts
}

/**
 * Sequential calls that could be parallel: different reads for the same work, each begun when the one before it was done, without need as
 * far as a trace can show. Need shows: a write or a transaction between them, work between them, a sign-in before them, an id that the
 * request did not have and an earlier answer must have brought.
 */
import { exampleSpansMax } from '../limits.ts'
import type { SampledSpan } from '../ports.ts'
import type { Evidence } from './evidence.ts'
import { needsAnswer } from './needed-answers.ts'
import type { Call, SpanNode, TraceView } from './trace-view.ts'

const callMinMs = 10
/** Calls of a run that are looked at. */
const runMax = 30
/** What going parallel would save at least, in itself and of the time of the work. */
const savedMinMs = 80
const savedShareMin = 0.15
/** Work between two calls, in itself and as a share of the shorter one. */
const gapMaxMs = 8
const gapShareMax = 0.25

export function detectSequentialCalls(view: TraceView): Evidence[] {
  const found: Evidence[] = []
  for (const parent of view.nodes) {
    if (parent.children.length < 2) continue
    let run: SpanNode[] = []
    let isInTransaction = false
    const close = (): void => {
      const evidence = judge(parent, run)
      if (evidence !== null) found.push(evidence)
      run = []
    }
    for (const child of parent.children) {
      const word = transactionWord(child.call)
      if (word !== null) {
        close()
        isInTransaction = word === 'begin'
      } else if (isInTransaction || !isFree(child.call)) {
        // Short spans that ask nobody (middleware, parsing) interrupt nothing; whatever else does.
        if (child.call !== null || child.span.durationMs > gapMaxMs) close()
      } else if (child.span.durationMs >= callMinMs) {
        const last = run[run.length - 1]
        if (last !== undefined && !follows(last, child)) close()
        if (run.length < runMax) run.push(child)
      }
    }
    close()
  }
  return found
}

function judge(parent: SpanNode, run: readonly SpanNode[]): Evidence | null {
  if (run.length < 2) return null
  const independent = independentOf(parent, run)
  const calls = independent.flatMap(({ call }) => (call === null ? [] : [call]))
  const subjects = new Set(calls.map(({ subject }) => subject))
  // Repetitions of one call are N+1, not this.
  if (subjects.size < 2 || subjects.size < calls.length / 2) return null
  const durations = calls.map(({ span }) => span.durationMs)
  const costMs = durations.reduce((sum, ms) => sum + ms, 0)
  const savedMs = costMs - Math.max(...durations)
  if (savedMs < savedMinMs || savedMs < parent.span.durationMs * savedShareMin) return null
  return {
    finding: 'sequential_calls',
    entry: parent.entry,
    subject: [...subjects].join('\n'),
    spanIds: calls.slice(0, exampleSpansMax).map(({ span }) => span.spanId),
    calls: calls.length,
    costMs,
    savedMs,
    sizeBytes: 0,
  }
}

function isFree(call: Call | null): call is Call {
  return call !== null && call.isRead && !isSignIn(call)
}

/** Who asks for rights or a connection must have them before going on. */
function isSignIn({ on, text }: Call): boolean {
  return on === 'http'
    ? /\/(oauth2?|auth|token|login|session|signin|sign-in|jwks|discovery|\.well-known)\b/i.test(text)
    : /\b(sessions?|tokens?|api_keys?|permissions?|credentials)\b/i.test(text)
}

function transactionWord(call: Call | null): 'begin' | 'end' | null {
  if (call === null || call.dialect !== 'sql') return null
  if (/^(BEGIN|START TRANSACTION|SET TRANSACTION|SAVEPOINT)\b/i.test(call.subject)) return 'begin'
  return /^(COMMIT|ROLLBACK|END)\b/i.test(call.subject) ? 'end' : null
}

function follows(before: SpanNode, after: SpanNode): boolean {
  const gapMs = after.span.startMs - before.endMs
  const shorter = Math.min(before.span.durationMs, after.span.durationMs)
  // Clocks of one process: what overlaps runs in parallel already.
  return gapMs >= -1 && gapMs <= Math.max(gapMaxMs, shorter * gapShareMax)
}

/** The longest part of the run in which no call needs the answer of one before it. */
function independentOf(parent: SpanNode, run: readonly SpanNode[]): readonly SpanNode[] {
  const known = `${textOf(parent.span)} ${textOf(parent.entry)}`
  let from = 0
  let best: readonly SpanNode[] = []
  for (let at = 0; at <= run.length; at++) {
    const call = run[at]?.call ?? null
    const earlier = run.slice(from, at).flatMap((node) => (node.call === null ? [] : [node.call]))
    if (call !== null && !needsAnswer(call, earlier, known)) continue
    if (at - from > best.length) best = run.slice(from, at)
    // What needs an answer begins a new group with those after it.
    from = at
  }
  return best
}

function textOf({ attributes }: SampledSpan): string {
  return [...attributes.values()].join(' ')
}

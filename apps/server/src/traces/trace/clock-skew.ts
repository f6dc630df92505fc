/**
 * Clocks that go wrong, found by what cannot be: a server cannot begin before it is asked nor end after its answer is there. Each such pair
 * says within which bounds the difference of the two clocks lies; where all pairs of two clocks exclude zero, the middle of what they allow is
 * taken (the estimate of NTP, RFC 5905: the way there takes as long as the way back). A clock is a host, or a service where hosts are unknown.
 */
import type { TraceParents } from './trace-parents.ts'
import type { TraceSpans } from './trace-spans.ts'

const [server, client] = [2, 3]
/** Differences below this are those of good clocks. */
const toleratedNs = 200_000

export interface ClockShifts {
  /** By span: what is to be added to its start, ns. */
  readonly shiftNs: Float64Array
  readonly skews: readonly { readonly service: string; readonly host: string; readonly shiftNs: number; readonly spans: number }[]
}

interface Bounds {
  readonly lows: number[]
  readonly highs: number[]
}

/** By span: the number of its clock. */
function clocksOf(spans: TraceSpans): Int32Array {
  const numbers = new Map<string, number>()
  const clocks = new Int32Array(spans.count)
  for (let span = 0; span < spans.count; span++) {
    const host = spans.hosts.texts[spans.host[span]!]!
    const key = host === '' ? `s${spans.service[span]}` : `h${host}`
    let number = numbers.get(key)
    if (number === undefined) numbers.set(key, (number = numbers.size))
    clocks[span] = number
  }
  return clocks
}

/** By pair of clocks, `asking/answering`: what has to be added to the answering one, within bounds. */
function boundsOf(spans: TraceSpans, { parents }: TraceParents, clocks: Int32Array): Map<number, Map<number, Bounds>> {
  const all = new Map<number, Map<number, Bounds>>()
  for (let span = 0; span < spans.count; span++) {
    const parent = parents[span]!
    if (parent < 0 || parent >= spans.count || clocks[span] === clocks[parent]) continue
    if (spans.kind[span] !== server || spans.kind[parent] !== client) continue
    const [inner, outer] = [spans.durationNs[span]!, spans.durationNs[parent]!]
    // A server that takes longer than its client waits says nothing about clocks.
    if (inner > outer) continue
    const low = spans.sinceFirstNs(parent) - spans.sinceFirstNs(span)
    let ofAsking = all.get(clocks[parent]!)
    if (ofAsking === undefined) all.set(clocks[parent]!, (ofAsking = new Map()))
    let bounds = ofAsking.get(clocks[span]!)
    if (bounds === undefined) ofAsking.set(clocks[span]!, (bounds = { lows: [], highs: [] }))
    bounds.lows.push(low)
    bounds.highs.push(low + outer - inner)
  }
  return all
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** What to add to the answering clock. Pairs that contradict each other: the middle one of their estimates. */
function differenceOf({ lows, highs }: Bounds): number {
  const low = lows.reduce((a, b) => Math.max(a, b), -Infinity)
  const high = highs.reduce((a, b) => Math.min(a, b), Infinity)
  const estimate = low <= high ? (low + high) / 2 : middle(lows.map((each, i) => (each + (highs[i] ?? each)) / 2))
  const isPossible = low <= high ? low <= toleratedNs && high >= -toleratedNs : Math.abs(estimate) <= toleratedNs
  return isPossible ? 0 : estimate
}

export function findClockShifts(spans: TraceSpans, tree: TraceParents): ClockShifts {
  const clocks = clocksOf(spans)
  const bounds = boundsOf(spans, tree, clocks)
  const shiftNs = new Float64Array(spans.count)
  if (bounds.size === 0) return { shiftNs, skews: [] }
  // From the clock of the root on: those that are asked follow whoever asks them.
  const shifts = new Map<number, number>()
  const answering = new Set([...bounds.values()].flatMap((each) => [...each.keys()]))
  const starts = [...bounds.keys()].filter((clock) => !answering.has(clock))
  const root = Math.max(tree.parents.indexOf(-1), 0)
  const waiting = [clocks[root]!, ...starts, ...bounds.keys()].map((clock) => ({ clock, shift: 0 }))
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (shifts.has(next.clock)) continue
    shifts.set(next.clock, next.shift)
    const asked = [...(bounds.get(next.clock) ?? [])].map(([clock, found]) => ({ clock, shift: next.shift + differenceOf(found) }))
    waiting.unshift(...asked)
  }
  const moved = new Map<string, { service: string; host: string; shiftNs: number; spans: number }>()
  for (let span = 0; span < spans.count; span++) {
    const shift = Math.round(shifts.get(clocks[span]!) ?? 0)
    if (shift === 0) continue
    shiftNs[span] = shift
    const key = `${spans.service[span]}/${spans.host[span]}`
    const known = moved.get(key)
    if (known !== undefined) known.spans++
    else {
      const [service, host] = [spans.services.texts[spans.service[span]!]!, spans.hosts.texts[spans.host[span]!]!]
      moved.set(key, { service, host, shiftNs: shift, spans: 1 })
    }
  }
  return { shiftNs, skews: [...moved.values()] }
}

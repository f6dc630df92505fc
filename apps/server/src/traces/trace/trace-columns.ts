/** One trace as the waterfall needs it: spans by corrected start, parents as places, what is true of the whole. */
import { preciseTime, secondsOf, nanosOf, splitTime, timeHalves } from '../../signals/index.ts'
import { findClockShifts } from './clock-skew.ts'
import { findParents } from './trace-parents.ts'
import { hexOfIds, type TraceSpans } from './trace-spans.ts'

const errorStatus = 2

export interface TraceService {
  readonly service: string
  readonly spans: number
  readonly errors: number
}

/** As `TraceFacts` of the protocol. */
export interface TraceFacts {
  readonly traceId: string
  readonly start: string
  readonly durationMs: number
  readonly spanCount: number
  readonly errorCount: number
  readonly services: TraceService[]
  readonly isPartial: boolean
  readonly note: string | null
  readonly skews: { service: string; host: string; shiftMs: number; spans: number }[]
}

/** As `TraceColumns` of the protocol. */
export interface TraceColumns extends TraceFacts {
  readonly count: number
  readonly spanIds: string
  readonly parents: number[]
  readonly missing: string[]
  readonly loops: number[]
  readonly startNs: number[]
  readonly durationNs: number[]
  readonly shift: number[]
  readonly shiftsNs: number[]
  readonly status: number[]
  readonly kind: number[]
  readonly name: number[]
  readonly names: string[]
  readonly service: number[]
  readonly serviceNames: string[]
}

/** `stored`: spans of the trace in the store, of which these are the first. */
export function traceColumns(traceId: string, spans: TraceSpans, stored: number): TraceColumns {
  const tree = findParents(spans)
  const { shiftNs, skews } = findClockShifts(spans, tree)
  const starts = new Float64Array(spans.count)
  for (let span = 0; span < spans.count; span++) starts[span] = spans.sinceFirstNs(span) + shiftNs[span]!
  const order = Uint32Array.from({ length: spans.count }, (_, span) => span)
  if (skews.length > 0) order.sort((a, b) => starts[a]! - starts[b]! || a - b)
  const placeOf = new Uint32Array(spans.count)
  order.forEach((span, place) => (placeOf[span] = place))
  let [first, last] = [Infinity, -Infinity]
  for (let span = 0; span < spans.count; span++) {
    if (starts[span]! < first) first = starts[span]!
    if (starts[span]! + spans.durationNs[span]! > last) last = starts[span]! + spans.durationNs[span]!
  }
  const by = <T>(of: (span: number) => T): T[] => Array.from(order, of)
  const shiftsNs = [0, ...new Set(skews.map((skew) => skew.shiftNs))]
  const idsHex = hexOfIds(spans.idLow, spans.idHigh)
  const missingHex = hexOfIds(tree.missingLow, tree.missingHigh)
  return {
    traceId,
    ...wholeOf(spans, stored),
    start: startText(spans, first),
    durationMs: Math.max(0, last - first) / 1e6,
    skews: skews.map(({ service, host, shiftNs: ns, spans: moved }) => ({ service, host, shiftMs: ns / 1e6, spans: moved })),
    count: spans.count,
    spanIds: by((span) => idsHex.slice(span * 16, span * 16 + 16)).join(''),
    parents: by((span) => {
      const parent = tree.parents[span]!
      return parent >= 0 && parent < spans.count ? placeOf[parent]! : parent
    }),
    missing: tree.missingLow.map((_, i) => missingHex.slice(i * 16, i * 16 + 16)),
    loops: tree.loops.map((span) => placeOf[span]!).sort((a, b) => a - b),
    startNs: by((span) => starts[span]! - first),
    durationNs: by((span) => spans.durationNs[span]!),
    shift: by((span) => (shiftNs[span] === 0 ? 0 : shiftsNs.indexOf(shiftNs[span]!))),
    shiftsNs,
    status: by((span) => spans.status[span]!),
    kind: by((span) => spans.kind[span]!),
    name: by((span) => spans.name[span]!),
    names: spans.names.texts,
    service: by((span) => spans.service[span]!),
    serviceNames: spans.services.texts,
  }
}

function wholeOf(spans: TraceSpans, stored: number): Pick<TraceFacts, 'spanCount' | 'errorCount' | 'services' | 'isPartial' | 'note'> {
  const counts = spans.services.texts.map((service) => ({ service, spans: 0, errors: 0 }))
  let errorCount = 0
  for (let span = 0; span < spans.count; span++) {
    const one = counts[spans.service[span]!]!
    one.spans++
    if (spans.status[span] !== errorStatus) continue
    one.errors++
    errorCount++
  }
  const isPartial = stored > spans.count
  const note = isPartial
    ? `The trace has ${stored.toLocaleString('en')} spans; here are the ${spans.count.toLocaleString('en')} that began first.`
    : null
  return { spanCount: Math.max(stored, spans.count), errorCount, services: counts.sort((a, b) => b.spans - a.spans), isPartial, note }
}

/** The start of span 0 moved by so many ns. */
function startText(spans: TraceSpans, ns: number): string {
  const [low, high] = [spans.tsLow[0]!, spans.tsHigh[0]!]
  const nanos = nanosOf(low, high) + ns
  const carry = Math.floor(nanos / 1e9)
  splitTime(secondsOf(low, high) + carry, nanos - carry * 1e9)
  return preciseTime(timeHalves.low, timeHalves.high)
}

/** When a span ran: its bar, what of it the trace waited for, and how long it took. A folded run of spans is drawn span by span. */
import { formatNs } from './trace-words.ts'
import { isMissing, type TraceTree } from './model/trace-tree.ts'
import { statusError } from './model/span-columns.ts'
import { runStretches, type Stretch } from './model/span-runs.ts'
import { pathSegments, type TraceModel } from './model/trace-model.ts'
import { membersOf } from './model/trace-rows.ts'
import type { TimeWindow } from './model/time-window.ts'
import type { TraceView } from './use-trace-view.ts'

/** Bars narrower than this are drawn this wide, CSS px. */
const barPxMin = 2
/** Spans of a run whose gap is a smaller share of the window are drawn as one. */
const gapShareMin = 0.001

/** What the row of a node stands for: one span, or the spans of a folded run. */
function barsOf(tree: TraceTree, members: Int32Array, shown: TimeWindow): readonly Stretch[] {
  return runStretches(tree, members, (shown.toNs - shown.fromNs) * gapShareMin)
}

function lengthText({ tree }: TraceModel, members: Int32Array): string {
  let totalNs = 0
  for (const node of members) totalNs += (tree.endNs[node] ?? 0) - (tree.startNs[node] ?? 0)
  return members.length === 1 ? formatNs(totalNs) : `${formatNs(totalNs)} together`
}

export function SpanBar({ view, node }: { readonly view: TraceView; readonly node: number }) {
  const { model, window: shown, hasPath, closed } = view
  const { tree } = model
  const members = closed[node] === 1 && (tree.runLength[node] ?? 0) > 0 ? membersOf(tree, node) : Int32Array.of(node)
  const bars = barsOf(tree, members, shown)
  const [start, end] = [bars[0]?.fromNs ?? 0, bars.reduce((last, { toNs }) => Math.max(last, toNs), 0)]
  if (end < shown.fromNs || start > shown.toNs) {
    const isAfter = start > shown.toNs
    return (
      <span className="bw-span__times">
        <span className={`bw-span__outside ${isAfter ? 'bw-span__outside--after' : ''}`}>{isAfter ? '›' : '‹'}</span>
      </span>
    )
  }
  const missing = isMissing(tree, node)
  const isError = !missing && tree.spans.status[node] === statusError
  const [left, right] = sharesOf(shown, start, end)
  return (
    <span className="bw-span__times">
      {bars.map(({ fromNs, toNs }) => {
        const [from, to] = sharesOf(shown, fromNs, toNs)
        return to < from ? null : (
          <span
            key={fromNs}
            className={`bw-span__bar ${missing ? 'bw-span__bar--missing' : ''} ${isError ? 'bw-span__bar--error' : ''}`}
            style={{ left: `${from}%`, width: `max(${barPxMin}px, ${to - from}%)`, ...(missing ? {} : { background: view.colorOf(node) }) }}
          />
        )
      })}
      {hasPath && <PathMarks model={model} members={members} shown={shown} />}
      <Duration leftPercent={left} rightPercent={right} text={missing ? '?' : lengthText(model, members)} />
    </span>
  )
}

/** Percent of the window, cut at its ends. */
function sharesOf(shown: TimeWindow, fromNs: number, toNs: number): readonly [from: number, to: number] {
  const share = (ns: number): number => ((ns - shown.fromNs) / (shown.toNs - shown.fromNs)) * 100
  return [Math.max(0, share(fromNs)), Math.min(100, share(toNs))]
}

interface PathMarksProps {
  readonly model: TraceModel
  readonly members: Int32Array
  readonly shown: TimeWindow
}

/** Marks drawn in one row at most. */
const marksMax = 200

function PathMarks({ model, members, shown }: PathMarksProps) {
  const gapNs = (shown.toNs - shown.fromNs) * gapShareMin
  const marks: { from: number; to: number }[] = []
  for (const member of members) {
    for (const [fromNs, toNs] of pathSegments(model, member).reverse()) {
      if (toNs < shown.fromNs || fromNs > shown.toNs) continue
      const last = marks.at(-1)
      if (last !== undefined && (fromNs - last.to < gapNs || marks.length >= marksMax) && fromNs >= last.from)
        last.to = Math.max(last.to, toNs)
      else marks.push({ from: fromNs, to: toNs })
    }
  }
  return marks.map((mark) => {
    const [from, to] = sharesOf(shown, mark.from, mark.to)
    return <span key={mark.from} className="bw-span__path" style={{ left: `${from}%`, width: `max(1px, ${to - from}%)` }} />
  })
}

/** Beside the bar where there is room: at its right, else at its left, else in it. */
function Duration({
  leftPercent,
  rightPercent,
  text,
}: {
  readonly leftPercent: number
  readonly rightPercent: number
  readonly text: string
}) {
  if (rightPercent < 86)
    return (
      <span className="bw-span__duration" style={{ left: `calc(${rightPercent}% + 6px)` }}>
        {text}
      </span>
    )
  if (leftPercent > 14)
    return (
      <span className="bw-span__duration" style={{ right: `calc(${100 - leftPercent}% + 4px)` }}>
        {text}
      </span>
    )
  return (
    <span className="bw-span__duration bw-span__duration--in" style={{ right: `calc(${100 - rightPercent}% + 6px)` }}>
      {text}
    </span>
  )
}

/** The part of a trace that is looked at, and the ticks above it. All in ns since the trace's beginning. */

export interface TimeWindow {
  readonly fromNs: number
  readonly toNs: number
}

/** Narrower than this nothing is told apart. */
const widthNsMin = 100

/** The window moved and cut so that it lies within the whole and is not empty. */
export function fitWindow(window: TimeWindow, whole: TimeWindow): TimeWindow {
  const total = whole.toNs - whole.fromNs
  const width = Math.min(total, Math.max(Math.min(widthNsMin, total), window.toNs - window.fromNs))
  const fromNs = Math.min(Math.max(whole.fromNs, window.fromNs), whole.toNs - width)
  return { fromNs, toNs: fromNs + width }
}

/** Zoomed by `factor` (2: half as much is seen) around a moment that keeps its place. */
export function zoomWindow(window: TimeWindow, whole: TimeWindow, { factor, aroundNs }: { factor: number; aroundNs: number }): TimeWindow {
  const width = (window.toNs - window.fromNs) / factor
  const share = (aroundNs - window.fromNs) / (window.toNs - window.fromNs)
  return fitWindow({ fromNs: aroundNs - width * share, toNs: aroundNs + width * (1 - share) }, whole)
}

/** A span with a little room on both sides. */
export function windowAround(fromNs: number, toNs: number, whole: TimeWindow): TimeWindow {
  const room = Math.max((toNs - fromNs) * 0.06, widthNsMin / 2)
  return fitWindow({ fromNs: fromNs - room, toNs: toNs + room }, whole)
}

export function isWhole(window: TimeWindow, whole: TimeWindow): boolean {
  return window.fromNs <= whole.fromNs && window.toNs >= whole.toNs
}

/** Moments with round distances from the beginning of the trace, at most `ticksMax`. */
export function ticksOf(window: TimeWindow, originNs: number, ticksMax: number): readonly number[] {
  const width = window.toNs - window.fromNs
  const rough = width / Math.max(1, ticksMax)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? power * 10
  const ticks: number[] = []
  for (let i = Math.ceil((window.fromNs - originNs) / step); originNs + i * step <= window.toNs; i += 1) ticks.push(originNs + i * step)
  return ticks
}

/** As it stands in the address: `120000-480000`, whole ns since the beginning of the trace. */
export function writeWindow(window: TimeWindow): string {
  return `${Math.floor(window.fromNs)}-${Math.ceil(window.toNs)}`
}

/** Null for a text that is no window. */
export function readWindow(text: string | undefined, whole: TimeWindow): TimeWindow | null {
  const found = /^(-?\d{1,18})-(-?\d{1,18})$/.exec(text ?? '')
  if (found === null) return null
  const [fromNs, toNs] = [Number(found[1]), Number(found[2])]
  return fromNs < toNs ? fitWindow({ fromNs, toNs }, whole) : null
}

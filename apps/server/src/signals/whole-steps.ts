/** Ranges of time as what is counted by the step can tell of them, and what only the rows themselves can. */

/** Of ms since 1970, without `toMs`. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/** The steps that lie whole within a range, in one piece (null: there is none), and what is left of it before and behind. */
export function wholeSteps(range: Stretch, stepMs: number): { readonly whole: Stretch | null; readonly ends: readonly Stretch[] } {
  const whole = { fromMs: Math.ceil(range.fromMs / stepMs) * stepMs, toMs: Math.floor(range.toMs / stepMs) * stepMs }
  if (whole.fromMs >= whole.toMs) return { whole: null, ends: [range] }
  const ends = [
    { fromMs: range.fromMs, toMs: whole.fromMs },
    { fromMs: whole.toMs, toMs: range.toMs },
  ]
  return { whole, ends: ends.filter((end) => end.toMs > end.fromMs) }
}

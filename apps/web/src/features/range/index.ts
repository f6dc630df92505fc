/** The time range of all pages. */
export { RangeProvider, useRange, type RangeState } from './range.tsx'
export { openRangeEvent, RangeBar } from './RangeBar.tsx'

/** The time range of all pages. */
export { RangeProvider, useRange, type RangeState } from './range.tsx'
export { RangeBar } from './RangeBar.tsx'

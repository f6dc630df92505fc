/** What came in and what became of it. */
export { balanceOf, explainReason, reasonsOf, usageQuery, type Balance, type ReasonRow } from './usage.queries.ts'
export { countedRows } from './counted.ts'
export { lostIn, useLastingGaps, type LastingGaps } from './gaps.ts'
export { LeftOutSection } from './LeftOutSection.tsx'
export { Equation } from './Equation.tsx'

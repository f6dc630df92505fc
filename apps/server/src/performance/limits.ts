/** Bounds of this domain. What is over them is left out by a rule that is said where it is used. */

/** Operations of a project that are looked at: those with the most time spent. */
export const operationsLookedAtMax = 500
/** Operations whose series are searched for changes. */
export const operationsWatchedMax = 300
/** Traces of a project that the detectors see in a run, and spans of each. */
export const sampledTracesMax = 150
export const sampledSpansMax = 2_000
/** Open findings of a project; further ones wait until some are resolved. */
export const openFindingsMax = 500
/** Resolved findings of a project that are kept: the newest. */
export const resolvedFindingsMax = 1_000
/** Deploys of a project that are kept: the newest. */
export const deploysMax = 2_000
/** Deploys shown at once. */
export const deploysShownMax = 500
/** Spans that a finding points at. */
export const exampleSpansMax = 50
/** Longest normalised query, title or target. */
export const subjectLengthMax = 2_000
export const titleLengthMax = 300
/** Longest statement that is read; the rest is cut off. */
export const statementLengthMax = 20_000
/** Bars of a trend in the list of operations. */
export const trendStepsMax = 60
/** Lines of each part of the report. */
export const reportLinesMax = 20
/** Versions of services read in a run. */
export const versionsPerRunMax = 2_000
/** Operations whose series are searched at a fast pace, or after a deploy. */
export const operationsFastMax = 100
/** Projects that are looked at in a round. */
export const activeTenantsMax = 1_000

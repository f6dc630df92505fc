/** Every bound of the domain in one place: what it protects and what happens when it is hit. */

/** Rules of one project; more are refused. */
export const rulesPerProjectMax = 200
/** Labels named by one rule. */
export const labelsPerRuleMax = 100
/** Characters of a metric name, prefix or pattern of a rule. */
export const matchLengthMax = 500
/** Raw series whose last value is kept, all projects together; samples of further ones are dropped as `rule_series_limit`. 80 bytes each. */
export const rawSeriesMax = 500_000
/** A counter without a sample for so long is forgotten; should it come back, its whole value counts as its increase. */
export const rawCounterIdleMs = 6 * 3_600_000
/** The same when the table is full. */
export const rawCounterIdlePressedMs = 15 * 60_000
/** A gauge without a sample for so long is not part of its sum any more: the look-back of queries. */
export const rawGaugeIdleMs = 5 * 60_000
/** For so long after a start, a change of rules or a silence the first value of a counter is where it begins, not what it grew by. */
export const learningMs = 5 * 60_000
/** Metric names of a project whose rule is remembered. */
export const matchedNamesMax = 50_000
/** Metrics with an account of what is new and refused, all projects together; the longest quiet one gives way. */
export const accountedMetricsMax = 5_000
/** Labels of a metric whose values are counted. */
export const accountedLabelsMax = 64
/** Example values kept of a label. */
export const examplesMax = 5
export const exampleLengthMax = 100
/** Series of one batch and metric whose labels are looked at; of more, the first. */
export const accountedSeriesPerBatchMax = 10_000
/** Series looked at to count the values of a metric's labels. */
export const countedSeriesMax = 100_000
/** Metrics named by a preview. */
export const previewMetricsMax = 100

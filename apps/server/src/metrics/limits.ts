/** Every bound of the metrics domain in one place: what it protects and what happens when it is hit. */

/** How far a series' row may lag behind its samples before it is written again (its first and last sample's time). */
export const seriesRowLagMinutes = 6 * 60

/** The same for the first sample, which moves only when older data is filled in. */
export const seriesRowLeadMinutes = 60

/** A label set with more is refused (`too_many_labels`). */
export const labelCountMax = 256

/** UTF-16 units of a label's name; longer ones are refused (`label_name_too_long`). */
export const labelNameLengthMax = 1_024

/** UTF-16 units of a label's value; longer ones are refused (`label_value_too_long`). */
export const labelValueLengthMax = 16_384

/** UTF-16 units of a metric's help text; the rest is cut. */
export const helpLengthMax = 4_096

/** Described metrics of one project; further descriptions are left out. */
export const metadataPerTenantMax = 100_000

/** A key of the wire cache longer than this is not remembered. */
export const wireKeyBytesMax = 65_536

/** Slots looked at for one key before the wire cache gives up (an attacker may choose colliding bytes). */
export const wireProbesMax = 128

/** UTF-16 units of a regular expression in a matcher; longer ones are refused. */
export const patternLengthMax = 10_000

/** Instructions of a compiled regular expression; larger ones are refused. */
export const patternProgramMax = 10_000

/** Series (or metrics) named one by one in a statement; more are read in several statements. */
export const seriesListMax = 4_000

/** Partitions one INSERT may touch (the engine refuses more than 100). */
export const partitionsPerInsertMax = 90

/** Hours in one partition of a time-keyed table; see tables.ts. */
export const hoursPerPartition = 168

/** Native histograms kept in memory by the head; older ones are left to the engine. */
export const headHistogramsMax = 50_000

/** UTF-8 of all distinct label names and values together; a new series above it is refused (`series_limit`). Places count to 4 GiB. */
export const symbolBytesMax = 2 * 1024 * 1024 * 1024

/** Settings of the series index that an installation may choose. */
export interface SeriesLimits {
  /** Series of one project; a new one above it is refused (`series_limit`). */
  readonly perTenantMax: number
  /** Series of all projects together. */
  readonly totalMax: number
  /** Memory for label bytes seen on the wire, and as much for hashes of them. */
  readonly wireCacheBytesMax: number
}

export const defaultSeriesLimits: SeriesLimits = {
  perTenantMax: 2_000_000,
  totalMax: 10_000_000,
  wireCacheBytesMax: 256 * 1024 * 1024,
}

/** Steps of all matching of one compiled regular expression; a query that needs more is refused. About a second of work. */
export const patternStepsMax = 20_000_000

/** Distinct strings a regular expression may stand for to be looked up instead of matched. */
export const patternLiteralsMax = 1_000

/** Members of sets in one insert; a segment with more is several inserts. */
export const setMembersPerInsertMax = 1_000_000

/** Members kept in memory until they are in the engine (8 bytes each); the oldest beyond it are not counted until then. */
export const freshSetMembersMax = 2_000_000

/** Members in memory that one count of distinct members takes into account; of more only the newest. */
export const freshSetMembersPerCountMax = 500_000

/** Groups times steps of one count of distinct members. */
export const setCountsMax = 100_000

/** Aggregates (series that are summed up here) of one project; observations of a new one above it are refused (`aggregate_limit`). */
export const aggregatesPerProjectMax = 200_000

/** Aggregates of all projects together. At most 2^22, see aggregates/. */
export const aggregatesTotalMax = 1_000_000

/** Buckets of one distribution; one that needs more gets buckets twice as wide. At schema 7 it is enough for values from 1 to 65,536. */
export const sketchBucketsMax = 2_048

/** Buckets of all distributions (24 bytes each); above it a distribution that needs one more gets wider buckets instead. */
export const sketchBucketsTotalMax = 4_000_000

/** A distribution that has no more than these keeps its width whatever the others take. */
export const sketchBucketsMin = 64

/** Distinct members of a project in one flush interval (20 bytes each); further ones are dropped (`set_members_limit`). */
export const membersPerFlushMax = 1_000_000

/** Gauge values with a time of their own that wait for the next flush; further ones are dropped (`timed_values_limit`). */
export const timedValuesMax = 100_000

/** An aggregate without an observation for so long ends (a stale marker), ms. A gauge is state and is kept for longer. */
export const aggregateIdleMs = 300_000
export const gaugeIdleMs = 3_600_000
/** Series whose exemplars one request reads, and exemplars; of more the newest. */
export const exemplarSeriesMax = 1000
export const exemplarsReadMax = 10_000

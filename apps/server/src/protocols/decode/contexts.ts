/** Numbers that keep the same bytes of different protocols apart in `SeriesResolver.lookup`. Never reuse one for another meaning. */

/** The process-wide numbers of a remote write 2 series' symbols, 4 bytes each. */
export const remoteWrite2Context = 2
/** The attribute fields of an OTLP point; one context for each resource, scope and metric, from here up. */
export const firstOtlpContext = 16
/** Targets that are scraped: two for each, one for text and one for protobuf, counting up from here for ever. */
export const firstExpositionContext = 0x8000_0000

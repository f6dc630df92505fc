/** Bounds of spans and traces. */

/** Spans of one trace in columns; of a larger one the first so many, and it is said. */
export const traceColumnsMax = 100_000
/** Spans of one trace with all they carry. */
export const traceObjectsMax = 10_000
/** Whole spans of one answer, bytes; of more the first, and it is said. The first span is always there. */
export const spansAnswerBytesMax = 8 * 1024 * 1024
/** Bytes of a span's name; longer ones are cut. */
export const nameBytesMax = 1000
/** Bytes of a status message; longer ones are cut. */
export const statusMessageBytesMax = 8192
/** Events, and links, kept of one span. */
export const eventsPerSpanMax = 128
export const linksPerSpanMax = 128
/** Bytes of all events, and of all links, of one span as JSON. */
export const eventsBytesMax = 65_536
/** Operations that one segment of the log counts by name, of one project; those beyond are counted together as `otherName`. */
export const operationsPerSegmentMax = 2000
/** Edges of the service map that one segment counts, of one project; those beyond are left out of the map. */
export const edgesPerSegmentMax = 2000
/** Spans of a segment that parents are looked for among. */
export const pairedSpansMax = 1_000_000
/** Operations of a project that are metrics of their own; those beyond are one together. */
export const spanMetricsMax = 1000
/** Name under which what is too much to be told apart is counted. */
export const otherName = '(other)'
/** What spans of a resource without a service belong to; OpenTelemetry's own word. */
export const unknownService = 'unknown_service'
/** A sampling weight beyond this is no weight. */
export const weightMax = 1_000_000
/** Groups of a service list, an operations list or a map that are read. */
export const groupsMax = 5000
/** Services of a list. */
export const servicesMax = 500
/** Operations of a list. */
export const operationsMax = 500
/** Edges of the map without a known other end whose example traces are looked into. */
export const lookedIntoMax = 64
/** Traces of each side of a comparison, and spans of one side. */
export const comparedTracesMax = 200
export const comparedSpansMax = 200_000

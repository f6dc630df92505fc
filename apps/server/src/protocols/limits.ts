/** Every bound of the ingest protocols. What exceeds one is refused with a reason or an error; nothing grows without one of these. */

const mib = 1024 * 1024

export interface ProtocolLimits {
  /** A body as it arrives. Over it: 413. */
  readonly compressedBytesMax: number
  /** What all requests hold together, from the first byte of a body to its answer, what they became included. Over it: 503 with Retry-After. */
  readonly inFlightBytesMax: number
  /** Time given to bodies between two runs of the event loop, ms, at least: what else there is to do waits no longer for them. */
  readonly decodeSliceMs: number
  /** A request whose body would wait longer for its turn is refused before it is read, ms; one that came after all waits at most twice as long. */
  readonly turnWaitMsMax: number
  /** Bodies that other threads decompress (gzip, deflate) at the same time; the others wait as they arrived. */
  readonly decompressedAtOnceMax: number
  /** A body after decompression, enforced while decompressing. Over it: 413. */
  readonly decompressedBytesMax: number
  /** A JSON body after decompression: its objects take several times their text, and a third of a second at this size. Over it: 413. */
  readonly jsonBytesMax: number
  /** Objects and arrays in a JSON body: two bytes of `{}` take a hundred times as much to read. Over it: 413. */
  readonly jsonObjectsMax: number
  /** One gRPC message as it arrives. Over it: INVALID_ARGUMENT, because the same one will never fit. */
  readonly grpcMessageBytesMax: number
  /** Calls of one gRPC connection at the same time; more wait at the sender. */
  readonly grpcCallsPerConnectionMax: number
  /** Samples and histograms one request may become; over it the whole request is refused with 413. */
  readonly samplesPerRequestMax: number
  /** Exemplars kept of one request; the others are left out. */
  readonly exemplarsPerRequestMax: number
  /** Labels of one series, `__name__` included. */
  readonly labelsPerSeriesMax: number
  readonly labelNameBytesMax: number
  readonly labelValueBytesMax: number
  readonly metricNameBytesMax: number
  /** Help texts are cut to this many characters. */
  readonly helpCharsMax: number
  /** Explicit bounds of a classic histogram, or buckets of a native one. */
  readonly bucketsPerHistogramMax: number
  /** Nesting of arrays and maps in one attribute value. */
  readonly attributeDepthMax: number
  /** Oldest accepted sample time, ms since 1970. */
  readonly timestampMinMs: number
  /** How far a sample may lie ahead of the clock (see decode/latest-now.ts). */
  readonly timestampAheadMsMax: number
  /** A start time older than this, seen from its sample, makes no zero sample (see series-memory.ts). */
  readonly startTimeAgeMsMax: number
  /** Series whose last time and running total are remembered; series beyond it get no zero samples and no delta totals. */
  readonly rememberedSeriesMax: number
  /** Series of delta exponential histograms whose running total is remembered. */
  readonly rememberedHistogramsMax: number
  /** OTLP resources, scopes and metrics known by their bytes; forgotten all at once when exceeded. */
  readonly contextsMax: number
  readonly contextBytesMax: number
  /** Strings of remote write 2 known by their bytes; forgotten all at once when exceeded. */
  readonly symbolsMax: number
  readonly symbolBytesMax: number
  /** Classic histograms and summaries whose bucket series are known by their count series. */
  readonly histogramGroupsMax: number
  /** Series of scraped bodies that are expected in their order, all targets together; beyond it they are found by a hash. */
  readonly expositionLineBytesMax: number
  /** Metric names whose last sent description is known. */
  readonly describedMetricsMax: number
}

export const defaultProtocolLimits: ProtocolLimits = {
  compressedBytesMax: 16 * mib,
  inFlightBytesMax: 256 * mib,
  decodeSliceMs: 4,
  turnWaitMsMax: 500,
  decompressedAtOnceMax: 2,
  decompressedBytesMax: 64 * mib,
  jsonBytesMax: 8 * mib,
  jsonObjectsMax: 500_000,
  grpcMessageBytesMax: 16 * mib,
  grpcCallsPerConnectionMax: 64,
  samplesPerRequestMax: 1_000_000,
  exemplarsPerRequestMax: 10_000,
  labelsPerSeriesMax: 128,
  labelNameBytesMax: 1024,
  labelValueBytesMax: 4096,
  metricNameBytesMax: 1024,
  helpCharsMax: 2048,
  bucketsPerHistogramMax: 2000,
  attributeDepthMax: 16,
  timestampMinMs: Date.UTC(1990, 0, 1),
  timestampAheadMsMax: 600_000,
  startTimeAgeMsMax: 3_600_000,
  rememberedSeriesMax: 4_194_304,
  rememberedHistogramsMax: 20_000,
  contextsMax: 200_000,
  contextBytesMax: 64 * mib,
  symbolsMax: 1_000_000,
  symbolBytesMax: 64 * mib,
  histogramGroupsMax: 100_000,
  expositionLineBytesMax: 64 * mib,
  describedMetricsMax: 100_000,
}

/** Bounds of the HTTP API. */

/** Body of a request to the own API. */
export const bodySizeBytesMax = 1_000_000
/** Body of a request that anyone may send, such as a sign-in. */
export const publicBodySizeBytesMax = 16_384
/** A source map and what it is for. */
export const sourceMapBodySizeBytesMax = 48_000_000
/** A release with its commits, and the files that they changed. */
export const releaseBodySizeBytesMax = 8_000_000
/** Pieces of an upload: bytes and pieces of a request, and requests that are in memory at once. */
export const chunkRequestBytesMax = 16 * 1024 * 1024
export const chunksPerRequestMax = 16
export const chunkRequestsOfOrganizationMax = 4
export const chunkRequestsAtOnceMax = 12
/** The first rows of a file, to be looked at before it is imported. */
export const importPreviewBytesMax = 1_000_000
/** A PromQL query may be long, but not longer. */
export const promqlBodySizeBytesMax = 2_000_000
/** Answers are built and sent in pieces of about this size. */
export const answerChunkChars = 65_536
/** Pieces written before other requests get their turn: about 10 ms. */
export const chunksPerTurn = 8
/** Values of one tag counted for a metric's page. */
export const tagValuesCountedMax = 10_000
/** Refusals and sources shown. */
export const refusalsShownMax = 500
/** Steps between the ends of a range query, as Prometheus bounds it. */
export const rangeStepsMax = 11_000
/** Values of one parameter of the Prometheus API, such as `match[]`. */
export const parameterRepeatsMax = 1000
/** Of a wrong parameter, an error repeats this much. */
export const quotedCharsMax = 200

/** A comment line in an answer that goes on, so that proxies keep the connection, ms. */
export const tailKeepAliveMs = 15_000

/** How often it is asked whether the reader of an answer that goes on may still look, ms. */
export const tailAccessMs = 10_000

/** Attributes of logs that are listed. */
export const logAttributesShownMax = 500

/** Bounds of signals. */

/** Reasons of refusals in words, of one batch. */
export const examplesMax = 5
/** Attributes of one row; more are left out, counted. */
export const attributesMax = 256
/** Bytes of an attribute's name; longer ones are cut. */
export const attributeNameBytesMax = 200
/** Bytes of an attribute's value; longer ones are cut. */
export const attributeValueBytesMax = 32_768
/** Bytes of a log line; longer ones are cut, and marked by the attribute `truncated` with their size. */
export const bodyBytesMax = 262_144
/** How far ahead of our clock a row may be, ms. */
export const futureMsMax = 86_400_000
/** Resources of one batch. */
export const resourcesMax = 4096
/** Days that rows are kept where nobody said otherwise. */
export const keepDaysDefault = 30
/** Partitions of one insert; the engine takes 100. */
export const partitionsPerInsertMax = 90
/** Batches kept for the next request. */
export const idleBatchesMax = 8
/** A batch with more rows is let go after use. */
export const idleBatchRowsMax = 65_536

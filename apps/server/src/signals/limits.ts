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
/** Rows of one batch, refused ones among them: the smallest row takes forty times its bytes, so the size of a body bounds too little. */
export const rowsPerBatchMax = 250_000
/** About what the rows of a batch hold; a record of the log takes 128 MiB. The row that exceeds it is the last. */
export const batchBytesMax = 96 * 1024 * 1024
/** Rows, and bytes of what they hold, of a part of a body: parts are decoded, scrubbed and written down in one piece each. */
export const partRowsMax = 8192
export const partBytesMax = 4 * 1024 * 1024
/** Distinct names of attributes in one part of a body; attributes of other names are left out, counted. */
export const attributeNamesMax = 20_000
/** Resources of one batch, and the bytes of their attributes; those of others are attributes of their rows. */
export const resourcesMax = 4096
export const resourcesBytesMax = 16 * 1024 * 1024
/** Names and values of one resource; attributes that do not fit are left out. */
export const resourceBytesMax = 65_536
/** Days that rows are kept where nobody said otherwise. */
export const keepDaysDefault = 30
/** Partitions of one insert; the engine takes 100. */
export const partitionsPerInsertMax = 90
/** Batches kept for the next request. */
export const idleBatchesMax = 8
/** A batch with more rows is let go after use. */
export const idleBatchRowsMax = 65_536

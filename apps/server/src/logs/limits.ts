/** Bounds of logs. */

/** A page of rows ends before it would be longer, whatever number of rows was asked for; its first row is always there. */
export const pageBytesMax = 8 * 1024 * 1024
/** Bytes of a message or a value of an attribute in lists; the row by itself has all. */
export const shownTextBytesMax = 16 * 1024

/** Rows that the first look at the newest should find; each further look goes eight times as far. */
export const firstWindowRows = 20_000
export const windowGrowth = 8
/** The same where all rows are wanted: so many for each that is asked for, as rows do not come evenly within ten minutes, and at least. */
export const rowsPerAskedFor = 30
export const firstRowsMin = 2000
/** How long counts of rows over time may be old for choosing that window, ms; a choice costs time at worst, never rows. */
export const densityMaxAgeMs = 15_000
/** Projects and days whose counts are remembered. */
export const densitiesMax = 500
/** Resources whose attributes are remembered. */
export const resourcesKnownMax = 20_000
/** Intervals of a histogram. */
export const intervalsMax = 1000
/** Values in an interval, on average, that are answered all at once to choose from; of more the engine chooses by a look of its own. */
export const valuesAtOnceMax = 200
/** Rows that facets of a search look at when more match. */
export const facetSampleRows = 20_000
/** Rows of the newest part of a range that facets of a search look through; what is older is left out, and the answer is a sample. */
export const facetScannedRows = 3_000_000
/** Shorter ranges are counted: with notes in steps of ten minutes, their ends would be too much of them. ms */
export const notedRangeMsMin = 3 * 3_600_000
/** Fields of an answer of facets when none are named. */
export const facetFieldsMax = 30

/** Rows of a segment whose attributes are noted for facets one by one; of more, about as many are, and count for all. */
export const notedRowsMax = 4096
/** Attributes noted of a project, a segment and ten minutes; those with most rows. */
export const notedFieldsMax = 200
/** Values noted of each. */
export const notedValuesMax = 40
/** Bytes of a value that is noted; longer ones are no choices to make. */
export const notedValueBytesMax = 128
/** Distinct values of an attribute that are counted in a segment; more fall under the number of rows only. */
export const countedValuesMax = 4096

/** Live tails of one program, and of one project. */
export const tailsMax = 200
export const tailsOfProjectMax = 20
/** Rows that wait for a reader of a live tail; more are counted as missed. */
export const tailRowsMax = 500
/** UTF-16 units of them, about bytes; of the rows that wait or are on their way in all live tails together. More are counted as missed. */
export const tailBytesMax = 1024 ** 2
export const tailsBytesMax = 64 * 1024 ** 2
/** UTF-16 units of a body and of an attribute's value in a live tail; longer ones are cut, and say so. */
export const tailBodyCharsMax = 16_384
export const tailValueCharsMax = 4096
/** Rows that a live tail looks at between two of its events; more are missed unseen. */
export const tailLookedAtMax = 25_000
/** Between two events of a live tail, ms. */
export const tailPeriodMs = 150

/** Days that rows are kept where nobody said otherwise. */
export const logDaysDefault = 30
export const logDaysMax = 3650

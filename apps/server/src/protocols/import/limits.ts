/** Bounds of imports. */

/** Imports that run at the same time, over all organizations. */
export const importsRunningMax = 16
/** The same of one organization. */
export const organizationImportsMax = 4
/** An import that waits for its next part so long makes room for another one, ms. */
export const importIdleYieldMs = 60_000
/** Imports remembered; the oldest that ended is forgotten first. */
export const importsKeptMax = 100
/** An import that waits for its next part so long is over, ms. */
export const importIdleMsMax = 600_000
/** One row of CSV, one line of JSON. */
export const lineBytesMax = 4 * 1024 * 1024
export const columnsMax = 2000
/** Objects, arrays and members in one line of JSON. */
export const lineExtentMax = 10_000
/** Rows that are read without a pause for what else there is. */
export const rowsAtOnceMax = 1000
/** Rows shown that were refused. */
export const refusedRowsMax = 20
/** Samples that go into the log together. */
export const samplesPerBatch = 5000
export const batchBytesMax = 2 * 1024 * 1024
/** Samples of a preview. */
export const previewRowsMax = 20

/** Bounds of imports. */

/** Imports that run at the same time, over all projects. */
export const importsRunningMax = 4
/** Imports remembered; the oldest that ended is forgotten first. */
export const importsKeptMax = 100
/** An import that waits for its next part so long is over, ms. */
export const importIdleMsMax = 600_000
/** One row of CSV, one line of JSON. */
export const lineBytesMax = 4 * 1024 * 1024
export const columnsMax = 2000
/** Rows shown that were refused. */
export const refusedRowsMax = 20
/** Samples that go into the log together. */
export const samplesPerBatch = 5000
export const batchBytesMax = 2 * 1024 * 1024
/** Samples of a preview. */
export const previewRowsMax = 20

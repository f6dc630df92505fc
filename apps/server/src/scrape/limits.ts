/** Every bound of scraping. */

const mib = 1024 * 1024

/** Targets of all jobs; what is found beyond is shown as dropped. */
export const targetsMax = 20_000
/** Dropped targets kept for the screen, of each job. */
export const droppedKeptMax = 500
/** A file of targets, an answer of HTTP discovery, the configuration itself. */
export const documentBytesMax = 16 * mib
/** Reading YAML takes about a second for each so many characters, of this thread's time. */
export const yamlCharsMax = 2 * mib
/** As in Prometheus' own client. */
export const redirectsMax = 10
/** Files that one pattern may name. */
export const filesPerPatternMax = 1_000
/** How often files are looked at for changes, ms. */
export const filePollMs = 2_000
/** HTTP discovery gets this long for an answer, ms. */
export const discoveryTimeoutMs = 30_000
/** How far a scrape's time may be off its grid and still be put on it: this part of the interval, at most so many ms. */
export const gridToleranceShare = 0.01
export const gridToleranceMsMax = 20

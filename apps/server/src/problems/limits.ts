/** Bounds of problems. */

/** Problems of a project that one list looks at; the others are not in it, and the list says so. */
export const problemsListedMax = 10_000
/** Decisions of a project that are read; the newest. */
export const decisionsMax = 20_000
/** Intervals of the small chart of a problem. */
export const sparkSlots = 24
/** Distinct users of one row of counts that are sent to the engine. */
export const usersPerRowMax = 5000
/** Groups of one record of the log; further ones are counted together without release, environment and service. */
export const groupsPerSegmentMax = 20_000
/** Events whose tags are counted. */
export const taggedEventsMax = 1000
/** Values shown of a tag, and tags of a problem. */
export const tagValuesMax = 10
export const tagsMax = 40
/** Days that counts of problems are kept. */
export const countsKeptDays = 400
/** A problem nobody decided about is new for so long, ms. */
export const newForMs = 7 * 86_400_000
/** Characters of titles and places that are kept. */
export const titleCharsMax = 300
/** Source maps: one, all of a project, and how many of them. */
export const sourceMapBytesMax = 32 * 1024 * 1024
export const sourceMapsBytesMax = 2 * 1024 * 1024 * 1024
export const sourceMapsMax = 5000
/** What one decodes to: lines, mappings, sections, and lines without any mapping beyond one for each character of its text. */
export const sourceMapLinesMax = 1_000_000
export const sourceMapSegmentsMax = 4_000_000
export const sourceMapSectionsMax = 1000
export const sourceMapUnmappedLinesMax = 10_000
/** Bytes of source maps that are kept in memory as they are read, decoded. */
export const sourceMapCacheBytesMax = 128 * 1024 * 1024
/** Exceptions of the spans of one request that become log records; further ones stay with their spans alone. */
export const liftedPerBatchMax = 1000
/** Projects, and files of builds, of which it is remembered for seconds whether they have source maps. */
export const ingestMapsRememberedMax = 5000
/** Characters of a source map's name. */
export const sourceMapNameCharsMax = 1000
/** Bundles of artifacts: one as it is sent, its pieces, what waits to be put together for an organization, and for how long. */
export const bundleBytesMax = 512 * 1024 * 1024
export const chunkBytesMax = 8 * 1024 * 1024
export const chunksOfBundleMax = 256
export const chunksWaitingBytesMax = 2 * bundleBytesMax
export const chunksKeptMinutes = 120
/** What is read of a bundle: entries, their directory, the manifest. */
export const bundleEntriesMax = 20_000
export const bundleDirectoryBytesMax = 16 * 1024 * 1024
export const bundleManifestBytesMax = 16 * 1024 * 1024
/** Bundles that are read or wait to be: of an organization, of all; and those of which the end is remembered. */
export const bundlesOfOrganizationMax = 50
export const bundlesUnderWayMax = 1000
export const bundlesRememberedMax = 500
/** Projects that an upload or a release may name. */
export const projectsNamedMax = 50
/** Releases of a project that are kept, the newest, and commits of each. */
export const releasesMax = 2000
export const releaseCommitsMax = 200

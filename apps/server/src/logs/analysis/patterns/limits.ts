/** Bounds of the analysis of messages. */

/** Bytes of a message that its pattern is made of; the rest is not looked at. */
export const patternBytesMax = 400

/** Words of up to four letters and one digit are names more often than numbers: `v1`, `s3`, `utf8`. */
export const shortNameMax = 5

/** Words (between spaces) of a template; what follows is left out. */
export const patternTokensMax = 64

/** Patterns of one project kept in memory; the ones not met for longest go first, and have the same id when they come back. */
export const patternsPerProjectMax = 1_000

/** Projects whose patterns are in memory: 1.6 MB each at most. Of more, the ones not heard of for longest learn anew. */
export const patternProjectsMax = 200

/** Shapes of messages remembered for a project; all are forgotten when there are more, and found again. */
export const shapesPerProjectMax = 16_384

/** Clusters compared with a message of a new shape. */
export const candidatesMax = 100

/**
 * Messages of new shapes looked at in a second and project: the most, where they turn out to belong to known patterns (names in messages), and
 * the least, where each is like no other (free text). Further ones have no pattern, counted.
 */
export const newShapesPerSecMax = 5_000
export const newShapesPerSecMin = 250

/** Patterns read back at a start. */
export const patternsLoadedMax = 100_000

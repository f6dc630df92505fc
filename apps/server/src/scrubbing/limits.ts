/** Bounds of scrubbing. */

export const rulesPerProjectMax = 50
/** Work of one pattern on one text: threads of the matching machine moved on, per byte and at least. A text that needs more is scrubbed whole. */
export const stepsPerByteMax = 64
export const stepsMin = 4096
/** Instructions of a pattern. */
export const patternProgramMax = 2000
/** Names of attributes remembered with what becomes of their values. */
export const knownNamesMax = 10_000

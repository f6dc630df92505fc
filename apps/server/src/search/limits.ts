/** Bounds of searches. */

/** Characters of a search. */
export const searchLengthMax = 10_000

/** Conditions of a search, those in lists counted one by one. */
export const conditionsMax = 250

/** How deep parentheses and negations may nest. */
export const depthMax = 50

/** Characters of a regular expression; the engine and the matcher both take more than anyone writes. */
export const patternLengthMax = 1_000

/** Values and names suggested at once. */
export const suggestionsMax = 50

/** Words pulled out of a regular expression or a text with stars, that the index is asked for. */
export const indexWordsMax = 16

/** Characters of a text that a regular expression of a matcher looks at; the engine looks at all of it. */
export const matchedLengthMax = 65_536

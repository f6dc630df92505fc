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

/** Parts of a search that are tried one by one when it finds nothing. */
export const searchPartsMax = 8

/** Names of attributes that are looked through for one that was meant. */
export const knownNamesMax = 5_000

/** Names of a search that are said to be nowhere; each asks the engine. */
export const unknownNamesMax = 3

/** Words pulled out of a regular expression or a text with stars, that the index is asked for. */
export const indexWordsMax = 16

/** Characters of a text that a regular expression of a matcher looks at; the engine looks at all of it. */
export const matchedLengthMax = 65_536

/** Instructions of a regular expression that is looked for in rows as they come in; the engine takes larger ones. */
export const matcherProgramMax = 1_000

/**
 * Work of matchers in memory, in steps of about 100 ns: of a project and of all in a period, and what each row brings with it. Once it is
 * used up rows are not looked at, and that is told.
 */
export const matchPeriodMs = 200
export const matchStepsOfProject = 400_000
export const matchStepsOfAll = 800_000
export const matchStepsPerRow = 10

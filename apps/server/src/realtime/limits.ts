/** Named bounds of the domain: what may grow, how far. */

/** Projects whose costs or back-offs are remembered in process; the longest silent one gives way. */
export const budgetProjectsMax = 10_000

/** Moves kept; older ones are deleted. */
export const movesKeptMax = 10_000

/** Points of a project's history that the screen draws, and the time between two of them. */
export const historyPointsMax = 120
export const historyStepMs = 5_000

/** Projects with a history; the one with the smallest last cost gives way. */
export const historyProjectsMax = 200

/** A project whose unread bodies are no more than this goes back to the ready lane; the low lane hurries for it when all there is no more. */
export const returnBytesMax = 4 * 1024 * 1024

/** Longest that bodies of a project that goes back wait for those before them to be read, ms; then they pass them. */
export const returnWaitMsMax = 2_000

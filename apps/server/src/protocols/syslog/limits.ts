/** Bounds of the syslog listener. */

/** A message; what is longer is cut (the rest of it is passed over). */
export const messageBytesMax = 262_144
/**
 * Messages that wait to be stored, of all projects together, and their bytes; a project has room while it keeps less than is left. Beyond it
 * datagrams are dropped, counted; connections wait.
 */
export const queueMessagesMax = 65_536
export const queueBytesMax = 16 * 1024 * 1024
/** Messages that become one batch. */
export const batchMessagesMax = 5_000
/** How long a message waits for others at most, ms. */
export const gatherMs = 200
/** After the log or the intake had no room, ms. */
export const retryMs = 1_000
/** Connections at the same time; more are closed. */
export const connectionsMax = 1_000
/** A connection that sends nothing is closed, ms. */
export const idleMs = 15 * 60_000
/** Messages without a project that are told of in words, at most once in so many ms. */
export const unownedToldMs = 60_000

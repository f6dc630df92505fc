/** Bounds of log lines and what is read out of them. */

/** Objects within objects whose fields become attributes of their own; deeper ones are one attribute, as they were written. */
export const jsonDepthMax = 8
/** Names whose meaning is remembered during a request; the others are looked at again. */
export const rolesMax = 65_536
/** Longer names of services, hosts and the like stay attributes. */
export const wordBytesMax = 200
/** A time in a line this close to the one that its sender gave is the same, and not kept twice. */
export const sameTimeSec = 1
/** Lines of one body; a body with more is refused whole. */
export const rowsPerBodyMax = 250_000
/** Resources known by the bytes that describe them, and those bytes; forgotten all at once when exceeded. */
export const knownResourcesMax = 20_000
export const knownResourceBytesMax = 16 * 1024 * 1024
/** Attributes of a resource; more are left out. */
export const resourceAttributesMax = 120

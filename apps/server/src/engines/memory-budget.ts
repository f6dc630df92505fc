/**
 * How the machine's memory is shared out, so that one binary fits a small container and a large server. The shares are caps,
 * not reservations: an idle program uses a fraction of them. A container's limit counts as the machine's memory.
 */
import { totalmem } from 'node:os'

export interface MemoryBudget {
  /** What all parts together plan with. */
  readonly totalBytes: number
  /** Cap of the embedded columnar engine, its caches included. */
  readonly engineBytes: number
  /** Newest samples in memory. */
  readonly headBytes: number
  /** Series, labels and their index. */
  readonly registryBytes: number
  /** Requests from their first byte to their answer: bodies, and what they became on their way to the log. */
  readonly inFlightBytes: number
  /** Segments of the log kept for the writer. */
  readonly ingestBytes: number
  /** Results of queries under way in this process. */
  readonly queryBytes: number
}

const mebibyte = 1024 * 1024
/** More newest samples than this (37 million) make few answers faster, and are the largest part of the program's memory. */
const headBytesMax = 512 * mebibyte
/** Below this the engine cannot merge; it is given so much on the smallest machine. */
const engineBytesMin = 384 * mebibyte
/** Below this a few of the largest bodies would keep everyone else out. */
const inFlightBytesMin = 64 * mebibyte
/** Least total that is planned with. */
const totalBytesMin = 512 * mebibyte

/** Memory of this machine or of the container we are in, bytes. */
export function machineMemoryBytes(): number {
  const physical = totalmem()
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < physical ? constrained : physical
}

/** Shares of `totalBytes`, by default half of the machine. What is not shared out stays for the runtime and PostgreSQL. */
export function planMemory(totalBytes: number = machineMemoryBytes() / 2): MemoryBudget {
  const total = Math.max(Math.floor(totalBytes), totalBytesMin)
  const share = (part: number): number => Math.floor(total * part)
  return {
    totalBytes: total,
    engineBytes: Math.max(share(0.5), engineBytesMin),
    headBytes: Math.min(share(0.12), headBytesMax),
    registryBytes: share(0.12),
    inFlightBytes: Math.max(share(0.04), inFlightBytesMin),
    ingestBytes: share(0.04),
    queryBytes: share(0.08),
  }
}

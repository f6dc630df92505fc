/**
 * What is known of each series beside its labels, as columns by ref: whose it is, its metric, first and last sample, what its durable row
 * says, when it was last asked or written (by the clock of this process), and where it is in its life. 37 bytes a ref.
 */
import { seriesRowLagMinutes, seriesRowLeadMinutes } from '../limits.ts'
import { grownU32 } from './growable.ts'

/** No sample seen yet, or no row written yet. */
export const never = 0xffffffff

/** In use; may be on the way out, but is found and comes back when it is used; out of the index, labels still readable; to be given out. */
export const alive = 0
export const leaving = 1
export const retired = 2
export const free = 3

/** First and last sample of a series, minutes since 1970. */
export interface SeenMinutes {
  readonly firstMinute: number
  readonly lastMinute: number
}

function minuteOf(timeMs: number): number {
  return Math.min(Math.max(Math.floor(timeMs / 60_000), 0), never - 1)
}

export class SeriesColumns {
  tenantOf = new Uint32Array(1024)
  metricOf = new Uint32Array(1024)
  /** Minutes since 1970. */
  firstMinute = new Uint32Array(1024)
  lastMinute = new Uint32Array(1024)
  /** One durable row of the series says so. The last minute is `never` when there is none; the first one too, if there never was one. */
  rowFirstMinute = new Uint32Array(1024)
  rowLastMinute = new Uint32Array(1024)
  /** Minute of the process (see `nowMinute`) in which a sample of it came, or someone asked for it when it was not there. */
  seenMinute = new Uint32Array(1024)
  /** Counts how often the ref's meaning ended. */
  generation = new Uint32Array(1024)
  state = new Uint8Array(1024)
  /** Minutes since 1970, moved on from outside; never back. */
  nowMinute = 0

  reserve(count: number): void {
    if (count <= this.tenantOf.length) return
    this.tenantOf = grownU32(this.tenantOf, count)
    const { length } = this.tenantOf
    this.metricOf = grownU32(this.metricOf, length)
    this.firstMinute = grownU32(this.firstMinute, length)
    this.lastMinute = grownU32(this.lastMinute, length)
    this.rowFirstMinute = grownU32(this.rowFirstMinute, length)
    this.rowLastMinute = grownU32(this.rowLastMinute, length)
    this.seenMinute = grownU32(this.seenMinute, length)
    this.generation = grownU32(this.generation, length)
    const state = new Uint8Array(length)
    state.set(this.state)
    this.state = state
  }

  /** The ref begins to mean a series. */
  begin(ref: number, tenant: number): void {
    this.tenantOf[ref] = tenant
    this.firstMinute[ref] = never
    this.lastMinute[ref] = 0
    this.rowFirstMinute[ref] = never
    this.rowLastMinute[ref] = never
    this.seenMinute[ref] = this.nowMinute
    this.state[ref] = alive
  }

  /** Notes a sample's time. True when the series needs a row in the log: it has none, or one that lags too far. */
  touch(ref: number, timeMs: number): boolean {
    const minute = minuteOf(timeMs)
    this.seenMinute[ref] = this.nowMinute
    if (minute < this.firstMinute[ref]!) this.firstMinute[ref] = minute
    if (minute > this.lastMinute[ref]!) this.lastMinute[ref] = minute
    const rowLast = this.rowLastMinute[ref]!
    if (rowLast === never) return true
    return minute > rowLast + seriesRowLagMinutes || minute + seriesRowLeadMinutes < this.rowFirstMinute[ref]!
  }

  /**
   * A row with these times is durable. Rows stay apart in the engine until it merges them, so only one row counts, or two that leave no
   * gap: every sample is within reach of a row by itself.
   */
  markDurable(ref: number, firstMinute: number, lastMinute: number): void {
    const rowFirst = this.rowFirstMinute[ref]!
    const rowLast = this.rowLastMinute[ref]!
    const touches = firstMinute <= rowLast + seriesRowLagMinutes && rowFirst <= lastMinute + seriesRowLagMinutes
    if (rowLast === never || (!touches && lastMinute > rowLast)) {
      this.rowFirstMinute[ref] = firstMinute
      this.rowLastMinute[ref] = lastMinute
    } else if (touches) {
      this.rowFirstMinute[ref] = Math.min(rowFirst, firstMinute)
      this.rowLastMinute[ref] = Math.max(rowLast, lastMinute)
    }
  }

  /** A durable row says so much of the series. Samples may lie outside a row's times by as much as rows may lag. */
  noteRow(ref: number, { firstMinute, lastMinute }: SeenMinutes): void {
    this.firstMinute[ref] = Math.min(this.firstMinute[ref]!, Math.max(firstMinute - seriesRowLeadMinutes, 0))
    this.lastMinute[ref] = Math.max(this.lastMinute[ref]!, lastMinute + seriesRowLagMinutes)
    this.markDurable(ref, firstMinute, lastMinute)
  }

  /** The row may be gone; samples may be stored all the same. */
  markLost(ref: number): void {
    this.rowLastMinute[ref] = never
  }

  /** All samples of the series are deleted, and its row with them: the next sample brings one again. */
  forgetSeen(ref: number): void {
    this.firstMinute[ref] = never
    this.lastMinute[ref] = 0
    this.rowFirstMinute[ref] = never
    this.rowLastMinute[ref] = never
  }

  isDurable(ref: number): boolean {
    return this.rowLastMinute[ref] !== never
  }

  /** Was a sample of it stored, as far as is known and not deleted? Also when its row is lost since. */
  wasStored(ref: number): boolean {
    return this.rowFirstMinute[ref] !== never
  }

  /** Can the series have samples in `[fromMs, toMs]`? Never a wrong no. */
  isActive(ref: number, fromMs: number, toMs: number): boolean {
    return this.firstMinute[ref] !== never && this.firstMinute[ref]! * 60_000 <= toMs && (this.lastMinute[ref]! + 1) * 60_000 > fromMs
  }

  get sizeBytes(): number {
    return 8 * this.tenantOf.byteLength + this.state.byteLength
  }
}

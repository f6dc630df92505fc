/**
 * Members that are acknowledged and may not be in the engine yet, so that a count sees them at once. Uniting is idempotent: a member that is in
 * both places counts once, so what is here may stay too long but must not go too early. Bounded by members.
 */
import type { Clock } from '../../kernel/clock.ts'
import { freshSetMembersMax } from '../limits.ts'
import type { SetRows } from './set-rows.ts'

export interface FreshMembersDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Age in ms of the oldest acknowledged record that is not in the engine; 0 when there is none. */
  readonly pendingAgeMs: () => number
  readonly membersMax?: number
}

/** Added to the age of what is pending, because clocks and counters are read at different moments. */
const pendingSlackMs = 5_000

/** A row without a series. */
const noRef = 0xffffffff

interface Held {
  readonly rows: SetRows
  /** Monotonic. */
  readonly sinceMs: number
}

export class FreshMembers {
  readonly #deps: FreshMembersDeps
  readonly #membersMax: number
  readonly #held: Held[] = []
  #memberCount = 0
  #hiddenTotal = 0

  constructor(deps: FreshMembersDeps) {
    this.#deps = deps
    this.#membersMax = deps.membersMax ?? freshSetMembersMax
  }

  get memberCount(): number {
    return this.#memberCount
  }

  /** Members that were given up for want of memory: no count sees them until they are in the engine. */
  get hiddenTotal(): number {
    return this.#hiddenTotal
  }

  /** Takes a copy. */
  append(rows: SetRows): void {
    if (rows.count === 0) return
    this.#letGo()
    this.#held.push({ rows: rows.copy(), sinceMs: this.#deps.clock.monotonicMs() })
    this.#memberCount += rows.memberCount
    while (this.#memberCount > this.#membersMax) this.#hiddenTotal += this.#drop()
  }

  /** Rows of minutes that begin in `[fromMs, toMs)`, the newest acknowledged first: `visit` gets the series and its members, low and high half in turn. */
  each(fromMs: number, toMs: number, visit: (ref: number, timeMs: number, members: Uint32Array) => void): void {
    this.#letGo()
    for (let at = this.#held.length - 1; at >= 0; at--) {
      const { rows } = this.#held[at]!
      for (let i = 0; i < rows.count; i++) {
        const timeMs = rows.timesMs[i]!
        if (timeMs < fromMs || timeMs >= toMs || rows.refs[i] === noRef) continue
        visit(rows.refs[i]!, timeMs, rows.members.subarray(i === 0 ? 0 : rows.ends[i - 1]! * 2, rows.ends[i]! * 2))
      }
    }
  }

  /** The refs mean other series now: their rows go, and are counted again once they are in the engine. */
  clear(refs: ReadonlySet<number>): void {
    for (const { rows } of this.#held) {
      for (let i = 0; i < rows.count; i++) if (refs.has(rows.refs[i]!)) rows.refs[i] = noRef
    }
  }

  /** What was held before all that is pending is in the engine. */
  #letGo(): void {
    const { clock, pendingAgeMs } = this.#deps
    const insertedBeforeMs = clock.monotonicMs() - pendingAgeMs() - pendingSlackMs
    while (this.#held[0] !== undefined && this.#held[0].sinceMs < insertedBeforeMs) this.#drop()
  }

  #drop(): number {
    const members = this.#held.shift()?.rows.memberCount ?? 0
    this.#memberCount -= members
    return members
  }
}

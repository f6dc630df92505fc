/** Members of sets as columns: rows of (series, minute), each with the hashes of its members. No object per row or member. */
import { grownF64, grownU32 } from '../series/growable.ts'

export class SetRows {
  count = 0
  /** Refs of the registry. */
  refs = new Uint32Array(16)
  /** Start of the minute, ms since 1970. */
  timesMs = new Float64Array(16)
  /** Where the members of each row end in `members`, counted in members. */
  ends = new Uint32Array(16)
  memberCount = 0
  /** Low and high half of each hash in turn. */
  members = new Uint32Array(64)

  reset(): void {
    this.count = 0
    this.memberCount = 0
  }

  /** Begins a row; what `add` gives from now on is in it. */
  begin(ref: number, timeMs: number): void {
    const row = this.count
    if (row === this.refs.length) this.#grow()
    this.refs[row] = ref
    this.timesMs[row] = timeMs
    this.ends[row] = this.memberCount
    this.count = row + 1
  }

  add(low: number, high: number): void {
    const at = this.memberCount * 2
    if (at === this.members.length) this.members = grownU32(this.members, at + 2)
    this.members[at] = low
    this.members[at + 1] = high
    this.ends[this.count - 1] = ++this.memberCount
  }

  /** A copy of just the size. */
  copy(): SetRows {
    const out = new SetRows()
    out.count = this.count
    out.refs = this.refs.slice(0, this.count)
    out.timesMs = this.timesMs.slice(0, this.count)
    out.ends = this.ends.slice(0, this.count)
    out.memberCount = this.memberCount
    out.members = this.members.slice(0, this.memberCount * 2)
    return out
  }

  #grow(): void {
    const size = this.refs.length + 1
    this.refs = grownU32(this.refs, size)
    this.ends = grownU32(this.ends, size)
    this.timesMs = grownF64(this.timesMs, size)
  }
}

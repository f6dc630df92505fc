/**
 * How series leave the index, and come back. A series that goes (1) is not found by its bytes any more, nor through what others keep of it;
 * (2) leaves the index in one step, and its posting lists in several; (3) rests: its labels and id can be read under its ref, for queries
 * and requests that hold it, and it comes back under the same ref when it is asked for; (4) its ref is given to another series.
 * All of it in steps of about a millisecond, so that nobody waits.
 */
import type { RefHolder } from '../ports.ts'
import type { HashedRefs } from './hashed-refs.ts'
import type { IdTable } from './id-table.ts'
import type { PairRuns } from './pair-runs.ts'
import type { TenantSeries } from './series-tenants.ts'
import { alive, free, leaving, retired, type SeriesColumns } from './series-columns.ts'
import type { WireCache } from './wire-cache.ts'

/** The parts of the index that a series is in. */
export interface IndexParts {
  readonly columns: SeriesColumns
  readonly ids: IdTable
  readonly runs: PairRuns
  readonly tenants: readonly TenantSeries[]
  readonly wire: WireCache
  readonly hashed: HashedRefs
  readonly eachPair: (ref: number, visit: (pair: number) => void) => void
  /** Numbers of texts and pairs mean others from now on. */
  readonly onReleased: () => void
  /** Series, slots and places in lists handled between two pauses, where it is not the default of each: for tests. */
  readonly perStep?: number
}

/** Series that left together, and which time in their life it was. */
interface Rest {
  readonly refs: Uint32Array
  readonly generations: Uint32Array
  readonly atMs: number
}

/** Series that are leaving the index together: they are still in posting lists. */
interface Leave {
  /** Ascending; the first `count` are retired. */
  readonly refs: Uint32Array
  count: number
  /** Tenants, by index, in whose lists they are no more. */
  readonly unlisted: Set<number>
}

/** Series handled between two pauses. */
const refsPerStep = 2_048

export class SeriesLife {
  readonly #parts: IndexParts
  readonly #holders: RefHolder[] = []
  readonly #rests: Rest[] = []
  readonly #refsPerStep: number
  readonly #pins = new Set<{ readonly sinceMs: number }>()
  #free: number[] = []
  #leave: Leave | null = null
  /** How often a series left the index. */
  retirements = 0
  /** Series that left and whose refs rest. */
  restingCount = 0
  /** Monotonic; moved on from outside, so it may lag. */
  nowMs = 0

  constructor(parts: IndexParts) {
    this.#parts = parts
    this.#refsPerStep = parts.perStep ?? refsPerStep
  }

  addHolder(holder: RefHolder): void {
    this.#holders.push(holder)
  }

  get holders(): readonly RefHolder[] {
    return this.#holders
  }

  /** Posting lists may have series that are gone. */
  get isRemoving(): boolean {
    return this.#leave !== null
  }

  /** A ref that means nothing any more, or -1. */
  takeFree(): number {
    return this.#free.pop() ?? -1
  }

  /** Refs of series that are in the index now keep their meaning until the result is disposed, also when they leave it. */
  pin(): Disposable {
    const pin = { sinceMs: this.nowMs }
    this.#pins.add(pin)
    return { [Symbol.dispose]: () => void this.#pins.delete(pin) }
  }

  /** No series of these tenants leaves the index until the result is disposed. */
  keep(tenants: readonly TenantSeries[]): Disposable {
    for (const tenant of tenants) tenant.keptBy++
    return {
      [Symbol.dispose]: () => {
        for (const tenant of tenants) tenant.keptBy--
      },
    }
  }

  /**
   * Lets go of those of `refs` (ascending) that are in the index and that `mayGo` says yes to at the very moment. Gives their number. One at a time.
   */
  *expire(refs: Uint32Array, mayGo: (ref: number) => boolean): Generator<void, number> {
    const { columns, tenants, wire, hashed, perStep } = this.#parts
    for (const ref of refs) if (columns.state[ref] === alive) columns.state[ref] = leaving
    // What is resolved from now on is alive again.
    const isLeaving = (ref: number): boolean => columns.state[ref] === leaving
    yield* wire.forgetting(isLeaving, perStep)
    yield* hashed.forgetting(isLeaving, perStep)
    for (const holder of this.#holders) holder.unlearn?.(isLeaving)
    const leave: Leave = { refs: new Uint32Array(refs.length), count: 0, unlisted: new Set() }
    const generations = new Uint32Array(refs.length)
    this.#leave = leave
    for (let i = 0; i < refs.length; i++) {
      if (i % this.#refsPerStep === this.#refsPerStep - 1) yield
      const ref = refs[i]!
      if (columns.state[ref] !== leaving) continue
      if (tenants[columns.tenantOf[ref]!]!.keptBy > 0 || !mayGo(ref)) {
        columns.state[ref] = alive
        continue
      }
      this.#retire(ref)
      leave.refs[leave.count] = ref
      generations[leave.count++] = columns.generation[ref]!
    }
    const { count } = leave
    if (count > 0) this.#rests.push({ refs: leave.refs.slice(0, count), generations: generations.slice(0, count), atMs: this.nowMs })
    yield* this.#removing(leave)
    this.#leave = null
    return count
  }

  /** Gives out the refs of series that have rested for `restMs`. Gives their number. */
  *release(restMs: number): Generator<void, number> {
    let until = this.nowMs - restMs
    for (const { sinceMs } of this.#pins) until = Math.min(until, sinceMs - 1)
    let count = 0
    for (let rest = this.#rests[0]; rest !== undefined && rest.atMs <= until; rest = this.#rests[0]) {
      for (let from = 0; from < rest.refs.length; from += this.#refsPerStep) {
        count += this.#release(rest, from)
        yield
      }
      this.#rests.shift()
    }
    return count
  }

  /** A series that rests comes back under its ref. */
  revive(ref: number): void {
    const { columns, runs, tenants } = this.#parts
    columns.state[ref] = alive
    columns.seenMinute[ref] = columns.nowMinute
    columns.generation[ref]!++
    this.restingCount--
    const owner = tenants[columns.tenantOf[ref]!]!
    const [start, end] = [runs.start(ref), runs.end(ref)]
    if (this.#isInLists(ref, owner)) owner.postings.addBack(ref, runs.pairs, start, end)
    else owner.postings.add(ref, runs.pairs, start, end)
    owner.count++
  }

  /** Is the series, which left, still in some posting lists at least? */
  #isInLists(ref: number, { index }: TenantSeries): boolean {
    const leave = this.#leave
    if (leave === null || leave.unlisted.has(index)) return false
    let [low, high] = [0, leave.count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (leave.refs[middle]! < ref) low = middle + 1
      else high = middle
    }
    return low < leave.count && leave.refs[low] === ref
  }

  #retire(ref: number): void {
    const { columns, tenants } = this.#parts
    const owner = tenants[columns.tenantOf[ref]!]!
    columns.state[ref] = retired
    columns.generation[ref]!++
    owner.count--
    owner.epoch++
    if (columns.wasStored(ref)) owner.knownFromMinute = Math.max(owner.knownFromMinute, columns.lastMinute[ref]! + 1)
    this.retirements++
    this.restingCount++
  }

  *#removing({ refs, count, unlisted }: Leave): Generator<void> {
    const { columns, tenants, eachPair, perStep } = this.#parts
    const stays = (ref: number): boolean => columns.state[ref]! < retired
    for (const [index, own] of byTenant(refs.subarray(0, count), columns)) {
      yield* tenants[index]!.postings.removing(own, eachPair, stays, perStep)
      unlisted.add(index)
    }
  }

  #release({ refs, generations }: Rest, from: number): number {
    const { columns, ids, runs, tenants, eachPair, onReleased } = this.#parts
    const end = Math.min(from + this.#refsPerStep, refs.length)
    const gone = refs
      .slice(from, end)
      .filter((ref, i) => columns.state[ref] === retired && columns.generation[ref] === generations[from + i])
    for (const holder of this.#holders) holder.clear?.(gone)
    for (const [index, own] of byTenant(gone, columns)) tenants[index]!.postings.release(own, eachPair)
    onReleased()
    for (const ref of gone) {
      columns.state[ref] = free
      ids.remove(ref)
      runs.give(ref)
      this.#free.push(ref)
    }
    this.restingCount -= gone.length
    return gone.length
  }
}

function byTenant(refs: Uint32Array, { tenantOf }: SeriesColumns): Map<number, Uint32Array> {
  const counts = new Map<number, number>()
  for (const ref of refs) counts.set(tenantOf[ref]!, (counts.get(tenantOf[ref]!) ?? 0) + 1)
  const [first] = counts.keys()
  if (counts.size === 1 && first !== undefined) return new Map([[first, refs]])
  const lists = new Map(Array.from(counts, ([index, count]) => [index, new Uint32Array(count)]))
  counts.clear()
  for (const ref of refs) {
    const at = counts.get(tenantOf[ref]!) ?? 0
    lists.get(tenantOf[ref]!)![at] = ref
    counts.set(tenantOf[ref]!, at + 1)
  }
  return lists
}

/**
 * CardinalityLimiter of one program: a hash table of the series seen within the window, each with its metric's row and the granule it was last
 * seen in. Exact, because every judgement is one turn. 16 bytes a slot, at most 62 % full after growth by doubling: 26 to 52 bytes
 * a series. Bounded by the global limit and by what `note` brings, which is bounded by the index of series.
 */
import type {
  CardinalityLimiter,
  CardinalityQuotas,
  CardinalityRequest,
  CardinalityScope,
  CardinalityVerdict,
} from './cardinality-ports.ts'
import { ScopeCounts, scopeNames, type ScopePath } from './cardinality-scopes.ts'

const slotsMin = 1024
const fillMax = 0.62

/** Series by hash. `seen` is a granule plus 1; 0 = never used. Series last seen before the window are as good as free. */
class SeriesTable {
  low = new Uint32Array(slotsMin)
  high = new Uint32Array(slotsMin)
  row = new Uint32Array(slotsMin)
  seen = new Uint32Array(slotsMin)
  #used = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Slot of the hash, or the free one where it belongs. */
  find(low: number, high: number): number {
    const mask = this.seen.length - 1
    let at = Math.imul(low ^ this.#seed, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
    at = (at ^ (at >>> 15)) & mask
    while (this.seen[at] !== 0 && (this.low[at] !== low || this.high[at] !== high)) at = (at + 1) & mask
    return at
  }

  /** Takes the free slot that `find` gave. */
  take(slot: number, low: number, high: number): void {
    this.low[slot] = low
    this.high[slot] = high
    this.#used++
  }

  /** Makes room for one more, leaving behind what was last seen before `oldest`; slots found before are worth nothing after. */
  reserve(oldest: number): void {
    if (this.#used + 1 <= this.seen.length * fillMax) return
    let live = 0
    for (const seen of this.seen) if (seen >= oldest) live++
    let slots = slotsMin
    while (slots * fillMax < live * 1.5 + 2) slots *= 2
    this.#rebuild(slots, oldest)
  }

  #rebuild(slots: number, oldest: number): void {
    const { low, high, row, seen } = this
    this.low = new Uint32Array(slots)
    this.high = new Uint32Array(slots)
    this.row = new Uint32Array(slots)
    this.seen = new Uint32Array(slots)
    this.#used = 0
    for (let at = 0; at < seen.length; at++) {
      if (seen[at]! < oldest) continue
      const to = this.find(low[at]!, high[at]!)
      this.low[to] = low[at]!
      this.high[to] = high[at]!
      this.row[to] = row[at]!
      this.seen[to] = seen[at]!
      this.#used++
    }
  }
}

const nothingRefused: CardinalityVerdict = { refused: [], reached: null }

export interface InProcessCardinalityOptions {
  readonly clock: { nowMs(): number }
  /** Random in production, so that places in the table cannot be guessed. */
  readonly seed: number
}

export class InProcessCardinality implements CardinalityLimiter {
  readonly quotas: CardinalityQuotas
  readonly #clock: { nowMs(): number }
  readonly #granules: number
  readonly #scopes: ScopeCounts
  readonly #table: SeriesTable
  #granule = 0

  constructor(quotas: CardinalityQuotas, { clock, seed }: InProcessCardinalityOptions) {
    this.quotas = quotas
    this.#clock = clock
    this.#granules = granulesOf(quotas)
    this.#scopes = new ScopeCounts(this.#granules)
    this.#table = new SeriesTable(seed)
  }

  get count(): number {
    this.#advance()
    return this.#scopes.total(0)
  }

  /** Memory of the table, bytes. */
  get sizeBytes(): number {
    return this.#table.seen.byteLength * 4
  }

  metricCount(metric: Omit<CardinalityRequest, 'hashes'>): number {
    this.#advance()
    return this.#scopes.metricTotal(metric)
  }

  judge(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] {
    return this.judgeNow(requests)
  }

  judgeNow(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] {
    this.#advance()
    return requests.map((request) => this.#judgeOne(request, false))
  }

  note(requests: readonly CardinalityRequest[]): void {
    this.#advance()
    for (const request of requests) this.#judgeOne(request, true)
  }

  /** Positions of series that were not seen in this granule yet. */
  unseenNow({ hashes }: CardinalityRequest): number[] {
    this.#advance()
    const out: number[] = []
    for (let i = 0; i * 2 < hashes.length; i++) {
      if (this.#table.seen[this.#table.find(hashes[i * 2]!, hashes[i * 2 + 1]!)] !== this.#granule + 1) out.push(i)
    }
    return out
  }

  /** Every series within the window as requests of one metric each; for a place that has lost its count. */
  *counted(): Generator<CardinalityRequest> {
    const { low, high, row, seen } = this.#table
    const byRow = new Map<number, number[]>()
    for (let at = 0; at < seen.length; at++) {
      if (seen[at]! < this.#oldest || seen[at] === 0) continue
      const halves = byRow.get(row[at]!) ?? []
      if (halves.length === 0) byRow.set(row[at]!, halves)
      halves.push(low[at]!, high[at]!)
    }
    for (const [metricRow, halves] of byRow) yield { ...this.#scopes.metricOf(metricRow), hashes: Uint32Array.from(halves) }
  }

  #judgeOne(request: CardinalityRequest, isForced: boolean): CardinalityVerdict {
    const { hashes } = request
    const path = this.#scopes.path(request)
    const refused: number[] = []
    let reached: CardinalityScope | null = null
    for (let at = 0; at < hashes.length; at += 2) {
      const full = this.#admit(hashes[at]!, hashes[at + 1]!, path, isForced)
      if (full === null) continue
      refused.push(at / 2)
      reached ??= full
    }
    return reached === null ? nothingRefused : { refused, reached }
  }

  /** The scope that had no room, or null: the series is counted. */
  #admit(low: number, high: number, path: ScopePath, isForced: boolean): CardinalityScope | null {
    const table = this.#table
    let slot = table.find(low, high)
    const seen = table.seen[slot]!
    const now = this.#granule + 1
    if (seen === now) return null
    if (seen >= this.#oldest) {
      const known = this.#scopes.pathOf(table.row[slot]!)
      this.#scopes.add(known, seen - 1, -1)
      this.#scopes.add(known, this.#granule, 1)
      table.seen[slot] = now
      return null
    }
    if (!isForced) {
      const full = this.#fullScope(path)
      if (full !== null) return full
    }
    if (seen === 0) {
      table.reserve(this.#oldest)
      slot = table.find(low, high)
      table.take(slot, low, high)
    }
    table.row[slot] = path[3]
    table.seen[slot] = now
    this.#scopes.add(path, this.#granule, 1)
    return null
  }

  #fullScope(path: ScopePath): CardinalityScope | null {
    const { limits } = this.quotas
    for (let i = 0; i < scopeNames.length; i++) {
      const name = scopeNames[i]!
      if (this.#scopes.total(path[i]!) >= limits[name]) return name
    }
    return null
  }

  /** The first `seen` within the window. */
  get #oldest(): number {
    return Math.max(this.#granule + 2 - this.#granules, 1)
  }

  /** A clock that goes back changes nothing. */
  #advance(): void {
    const granule = Math.floor(this.#clock.nowMs() / (this.quotas.granularitySec * 1000))
    if (granule <= this.#granule) return
    const from = Math.max(this.#granule + 1, granule - this.#granules + 1)
    for (let next = from; next <= granule; next++) this.#scopes.open(next)
    this.#granule = granule
  }
}

/** Granules in the window. Throws when the granularity does not divide it: a mistake of the program, not of its user. */
export function granulesOf({ windowSec, granularitySec }: CardinalityQuotas): number {
  const granules = windowSec / granularitySec
  if (!Number.isInteger(granules) || granules < 1) throw new Error('the granularity must divide the window')
  return granules
}

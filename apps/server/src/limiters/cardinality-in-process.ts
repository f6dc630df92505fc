/**
 * CardinalityLimiter of one program: hash tables of the series seen within the window, each with its metric's row and the granule it was last
 * seen in. Exact, because every judgement is one turn. 16 bytes a slot, at most 62 % full after growth by doubling: 26 to 64 bytes
 * a series. There are many small tables, which grow one by one: none of them holds a turn up. Bounded by the global limit and by what `note` brings, which is bounded by the index of series.
 */
import type {
  CardinalityLimiter,
  CardinalityQuotas,
  CardinalityRequest,
  CardinalityScope,
  CardinalityVerdict,
} from './cardinality-ports.ts'
import { limitOf, ScopeCounts, scopeNames, type ScopePath } from './cardinality-scopes.ts'

/** Of one table. */
const slotsMin = 64
const tableBits = 8
const tables = 2 ** tableBits
/** Tables fill alike, so each has a limit of its own between these: they grow in turn. */
const fillMin = 0.5
const fillMax = 0.62
/** Series given out at once. */
const countedAtOnce = 4_000

function hashOf(low: number, high: number, seed: number): number {
  const mixed = Math.imul(low ^ seed, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/** Series by hash. `seen` is a granule plus 1; 0 = never used. Series last seen before the window are as good as free. */
class SeriesTable {
  low = new Uint32Array(slotsMin)
  high = new Uint32Array(slotsMin)
  row = new Uint32Array(slotsMin)
  seen = new Uint32Array(slotsMin)
  #used = 0
  readonly #seed: number
  readonly #fill: number

  constructor(seed: number, fill: number) {
    this.#seed = seed
    this.#fill = fill
  }

  /** Slot of the hash, or the free one where it belongs. */
  find(low: number, high: number): number {
    const mask = this.seen.length - 1
    let at = hashOf(low, high, this.#seed) & mask
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
    if (this.#used + 1 <= this.seen.length * this.#fill) return
    let live = 0
    for (const seen of this.seen) if (seen >= oldest) live++
    let slots = slotsMin
    while (slots * this.#fill < live * 1.5 + 2) slots *= 2
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
  readonly #seed: number
  readonly #tables: readonly SeriesTable[]
  #granule = 0

  constructor(quotas: CardinalityQuotas, { clock, seed }: InProcessCardinalityOptions) {
    this.quotas = quotas
    this.#clock = clock
    this.#granules = granulesOf(quotas)
    this.#scopes = new ScopeCounts(this.#granules)
    this.#seed = seed
    this.#tables = Array.from({ length: tables }, (_, i) => new SeriesTable(seed, fillMin + ((fillMax - fillMin) * i) / tables))
  }

  get count(): number {
    this.#advance()
    return this.#scopes.total(0)
  }

  /** Memory of the tables, bytes. */
  get sizeBytes(): number {
    return this.#tables.reduce((sum, { seen }) => sum + seen.byteLength * 4, 0)
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
      const [low, high] = [hashes[i * 2]!, hashes[i * 2 + 1]!]
      const table = this.#tableOf(low, high)
      if (table.seen[table.find(low, high)] !== this.#granule + 1) out.push(i)
    }
    return out
  }

  /**
   * Every series within the window as requests of one metric each, some thousands of series at once; for a place that has lost its count. What
   * joins meanwhile may or may not be among them.
   */
  *counted(): Generator<readonly CardinalityRequest[]> {
    let byRow = new Map<number, number[]>()
    let series = 0
    for (const table of this.#tables) {
      series += this.#countInto(byRow, table)
      if (series < countedAtOnce) continue
      yield this.#requestsOf(byRow)
      byRow = new Map()
      series = 0
    }
    if (series > 0) yield this.#requestsOf(byRow)
  }

  #countInto(byRow: Map<number, number[]>, { low, high, row, seen }: SeriesTable): number {
    let count = 0
    for (let at = 0; at < seen.length; at++) {
      if (seen[at]! < this.#oldest || seen[at] === 0) continue
      const halves = byRow.get(row[at]!) ?? []
      if (halves.length === 0) byRow.set(row[at]!, halves)
      halves.push(low[at]!, high[at]!)
      count++
    }
    return count
  }

  #requestsOf(byRow: ReadonlyMap<number, readonly number[]>): CardinalityRequest[] {
    return [...byRow].map(([row, halves]) => ({ ...this.#scopes.metricOf(row), hashes: Uint32Array.from(halves) }))
  }

  /** The upper bits choose the table, the lower ones the place in it. */
  #tableOf(low: number, high: number): SeriesTable {
    return this.#tables[hashOf(low, high, this.#seed) >>> (32 - tableBits)]!
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
    const table = this.#tableOf(low, high)
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
    const { useCase } = this.#scopes.metricOf(path[3])
    for (let i = 0; i < scopeNames.length; i++) {
      const name = scopeNames[i]!
      if (this.#scopes.total(path[i]!) >= limitOf(this.quotas, name, useCase)) return name
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

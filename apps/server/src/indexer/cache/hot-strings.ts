/**
 * Ids of strings in this process. A hit is two map look-ups and no object: the ingest path asks for every string of every new series.
 * When it is full, a hand goes round and lets go of the first entry that was not asked for since it last came by.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { UseCaseId } from '../../naming/index.ts'

/** Slots by string, of one organization and use case. */
type Space = Map<string, number>

export class HotStrings {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #sizeMax: number
  readonly #spaces = new Map<number, Map<UseCaseId, Space>>()
  #lastOrganization = -1
  #lastUseCase: UseCaseId = 'custom'
  #lastSpace: Space = new Map()
  /** Columns by slot. A free slot has no space. */
  readonly #texts: string[] = []
  readonly #spaceOf: (Space | null)[] = []
  /** Id (below zero when it was asked for since the hand came by) and end of each, side by side: one line of the processor's cache. */
  #entries = new Float64Array(2048)
  readonly #free: number[] = []
  #hand = 0
  #size = 0

  constructor(clock: Pick<Clock, 'nowMs'>, sizeMax: number) {
    this.#clock = clock
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#size
  }

  /** The id, or 0 when it is not known here. */
  lookup(useCaseId: UseCaseId, organizationId: number, string: string): number {
    const slot = this.#space(useCaseId, organizationId).get(string)
    if (slot === undefined) return 0
    const entries = this.#entries
    if ((entries[slot * 2 + 1] ?? 0) <= this.#clock.nowMs()) return 0
    const id = entries[slot * 2] ?? 0
    if (id < 0) return -id
    entries[slot * 2] = -id
    return id
  }

  /** Known until `expireMs`. A string is kept as it is given: cut one out of a large text before. */
  put(key: { useCaseId: UseCaseId; organizationId: number; string: string }, id: number, expireMs: number): void {
    const space = this.#space(key.useCaseId, key.organizationId)
    let slot = space.get(key.string)
    if (slot === undefined) {
      slot = this.#takeSlot()
      space.set(key.string, slot)
      this.#texts[slot] = key.string
      this.#spaceOf[slot] = space
      this.#size++
    }
    this.#entries[slot * 2] = id
    this.#entries[slot * 2 + 1] = expireMs
  }

  delete(useCaseId: UseCaseId, organizationId: number, string: string): void {
    const slot = this.#space(useCaseId, organizationId).get(string)
    if (slot === undefined) return
    this.#empty(slot)
    this.#free.push(slot)
  }

  #space(useCaseId: UseCaseId, organizationId: number): Space {
    if (organizationId === this.#lastOrganization && useCaseId === this.#lastUseCase) return this.#lastSpace
    let useCases = this.#spaces.get(organizationId)
    if (useCases === undefined) this.#spaces.set(organizationId, (useCases = new Map()))
    let space = useCases.get(useCaseId)
    if (space === undefined) useCases.set(useCaseId, (space = new Map()))
    this.#lastOrganization = organizationId
    this.#lastUseCase = useCaseId
    this.#lastSpace = space
    return space
  }

  #takeSlot(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#texts.length >= this.#sizeMax) return this.#evict()
    const slot = this.#texts.length
    if (slot * 2 >= this.#entries.length) this.#grow()
    this.#texts.push('')
    this.#spaceOf.push(null)
    return slot
  }

  /** Ends after two rounds at the latest: the first one takes the marks. */
  #evict(): number {
    const nowMs = this.#clock.nowMs()
    for (;;) {
      const slot = this.#hand
      this.#hand = slot + 1 === this.#texts.length ? 0 : slot + 1
      const id = this.#entries[slot * 2] ?? 0
      if (id < 0 && (this.#entries[slot * 2 + 1] ?? 0) > nowMs) {
        this.#entries[slot * 2] = -id
        continue
      }
      this.#empty(slot)
      return slot
    }
  }

  #empty(slot: number): void {
    this.#spaceOf[slot]?.delete(this.#texts[slot] ?? '')
    this.#spaceOf[slot] = null
    this.#texts[slot] = ''
    this.#size--
  }

  #grow(): void {
    const grown = new Float64Array(this.#entries.length * 2)
    grown.set(this.#entries)
    this.#entries = grown
  }
}

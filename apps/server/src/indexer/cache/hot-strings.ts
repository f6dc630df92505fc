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
  #ids = new Float64Array(1024)
  #expireMs = new Float64Array(1024)
  #isUsed = new Uint8Array(1024)
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
    if (slot === undefined || (this.#expireMs[slot] ?? 0) <= this.#clock.nowMs()) return 0
    this.#isUsed[slot] = 1
    return this.#ids[slot] ?? 0
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
      this.#isUsed[slot] = 0
      this.#size++
    }
    this.#ids[slot] = id
    this.#expireMs[slot] = expireMs
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
    if (slot >= this.#ids.length) this.#grow()
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
      if (this.#isUsed[slot] === 1 && (this.#expireMs[slot] ?? 0) > nowMs) {
        this.#isUsed[slot] = 0
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
    const length = this.#ids.length * 2
    const [ids, expireMs, isUsed] = [new Float64Array(length), new Float64Array(length), new Uint8Array(length)]
    ids.set(this.#ids)
    expireMs.set(this.#expireMs)
    isUsed.set(this.#isUsed)
    this.#ids = ids
    this.#expireMs = expireMs
    this.#isUsed = isUsed
  }
}

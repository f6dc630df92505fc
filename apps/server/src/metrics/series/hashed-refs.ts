/**
 * Series by a 128-bit hash of the label bytes as they came over the wire, keyed by secrets of the process and the tenant (made by the
 * kernel of remote write). At that width two keys that meet are less likely than a memory error, so no bytes are kept or compared:
 * a known series costs 40 bytes and one cache line. Two generations bound the memory: when the young one is full it becomes the old one
 * and the former old one is forgotten; what is still used is copied back on its next hit.
 */

/** Four words of hash, then the ref plus 1 (0 = free). */
const slotWords = 5
const firstSlots = 1024
/** What a known key takes, the slots that stay free included. */
const keyBytes = 2 * slotWords * 4
/** In place of a ref: the key is forgotten. Its hash is zeroed, which no key's is. */
const forgotten = 0xffffffff
/** Slots swept between two pauses: well below a millisecond. */
const slotsPerStep = 32_768

/** Is the ref about to be given up, or given up? */
export type IsGone = (ref: number) => boolean

class Generation {
  #slots = new Uint32Array(firstSlots * slotWords)
  #mask = firstSlots - 1
  /** Slots with a key or a forgotten one. */
  #used = 0
  count = 0

  /** Ref, or -1. `words[at..at+3]` is the hash. */
  find(words: Uint32Array, at: number): number {
    const slots = this.#slots
    const mask = this.#mask
    const first = words[at]!
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const place = slot * slotWords
      const ref = slots[place + 4]!
      if (ref === 0) return -1
      if (
        slots[place] === first &&
        slots[place + 1] === words[at + 1] &&
        slots[place + 2] === words[at + 2] &&
        slots[place + 3] === words[at + 3]
      )
        return ref - 1
    }
  }

  has(words: Uint32Array, at: number): boolean {
    return this.find(words, at) !== -1
  }

  /** The hash must be known here. */
  replace(words: Uint32Array, at: number, ref: number): void {
    let slot = words[at]! & this.#mask
    while (!this.#isAt(slot, words, at)) slot = (slot + 1) & this.#mask
    this.#slots[slot * slotWords + 4] = ref + 1
  }

  add(words: Uint32Array, at: number, ref: number): void {
    if (this.#used * 2 > this.#mask) this.#rehash()
    this.#put(words, at, ref + 1)
  }

  /** Forgets the keys of refs that are gone; pauses where it yields. What is added meanwhile must not be of such refs. */
  *forgetting(isGone: IsGone, perStep: number): Generator<void> {
    let slots = this.#slots
    for (let place = 0; place < slots.length; place += slotWords) {
      const ref = slots[place + 4]!
      if (ref !== 0 && ref !== forgotten && isGone(ref - 1)) {
        slots.fill(0, place, place + 4)
        slots[place + 4] = forgotten
        this.count--
      }
      if (place % (perStep * slotWords) !== 0) continue
      yield
      // It has grown meanwhile: every key has another place.
      if (slots !== this.#slots) [slots, place] = [this.#slots, -slotWords]
    }
  }

  get sizeBytes(): number {
    return this.#slots.byteLength
  }

  #isAt(slot: number, words: Uint32Array, at: number): boolean {
    for (let word = 0; word < 4; word++) if (this.#slots[slot * slotWords + word] !== words[at + word]) return false
    return true
  }

  #put(words: Uint32Array, at: number, refPlusOne: number): void {
    const mask = this.#mask
    const slots = this.#slots
    let slot = words[at]! & mask
    while (slots[slot * slotWords + 4] !== 0 && slots[slot * slotWords + 4] !== forgotten) slot = (slot + 1) & mask
    if (slots[slot * slotWords + 4] === 0) this.#used++
    for (let word = 0; word < 4; word++) slots[slot * slotWords + word] = words[at + word]!
    slots[slot * slotWords + 4] = refPlusOne
    this.count++
  }

  /** Into twice the slots, or as many when half of the used ones are of forgotten keys. */
  #rehash(): void {
    const before = this.#slots
    if (this.count * 2 > this.#used) this.#mask = this.#mask * 2 + 1
    this.#slots = new Uint32Array((this.#mask + 1) * slotWords)
    this.#used = this.count = 0
    for (let place = 0; place < before.length; place += slotWords) {
      const ref = before[place + 4]!
      if (ref !== 0 && ref !== forgotten) this.#put(before, place, ref)
    }
  }
}

export class HashedRefs {
  readonly #countMax: number
  #young = new Generation()
  #old = new Generation()
  /** Of every sweep under way. */
  readonly #sweeps = new Set<IsGone>()

  /** `sizeBytesMax`: of both generations together, after their growth by doubling. */
  constructor(sizeBytesMax: number) {
    this.#countMax = sizeBytesMax / keyBytes / 2
  }

  /** Ref remembered for the hash in `words[at..at+3]`, or -1. */
  find(words: Uint32Array, at: number): number {
    const ref = this.#young.find(words, at)
    if (ref !== -1) return ref
    const aged = this.#old.find(words, at)
    if (aged !== -1 && !this.#isGone(aged)) this.#keep(words, at, aged)
    return aged
  }

  /**
   * Forgets all hashes of refs that are gone, in steps: afterwards none is found any more. Until then `isGone` must say the same or no
   * longer yes, and no ref that it says yes to may be remembered.
   */
  *forgetting(isGone: IsGone, perStep = slotsPerStep): Generator<void> {
    // A key of its own, so that the same one twice counts twice.
    const sweep: IsGone = (ref) => isGone(ref)
    this.#sweeps.add(sweep)
    try {
      for (const generation of [this.#young, this.#old]) yield* generation.forgetting(isGone, perStep)
    } finally {
      this.#sweeps.delete(sweep)
    }
  }

  /** Replaces what was remembered for the hash. */
  remember(words: Uint32Array, at: number, ref: number): void {
    if (this.find(words, at) === -1 || !this.#young.has(words, at)) this.#keep(words, at, ref)
    else this.#young.replace(words, at, ref)
  }

  get count(): number {
    return this.#young.count + this.#old.count
  }

  get sizeBytes(): number {
    return this.#young.sizeBytes + this.#old.sizeBytes
  }

  #isGone(ref: number): boolean {
    for (const sweep of this.#sweeps) if (sweep(ref)) return true
    return false
  }

  #keep(words: Uint32Array, at: number, ref: number): void {
    if (this.#young.count * 2 >= this.#countMax) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(words, at, ref)
  }
}

/** Numbers rows by a key of a few 32-bit integers, without an object a row. */

export class KeyTable {
  readonly width: number
  #keys: Int32Array
  #slots: Int32Array
  #size = 0

  /** `width`: integers of a key. `expected`: keys, about. */
  constructor(width: number, expected = 64) {
    this.width = width
    let slots = 64
    while (slots < expected * 2) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#keys = new Int32Array((slots / 2) * width)
  }

  get size(): number {
    return this.#size
  }

  /** The key's number, -1 when it has none. */
  find(key: Int32Array): number {
    return this.#slots[this.#slotOf(key)]! - 1
  }

  /** The key's number; the next one for a key that is new. */
  add(key: Int32Array): number {
    const slot = this.#slotOf(key)
    const found = this.#slots[slot]!
    if (found !== 0) return found - 1
    const { width } = this
    const number = this.#size++
    if ((number + 1) * width > this.#keys.length) {
      const more = new Int32Array(this.#keys.length * 2)
      more.set(this.#keys)
      this.#keys = more
    }
    for (let i = 0; i < width; i++) this.#keys[number * width + i] = key[i]!
    this.#slots[slot] = number + 1
    if (this.#size * 2 > this.#slots.length) this.#rehash()
    return number
  }

  /** One integer of a key. */
  part(number: number, at: number): number {
    return this.#keys[number * this.width + at]!
  }

  #slotOf(key: Int32Array): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(key, 0, this.width) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) if (this.#same(this.#slots[slot]! - 1, key)) return slot
    return slot
  }

  #same(number: number, key: Int32Array): boolean {
    const from = number * this.width
    for (let i = 0; i < this.width; i++) if (this.#keys[from + i] !== key[i]) return false
    return true
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let number = 0; number < this.#size; number++) {
      let slot = hashOf(this.#keys, number * this.width, this.width) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

function hashOf(key: Int32Array, from: number, width: number): number {
  let hash = 0x9e3779b9 | 0
  for (let i = from; i < from + width; i++) {
    hash = Math.imul(hash ^ key[i]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

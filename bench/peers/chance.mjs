/** Seeded random numbers: the same seed gives the same workload on every machine. Generator: xoshiro128** (Blackman, Vigna, 2018). */

/** Sum of four bytes: mean 510, standard deviation sqrt(4 * (256² - 1) / 12). */
const byteSumMean = 510
const byteSumDeviation = Math.sqrt((65_535 * 4) / 12)

export class Chance {
  #a
  #b
  #c
  #d

  /** `seed` is any whole number of 32 bits. */
  constructor(seed) {
    const state = Array.from({ length: 4 }, (_, index) => spread(seed + index * 0x9e3779b9))
    ;[this.#a, this.#b, this.#c, this.#d] = state
  }

  /** 32 random bits, `[0, 2^32)`. */
  bits() {
    const times5 = Math.imul(this.#b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result >>> 0
  }

  /** `[0, 1)` */
  share() {
    return this.bits() / 4_294_967_296
  }

  /** A whole number in `[0, count)`. */
  below(count) {
    return Math.floor(this.share() * count)
  }

  oneOf(list) {
    return list[this.below(list.length)]
  }

  /** Near enough to a standard normal for a random walk, and one draw of bits: the sum of its four bytes, scaled. */
  normal() {
    const bits = this.bits()
    return ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - byteSumMean) / byteSumDeviation
  }
}

/** Makes neighbouring seeds unlike each other. */
function spread(value) {
  let mixed = value >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}

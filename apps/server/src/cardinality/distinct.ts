/** How many distinct texts there were, about: a HyperLogLog of 256 registers (Flajolet et al. 2007), one standard
 * deviation of the error being 6.5 % (1.04 / √256); exact enough below a hundred. */

const registers = 256

/** 32 bits of a text (FNV-1a with a finish of its own, so that the high bits are as good as the low). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export class DistinctTexts {
  readonly #ranks = new Uint8Array(registers)

  add(text: string): void {
    this.#note(hashOf(text))
  }

  /** What is told apart by 32 bits already. */
  addWord(word: number): void {
    this.#note(mixed(word))
  }

  #note(hash: number): void {
    const rank = Math.clz32(hash << 8) + 1
    const register = hash >>> 24
    if (rank > this.#ranks[register]!) this.#ranks[register] = Math.min(rank, 25)
  }

  /** Rounded. */
  get count(): number {
    let sum = 0
    let zeros = 0
    for (const rank of this.#ranks) {
      sum += 2 ** -rank
      if (rank === 0) zeros++
    }
    const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum
    return Math.round(raw <= 2.5 * registers && zeros > 0 ? registers * Math.log(registers / zeros) : raw)
  }
}

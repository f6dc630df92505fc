/**
 * Snappy's block format with chosen bytes left as they are: a body is compressed once and its times and values are changed in place
 * afterwards. Format: github.com/google/snappy/blob/main/format_description.txt.
 */

const hashBits = 15
const matchBytesMin = 6
const copyBytesMax = 64
const offsetMax = 65_535
const literalBytesMax = 65_536

/**
 * Compresses `raw`. `isOpen[i]` is 1 where byte `i` must stay a literal. Gives the body and, for each of `marks` (ascending positions of
 * open bytes), where that byte is in it.
 */
export function compressAround(raw, isOpen, marks) {
  const out = new Output(raw.length, marks)
  const table = new Int32Array(1 << hashBits).fill(-1)
  let literalFrom = 0
  let at = 0
  while (at + matchBytesMin <= raw.length) {
    const hash = isOpen[at] === 1 ? -1 : Math.imul(raw.readUInt32LE(at), 0x1e35a7bd) >>> (32 - hashBits)
    const from = hash < 0 ? -1 : table[hash]
    if (hash >= 0) table[hash] = at
    const length = from < 0 || at - from > offsetMax ? 0 : matchLength(raw, isOpen, { from, at })
    if (length < matchBytesMin) {
      at++
      continue
    }
    out.literal(raw, literalFrom, at)
    out.copy(at - from, length)
    at += length
    literalFrom = at
  }
  out.literal(raw, literalFrom, raw.length)
  return out.finish()
}

function matchLength(raw, isOpen, { from, at }) {
  let length = 0
  while (length < copyBytesMax && at + length < raw.length && isOpen[from + length] === 0 && isOpen[at + length] === 0) {
    if (raw[from + length] !== raw[at + length]) break
    length++
  }
  return length
}

class Output {
  #bytes
  #length = 0
  #marks
  #places = []

  constructor(rawLength, marks) {
    this.#bytes = Buffer.allocUnsafe(rawLength + Math.ceil(rawLength / 6) + 64)
    this.#marks = marks
    let rest = rawLength
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128
    this.#bytes[this.#length++] = rest
  }

  literal(raw, from, to) {
    for (let start = from; start < to; start += literalBytesMax) this.#run(raw, start, Math.min(to, start + literalBytesMax))
  }

  #run(raw, from, to) {
    const last = to - from - 1
    if (last < 60) this.#bytes[this.#length++] = last << 2
    else if (last < 256) this.#put(60 << 2, last)
    else this.#put(61 << 2, last & 255, last >> 8)
    while (this.#places.length < this.#marks.length && this.#marks[this.#places.length] < to)
      this.#places.push(this.#length + this.#marks[this.#places.length] - from)
    raw.copy(this.#bytes, this.#length, from, to)
    this.#length += to - from
  }

  /** A copy with an offset of two bytes: 1 to 64 bytes. */
  copy(offset, length) {
    this.#put(((length - 1) << 2) | 2, offset & 255, offset >> 8)
  }

  #put(...bytes) {
    for (const byte of bytes) this.#bytes[this.#length++] = byte
  }

  finish() {
    return { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), places: this.#places }
  }
}

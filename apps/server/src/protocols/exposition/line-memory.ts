/**
 * The series of a source's last body in their order. Exporters show the same series in the same order, so that comparing the bytes at the
 * place where a series is expected is enough for nearly all of them: no looking for its end, no hash, no lookup. Bytes decide, never the
 * place alone; one that was put in or left out costs only itself.
 */

/** In place of a ref: to be found by its bytes. */
export const unknownRef = 0xffff_ffff
const [space, tab, braceOpen] = [32, 9, 123]

export class LineMemory {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** End of each series in `#bytes`; its start is the end of the one before. */
  readonly #ends: Uint32Array
  readonly #refs: Uint32Array

  constructor(bytes: Uint8Array, ends: Uint32Array, refs: Uint32Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#ends = ends
    this.#refs = refs
  }

  get count(): number {
    return this.#ends.length
  }

  get sizeBytes(): number {
    return this.#bytes.byteLength + this.#ends.byteLength * 2
  }

  ref(place: number): number {
    return this.#refs[place]!
  }

  /** Length of the series at `place` if the line at `start` begins with it and nothing but a value comes behind it; else 0. */
  match(place: number, line: DataView, start: number, end: number): number {
    if (place >= this.#ends.length) return 0
    const from = place === 0 ? 0 : this.#ends[place - 1]!
    const length = this.#ends[place]! - from
    // Name and braces may have a blank between them.
    if (start + length + 1 >= end || !isBlank(line.getUint8(start + length))) return 0
    const next = line.getUint8(start + length + 1)
    if (next === braceOpen || isBlank(next)) return 0
    return sameBytes(this.#view, from, line, start, length) ? length : 0
  }

  forget(isGone: (ref: number) => boolean): void {
    for (let place = 0; place < this.#refs.length; place++) {
      const ref = this.#refs[place]!
      if (ref !== unknownRef && isGone(ref)) this.#refs[place] = unknownRef
    }
  }
}

function isBlank(byte: number): boolean {
  return byte === space || byte === tab
}

function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  let at = 0
  for (const words = length & ~7; at < words; at += 8) {
    const low = a.getUint32(aStart + at, true) ^ b.getUint32(bStart + at, true)
    if ((low | (a.getUint32(aStart + at + 4, true) ^ b.getUint32(bStart + at + 4, true))) !== 0) return false
  }
  for (; at < length; at++) if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false
  return true
}

/** The lines of one body while it is read: which are where they were expected, and what to remember of them all. */
export class LineReader {
  #memory: LineMemory | null = null
  #view: DataView = new DataView(new ArrayBuffer(0))
  #place = 0
  #isSame = true
  #count = 0
  #starts = new Uint32Array(1024)
  #ends = new Uint32Array(1024)
  #refs = new Uint32Array(1024)

  begin(bytes: Uint8Array, memory: LineMemory | null): void {
    this.#memory = memory
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#place = 0
    this.#isSame = true
    this.#count = 0
  }

  /** Length of the series that the line begins with, when it is the expected one or the one behind that; else 0. */
  expected(start: number, end: number): number {
    const memory = this.#memory
    if (memory === null) return 0
    const length = memory.match(this.#place, this.#view, start, end)
    if (length > 0) {
      this.#place++
      return length
    }
    this.#isSame = false
    const behind = memory.match(this.#place + 1, this.#view, start, end)
    if (behind > 0) this.#place += 2
    return behind
  }

  /** The ref of what `expected` found last. */
  get ref(): number {
    return this.#memory === null ? unknownRef : this.#memory.ref(this.#place - 1)
  }

  /** A series was found, under this ref; `unknownRef` to find it anew next time. */
  note(start: number, end: number, ref: number): void {
    if (this.#count === this.#starts.length) this.#grow()
    this.#starts[this.#count] = start
    this.#ends[this.#count] = end
    this.#refs[this.#count++] = ref
  }

  /** What to remember of the body: what was remembered when it is the same. Null when it would take more than `bytesMax`. */
  finish(bytes: Uint8Array, bytesMax: number): LineMemory | null {
    const memory = this.#memory
    const count = this.#count
    this.#memory = null
    this.#view = new DataView(new ArrayBuffer(0))
    if (memory !== null && this.#isSame && memory.count === count && this.#hasRefsOf(memory)) return memory
    let size = 0
    for (let i = 0; i < count; i++) size += this.#ends[i]! - this.#starts[i]!
    if (size + count * 8 > bytesMax) return null
    const kept = new Uint8Array(size)
    const ends = new Uint32Array(count)
    for (let i = 0, at = 0; i < count; i++) {
      const [start, end] = [this.#starts[i]!, this.#ends[i]!]
      kept.set(bytes.subarray(start, end), at)
      ends[i] = at += end - start
    }
    return new LineMemory(kept, ends, this.#refs.slice(0, count))
  }

  #hasRefsOf(memory: LineMemory): boolean {
    for (let place = 0; place < memory.count; place++) if (memory.ref(place) !== this.#refs[place]) return false
    return true
  }

  #grow(): void {
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(old.length * 2)
      larger.set(old)
      return larger
    }
    this.#starts = grown(this.#starts)
    this.#ends = grown(this.#ends)
    this.#refs = grown(this.#refs)
  }
}

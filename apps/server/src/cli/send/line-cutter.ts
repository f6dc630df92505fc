/** Cuts bytes into lines, each with how many bytes it took of the file: whoever remembers a place counts by that. */

/** A longer line is sent in a piece of this size; the rest of it is passed over. */
export const lineBytesMax = 1024 * 1024

export interface CutLine {
  /** Without what ends it; empty for an empty line; null for the rest of a line that was too long. */
  readonly bytes: Buffer | null
  /** With what ends it. */
  readonly sizeBytes: number
}

const noBytes = Buffer.alloc(0)

/** What has no end yet is held. */
export class LineCutter {
  #held: Buffer = noBytes
  #isPassing = false
  /** Passed over, of a line that was too long and has no end yet. */
  #passedBytes = 0

  /** Bytes behind the last line that was given. */
  get heldBytes(): number {
    return this.#held.length + this.#passedBytes
  }

  push(chunk: Buffer): CutLine[] {
    const lines: CutLine[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      lines.push(this.#line(chunk.subarray(start, end), 1))
      start = end + 1
    }
    const rest = chunk.subarray(start)
    if (this.#isPassing) this.#passedBytes += rest.length
    else {
      this.#held = Buffer.concat([this.#held, rest])
      if (this.#held.length > lineBytesMax) {
        lines.push({ bytes: this.#held.subarray(0, lineBytesMax), sizeBytes: this.#held.length })
        this.#held = noBytes
        this.#isPassing = true
      }
    }
    return lines
  }

  /** What is left is a line all the same. */
  end(): CutLine[] {
    return this.heldBytes === 0 ? [] : [this.#line(noBytes, 0)]
  }

  #line(rest: Buffer, endBytes: number): CutLine {
    const line = this.#held.length === 0 ? Buffer.from(rest) : Buffer.concat([this.#held, rest])
    const sizeBytes = line.length + this.#passedBytes + endBytes
    const isRest = this.#isPassing
    this.#held = noBytes
    this.#isPassing = false
    this.#passedBytes = 0
    if (isRest) return { bytes: null, sizeBytes }
    const end = line.at(-1) === 0x0d ? line.length - 1 : line.length
    return { bytes: line.subarray(0, Math.min(end, lineBytesMax)), sizeBytes }
  }
}

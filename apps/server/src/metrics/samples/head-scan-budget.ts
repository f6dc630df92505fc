/** What the scans of one head may hold together of samples that the head gave up before they came to them. */

export class ScanBudget {
  readonly sizeBytesMax: number
  #usedBytes = 0

  constructor(sizeBytesMax: number) {
    this.sizeBytesMax = sizeBytesMax
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get freeBytes(): number {
    return this.sizeBytesMax - this.#usedBytes
  }

  /** False, and nothing is taken, when not that much is free. */
  take(sizeBytes: number): boolean {
    if (sizeBytes > this.freeBytes) return false
    this.#usedBytes += sizeBytes
    return true
  }

  give(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes
  }
}

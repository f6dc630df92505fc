/** Lets a fixed number in at a time; the others wait in the order they came. What waits must be bounded by the caller. */

export class Turns {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves when it is the caller's turn; dispose the result when it is over. */
  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.add(resolve))
    return { [Symbol.dispose]: () => this.#pass() }
  }

  /** The turn goes to who waits longest, without becoming free in between. */
  #pass(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#free++
  }
}

/** How long to wait before the next start: doubles with every failure, forgets failures after a healthy period. */

export interface BackOffLimits {
  readonly firstMs: number
  readonly mostMs: number
  /** A run at least this long clears the count. */
  readonly healthyMs: number
}

export class BackOff {
  readonly #limits: BackOffLimits
  #failures = 0

  constructor(limits: BackOffLimits) {
    this.#limits = limits
  }

  /** Failures in a row, the last one included. */
  get failures(): number {
    return this.#failures
  }

  /** Counts an end after `ranMs` of readiness (0 when it was never ready); gives the wait before the next start, ms. */
  next(ranMs: number): number {
    if (ranMs >= this.#limits.healthyMs) this.#failures = 0
    this.#failures++
    return Math.min(this.#limits.firstMs * 2 ** (this.#failures - 1), this.#limits.mostMs)
  }
}

/** Kahan–Neumaier summation, in the form Prometheus uses it, so that sums agree to the last bit. */

/** A running sum with its compensation; `value` is their total. Reused in hot loops: call `reset` first. */
export class KahanSum {
  sum = 0
  compensation = 0

  reset(sum = 0): void {
    this.sum = sum
    this.compensation = 0
  }

  add(increment: number): void {
    const total = this.sum + increment
    if (total === Infinity || total === -Infinity) this.compensation = 0
    // Neumaier: the smaller of the two loses its low bits.
    else if (Math.abs(this.sum) >= Math.abs(increment)) this.compensation += this.sum - total + increment
    else this.compensation += increment - total + this.sum
    this.sum = total
  }

  get value(): number {
    return this.sum === Infinity || this.sum === -Infinity ? this.sum : this.sum + this.compensation
  }
}

/**
 * A mean: the sum divided at the end, or an incremental mean from the point where the sum would overflow.
 * Rules of Prometheus' `avg` and `avg_over_time`.
 */
export class KahanMean {
  readonly #sum = new KahanSum()
  #count = 0
  #incremental = false

  reset(): void {
    this.#sum.reset()
    this.#count = 0
    this.#incremental = false
  }

  add(value: number): void {
    const count = ++this.#count
    if (count === 1) {
      this.#sum.reset(value)
      return
    }
    if (!this.#incremental) {
      const { sum, compensation } = this.#sum
      this.#sum.add(value)
      if (Math.abs(this.#sum.sum) !== Infinity) return
      this.#incremental = true
      this.#sum.sum = sum / (count - 1)
      this.#sum.compensation = compensation / (count - 1)
    }
    const mean = this.#sum.sum
    // An infinite mean stays what it is, unless the opposite infinity or NaN comes.
    if (Math.abs(mean) === Infinity && (value === mean || Number.isFinite(value))) return
    const share = (count - 1) / count
    this.#sum.sum = share * mean
    this.#sum.compensation *= share
    this.#sum.add(value / count)
  }

  get value(): number {
    if (this.#incremental) return this.#sum.value
    return this.#sum.sum / this.#count + this.#sum.compensation / this.#count
  }
}

/** Times in buckets that grow by 3 %: quantiles of any number of them in a fixed space, and sums over processes. */

const growth = 1.03
const leastMs = 0.05
const bucketCount = 512
const logGrowth = Math.log(growth)

export class LatencyCounts {
  #counts = new Float64Array(bucketCount)
  count = 0
  maxMs = 0

  add(ms) {
    const bucket = ms <= leastMs ? 0 : Math.min(bucketCount - 1, Math.ceil(Math.log(ms / leastMs) / logGrowth))
    this.#counts[bucket]++
    this.count++
    this.maxMs = Math.max(this.maxMs, ms)
  }

  /** Upper bound of the bucket that holds the quantile, ms; NaN of none. */
  quantile(share) {
    if (this.count === 0) return Number.NaN
    let rest = Math.ceil(share * this.count)
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      rest -= this.#counts[bucket]
      if (rest <= 0) return Math.min(this.maxMs, leastMs * growth ** bucket)
    }
    return this.maxMs
  }

  /** For another process; `merge` takes it. */
  toJSON() {
    return { counts: [...this.#counts.entries()].filter(([, count]) => count > 0), maxMs: this.maxMs }
  }

  merge({ counts, maxMs }) {
    for (const [bucket, count] of counts) {
      this.#counts[bucket] += count
      this.count += count
    }
    this.maxMs = Math.max(this.maxMs, maxMs)
    return this
  }
}

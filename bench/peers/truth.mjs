/** What a workload really holds: how many samples each metric has and what they add up to, counted while the bodies were made. */

export class Truth {
  #metrics = []
  #metricOf
  #counts
  #sums

  /** `names` is the metric of each series. */
  constructor(names) {
    const indexes = new Map()
    this.#metricOf = Uint32Array.from(names, (name) => {
      if (!indexes.has(name)) indexes.set(name, this.#metrics.push(name) - 1)
      return indexes.get(name)
    })
    this.#counts = new Float64Array(this.#metrics.length)
    this.#sums = new Float64Array(this.#metrics.length)
  }

  /** One sample of every series, from `offset` in `values`. */
  add(values, offset) {
    const metricOf = this.#metricOf
    for (let series = 0; series < metricOf.length; series++) {
      this.#counts[metricOf[series]]++
      this.#sums[metricOf[series]] += values[offset + series]
    }
  }

  /** `[{ metric, samples, sum }]` */
  metrics() {
    return this.#metrics.map((metric, index) => ({ metric, samples: this.#counts[index], sum: this.#sums[index] }))
  }

  get samples() {
    return this.#counts.reduce((all, count) => all + count, 0)
  }
}

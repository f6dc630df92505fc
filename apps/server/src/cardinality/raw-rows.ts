/** Samples of raw series set aside from a batch, to be gone through second by second. Reused from batch to batch. */

/** Samples of one second make one sample of what they are merged into. */
const groupMs = 1000

export class RawRows {
  count = 0
  slots = new Uint32Array(1024)
  timesMs = new Float64Array(1024)
  values = new Float64Array(1024)
  #isOrdered = true

  reset(): void {
    this.count = 0
    this.#isOrdered = true
  }

  add(slot: number, timeMs: number, value: number): void {
    const at = this.count
    if (at === this.slots.length) this.#grow()
    this.slots[at] = slot
    this.timesMs[at] = timeMs
    this.values[at] = value
    if (at > 0 && groupOf(timeMs) < groupOf(this.timesMs[at - 1]!)) this.#isOrdered = false
    this.count = at + 1
  }

  /** Visits all rows by ascending second, those of one second as they came; `end` after each second. */
  eachBySecond(visit: (row: number) => void, end: () => void): void {
    const order = this.#isOrdered ? null : this.#order()
    let before = Number.NaN
    for (let at = 0; at < this.count; at++) {
      const row = order === null ? at : order[at]!
      const group = groupOf(this.timesMs[row]!)
      if (at > 0 && group !== before) end()
      before = group
      visit(row)
    }
    if (this.count > 0) end()
  }

  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.count }, (_, row) => row)
    // Stable: a later row of a series in the same second stays behind the earlier one.
    return order.sort((a, b) => groupOf(this.timesMs[a]!) - groupOf(this.timesMs[b]!))
  }

  #grow(): void {
    const size = this.slots.length * 2
    const slots = new Uint32Array(size)
    slots.set(this.slots)
    this.slots = slots
    const timesMs = new Float64Array(size)
    timesMs.set(this.timesMs)
    this.timesMs = timesMs
    const values = new Float64Array(size)
    values.set(this.values)
    this.values = values
  }
}

function groupOf(timeMs: number): number {
  return Math.floor(timeMs / groupMs)
}

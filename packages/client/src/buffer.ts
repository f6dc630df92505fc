/** Values waiting to be sent: those of one metric, type, unit and tags are one item, so that a batch says them once. */
import type { Observation, Tags } from './types.ts'

/** One item of a batch, as the server takes it. */
export interface BatchItem {
  readonly name: string
  readonly values: (number | string)[]
  readonly tags?: Tags
  readonly type?: string
  readonly unit?: string
  readonly timestamp?: number
}

export interface Batch {
  /** The same at every repetition, so that the server counts it once. */
  readonly id: string
  readonly items: readonly BatchItem[]
  /** Of each item, for what has to be put back. */
  readonly keys: readonly string[]
  readonly values: number
}

export class ObservationBuffer {
  readonly #max: number
  readonly #tags: Tags
  #items = new Map<string, BatchItem>()
  #values = 0

  constructor(max: number, tags: Tags) {
    this.#max = max
    this.#tags = tags
  }

  get size(): number {
    return this.#values
  }

  /** False when it is full, `under` being the values under way, which count too. */
  add(observation: Observation, under: number): boolean {
    if (this.#values + under >= this.#max) return false
    const key = keyOf(observation)
    const known = this.#items.get(key)
    if (known === undefined) this.#items.set(key, itemOf(observation, this.#tags))
    else known.values.push(observation.value)
    this.#values++
    return true
  }

  /** At most so many values, the oldest metrics first; null when there are none. */
  take(valuesMax: number, id: string): Batch | null {
    const items: BatchItem[] = []
    const keys: string[] = []
    let values = 0
    for (const [key, item] of this.#items) {
      const room = valuesMax - values
      if (room <= 0) break
      keys.push(key)
      if (item.values.length <= room) {
        this.#items.delete(key)
        items.push(item)
        values += item.values.length
      } else {
        items.push({ ...item, values: item.values.splice(0, room) })
        values += room
      }
    }
    this.#values -= values
    return values === 0 ? null : { id, items, keys, values }
  }

  /** What was taken and not sent, to where it was: before everything that is here. */
  putBack({ items, keys, values }: Batch): void {
    const later = this.#items
    this.#items = new Map()
    items.forEach((item, index) => this.#items.set(keys[index] ?? '', item))
    for (const [key, item] of later) {
      const before = this.#items.get(key)
      this.#items.set(key, before === undefined ? item : { ...before, values: [...before.values, ...item.values] })
    }
    this.#values += values
  }
}

function keyOf({ name, type, unit, tags, time }: Observation): string {
  let key = `${type ?? ''}\u0000${unit ?? ''}\u0000${time?.getTime() ?? ''}\u0000${name}`
  if (tags !== undefined) for (const tag in tags) key += `\u0000${tag}\u0000${String(tags[tag])}`
  return key
}

function itemOf({ name, value, type, unit, tags, time }: Observation, common: Tags): BatchItem {
  const all = { ...common, ...tags }
  return {
    name,
    values: [value],
    ...(Object.keys(all).length === 0 ? {} : { tags: all }),
    ...(type === undefined ? {} : { type }),
    ...(unit === undefined ? {} : { unit }),
    ...(time === undefined ? {} : { timestamp: time.getTime() }),
  }
}

/** 128 random bits; `crypto.randomUUID` is not there on plain HTTP pages. */
export function newBatchId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

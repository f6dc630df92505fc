/**
 * Label sets inside one query. Strings become small integers once (`SymbolTable`); signatures, grouping and matching then hash and
 * compare integers. A hash is only a hint: a hit is verified by comparing the whole key.
 */
import type { Labels } from '../../metrics/index.ts'

export const metricName = '__name__'
/** Dropped together with the name, because they describe the metric and not the result. */
export const metadataLabels: readonly string[] = ['__name__', '__type__', '__unit__']

/**
 * Interned strings. Shared by the queries of an engine, since series come back with every query: it only grows, so sharing is safe, and
 * the engine starts a new one when it has grown too large.
 */
export class SymbolTable {
  readonly #ids = new Map<string, number>()
  readonly #known = new WeakMap<Labels, LabelSet>()

  get size(): number {
    return this.#ids.size
  }

  idOf(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#ids.size
    this.#ids.set(text, id)
    return id
  }

  /** The label set of sorted labels. */
  labelSet(labels: Labels): LabelSet {
    const ids = new Int32Array(labels.length * 2)
    for (let i = 0; i < labels.length; i++) {
      const pair = labels[i]!
      ids[i * 2] = this.idOf(pair[0])
      ids[i * 2 + 1] = this.idOf(pair[1])
    }
    return new LabelSet(labels, ids)
  }

  /** The same for labels that a source gave: remembered as long as the source keeps the object. */
  sourceSet(labels: Labels): LabelSet {
    const known = this.#known.get(labels)
    if (known !== undefined) return known
    const made = this.labelSet(labels)
    this.#known.set(labels, made)
    return made
  }
}

/** `ids` alternates name id and value id, in the order of `labels` (sorted by name). Immutable but for what it remembers. */
export class LabelSet {
  readonly labels: Labels
  readonly ids: Int32Array
  #nameless: LabelSet | null = null
  #namedBy: number | null = null

  constructor(labels: Labels, ids: Int32Array) {
    this.labels = labels
    this.ids = ids
  }

  /** Id of the metric name's value; -1: no name and nothing that describes the metric, -2: more than a name. */
  get namedBy(): number {
    if (this.#namedBy !== null) return this.#namedBy
    let found = -1
    for (const [i, pair] of this.labels.entries()) {
      if (metadataLabels.includes(pair[0])) found = pair[0] === metricName && found === -1 ? this.ids[i * 2 + 1]! : -2
    }
    return (this.#namedBy = found)
  }

  /** Without the metric name and what describes the metric; the set itself when there is nothing to drop. */
  get nameless(): LabelSet {
    if (this.#nameless !== null) return this.#nameless
    const { labels, ids } = this
    const kept = labels.filter((pair) => !metadataLabels.includes(pair[0]))
    if (kept.length === labels.length) return (this.#nameless = this)
    const keptIds = ids.filter((_, i) => !metadataLabels.includes(labels[i >> 1]![0]))
    return (this.#nameless = new LabelSet(kept, keptIds))
  }
}

export function labelValue(labels: Labels, name: string): string {
  for (const pair of labels) if (pair[0] === name) return pair[1]
  return ''
}

export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Sorted labels without empty values, from any order. */
export function labelsFrom(entries: Iterable<readonly [string, string]>): Labels {
  return [...entries].filter((pair) => pair[1] !== '').sort((a, b) => compareNames(a[0], b[0]))
}

/** The labels with some set (to a value) or removed (to ''). */
export function withLabels(labels: Labels, changes: ReadonlyMap<string, string>): Labels {
  return labelsFrom([...labels.filter((pair) => !changes.has(pair[0])), ...changes])
}

export function withoutMetadata(labels: Labels): Labels {
  return labels.some((pair) => metadataLabels.includes(pair[0])) ? labels.filter((pair) => !metadataLabels.includes(pair[0])) : labels
}

/** Prometheus' order of label sets: pair by pair, then the shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const byName = compareNames(a[i]![0], b[i]![0])
    if (byName !== 0) return byName
    const byValue = compareNames(a[i]![1], b[i]![1])
    if (byValue !== 0) return byValue
  }
  return a.length - b.length
}

/** Which labels make up a key. */
export interface KeyRule {
  readonly names: readonly string[]
  /** true: only `names`; false: all but `names`. */
  readonly keep: boolean
}

/** Every label. */
export const wholeKey: KeyRule = { names: [], keep: false }

/** Numbers label sets by their key: sets with equal keys get one number, in order of first sight. */
export class LabelGroups {
  readonly #keep: boolean
  /** 1 at the ids of the rule's names. */
  readonly #named: Uint8Array
  /** Hash to the newest group with it; `#older` chains the rest. */
  readonly #byHash = new Map<number, number>()
  readonly #older: number[] = []
  readonly #keys: Int32Array[] = []
  /** The first set seen of each group; its labels tell the key's. */
  readonly #firsts: LabelSet[] = []
  #scratch = new Int32Array(64)

  constructor(symbols: SymbolTable, rule: KeyRule) {
    this.#keep = rule.keep
    const ids = rule.names.map((name) => symbols.idOf(name))
    this.#named = new Uint8Array(ids.reduce((most, id) => Math.max(most, id), -1) + 1)
    for (const id of ids) this.#named[id] = 1
  }

  get size(): number {
    return this.#keys.length
  }

  /** The labels that make up the group's key. */
  labelsOf(group: number): Labels {
    const first = this.#firsts[group]
    return first === undefined ? [] : this.#selected(first)
  }

  /** The group's number, made when new. */
  groupOf(set: LabelSet): number {
    const length = this.#fill(set)
    const hash = hashKernel(this.#scratch, length)
    const found = this.#lookup(hash, length)
    if (found !== -1) return found
    const group = this.#keys.length
    this.#keys.push(length === set.ids.length ? set.ids : this.#scratch.slice(0, length))
    this.#firsts.push(set)
    this.#older.push(this.#byHash.get(hash) ?? -1)
    this.#byHash.set(hash, group)
    return group
  }

  /** The group's number, or -1. */
  find(set: LabelSet): number {
    const length = this.#fill(set)
    return this.#lookup(hashKernel(this.#scratch, length), length)
  }

  #lookup(hash: number, length: number): number {
    let group = this.#byHash.get(hash) ?? -1
    while (group !== -1) {
      if (equalKernel(this.#keys[group]!, this.#scratch, length)) return group
      group = this.#older[group]!
    }
    return -1
  }

  /** Writes the key's ids to the scratch array; gives their count. */
  #fill(set: LabelSet): number {
    const { ids } = set
    if (this.#scratch.length < ids.length) this.#scratch = new Int32Array(ids.length * 2)
    let length = 0
    for (let i = 0; i < ids.length; i += 2) {
      // Ids beyond the table are of other names.
      if ((this.#named[ids[i]!] === 1) !== this.#keep) continue
      this.#scratch[length++] = ids[i]!
      this.#scratch[length++] = ids[i + 1]!
    }
    return length
  }

  #selected(set: LabelSet): Labels {
    return set.labels.filter((_, i) => (this.#named[set.ids[i * 2]!] === 1) === this.#keep)
  }
}

/** FNV-1a over 32-bit words. */
function hashKernel(ids: Int32Array, length: number): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ ids[i]!, 0x01000193)
  return hash
}

function equalKernel(a: Int32Array, b: Int32Array, length: number): boolean {
  if (a.length !== length) return false
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}

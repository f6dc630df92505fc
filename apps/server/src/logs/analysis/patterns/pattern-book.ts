/**
 * The patterns of one project in memory: shapes (hashes of masked messages) to patterns, and templates for messages of a new shape. Bounded;
 * what goes comes back under the same id, because an id is a hash of the template that a pattern began with.
 */
import { createHash } from 'node:crypto'
import { Cluster, ClusterTree, generalized } from './cluster-tree.ts'
import { patternBytesMax, newShapesPerSecMax, newShapesPerSecMin, patternsPerProjectMax, shapesPerProjectMax } from './limits.ts'
import { templateTokens } from './template.ts'

export class Pattern extends Cluster {
  readonly low: number
  readonly high: number
  /** Seconds since 1970 of the first and last row. */
  firstSec: number
  lastSec: number
  /** Changed since it was last written. */
  isDirty = true
  /** Beginning of a message that has it. */
  readonly example: string

  // oxlint-disable-next-line max-params -- what a pattern begins with
  constructor(tokens: string[], id: { low: number; high: number }, example: string, atSec: number) {
    super(tokens)
    this.low = id.low
    this.high = id.high
    this.example = example
    this.firstSec = atSec
    this.lastSec = atSec
  }

  get id(): string {
    return idText(this.low, this.high)
  }

  get template(): string {
    return this.tokens.join(' ')
  }
}

/** 16 hexadecimal digits. */
export function idText(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

/** First 8 bytes of SHA-256 over the words a pattern begins with; never 0, which means none. */
export function idOf(tokens: readonly string[]): { low: number; high: number } {
  const hash = createHash('sha256').update(tokens.join(' ')).digest()
  return { low: hash.readUInt32LE(0), high: hash.readUInt32LE(4) | 1 }
}

const decoder = new TextDecoder()
/** Bytes of a message that a template is made of and that are kept as example. */
const exampleBytesMax = patternBytesMax
const emptySlot = -1
const firstSlots = 1_024

export class PatternBook {
  readonly #patterns: (Pattern | null)[] = []
  readonly #byId = new Map<string, number>()
  readonly #tree = new ClusterTree<Pattern>()
  readonly #free: number[] = []
  /** Open addressing: low, high, index of the pattern; index -1 is free. */
  #slots = new Int32Array(firstSlots * 3).fill(emptySlot)
  #shapes = 0
  /** Messages that got no pattern. */
  skipped = 0
  #second = 0
  #newShapes = 0
  /** Share of new shapes that belonged to a known pattern, lately: free text is not worth what it costs. */
  #usefulness = 1

  get size(): number {
    return this.#byId.size
  }

  get shapes(): number {
    return this.#shapes
  }

  find(id: string): Pattern | null {
    const at = this.#byId.get(id)
    return at === undefined ? null : (this.#patterns[at] ?? null)
  }

  *dirty(): Generator<Pattern> {
    for (const pattern of this.#patterns) if (pattern !== null && pattern.isDirty) yield pattern
  }

  /** Puts back what was known before a start; later ones do not replace what is there. */
  restore(pattern: Pattern): void {
    if (this.#byId.has(pattern.id) || this.#byId.size >= patternsPerProjectMax) return
    pattern.isDirty = false
    this.#insert(pattern)
  }

  /** The pattern that messages of a shape have, for one at a time (seconds since 1970); null when the shape is new. */
  match(low: number, high: number, atSec: number): Pattern | null {
    const known = this.#slots[this.#slotOf(low, high) * 3 + 2]!
    const pattern = known === emptySlot ? null : this.#patterns[known]!
    if (pattern !== null) this.#met(pattern, atSec)
    return pattern
  }

  /** Whether one more new shape is looked at in this second; counts it. */
  takesNew(nowSec: number): boolean {
    if (nowSec !== this.#second) {
      this.#second = nowSec
      this.#newShapes = 0
    }
    if (++this.#newShapes <= newShapesPerSecMin + (newShapesPerSecMax - newShapesPerSecMin) * this.#usefulness) return true
    this.skipped++
    return false
  }

  /** The pattern of a message of a new shape. */
  learn(message: Uint8Array, shape: { readonly low: number; readonly high: number }, atSec: number): Pattern {
    return this.#learn(decoder.decode(message.subarray(0, exampleBytesMax)), shape, atSec)
  }

  #met(pattern: Pattern, atSec: number): void {
    if (atSec > pattern.lastSec) this.#later(pattern, atSec)
    if (atSec < pattern.firstSec) {
      pattern.firstSec = atSec
      pattern.isDirty = true
    }
  }

  /** Written anew at most once in ten minutes for the time alone. */
  #later(pattern: Pattern, atSec: number): void {
    if (Math.floor(atSec / 600) !== Math.floor(pattern.lastSec / 600)) pattern.isDirty = true
    pattern.lastSec = atSec
  }

  #learn(text: string, found: { low: number; high: number }, atSec: number): Pattern {
    const tokens = templateTokens(text)
    let pattern = this.#tree.find(tokens)
    this.#usefulness += ((pattern === null ? 0 : 1) - this.#usefulness) / 256
    if (pattern === null) {
      const first = this.#tree.founding(tokens)
      const id = idOf(first)
      const at = this.#byId.get(idText(id.low, id.high))
      pattern = at === undefined ? null : (this.#patterns[at] ?? null)
      if (pattern === null) {
        pattern = new Pattern(first, id, text.trimStart(), atSec)
        if (this.#byId.size >= patternsPerProjectMax) this.#evict()
        this.#insert(pattern)
      }
    }
    const merged = generalized(pattern.tokens, tokens)
    if (merged !== null) {
      pattern.tokens = merged
      pattern.isDirty = true
    }
    this.#met(pattern, atSec)
    this.#remember(found.low, found.high, this.#byId.get(pattern.id) ?? 0)
    return pattern
  }

  #insert(pattern: Pattern): void {
    const at = this.#free.pop() ?? this.#patterns.length
    this.#patterns[at] = pattern
    this.#byId.set(pattern.id, at)
    this.#tree.add(pattern)
  }

  /** Lets go of the tenth not met for longest; their shapes go with all others, which are found again. Unwritten ones stay. */
  #evict(): void {
    const oldest = [...this.#byId.values()]
      .map((at) => ({ at, pattern: this.#patterns[at] ?? null }))
      .sort((a, b) => (a.pattern?.lastSec ?? 0) - (b.pattern?.lastSec ?? 0))
      .slice(0, Math.ceil(patternsPerProjectMax / 10))
    for (const { at, pattern } of oldest) {
      if (pattern === null) continue
      this.#tree.remove(pattern)
      this.#byId.delete(pattern.id)
      this.#patterns[at] = null
      this.#free.push(at)
    }
    this.#forgetShapes()
  }

  #forgetShapes(): void {
    this.#slots = new Int32Array(firstSlots * 3).fill(emptySlot)
    this.#shapes = 0
  }

  #slotOf(low: number, high: number): number {
    const slots = this.#slots
    const mask = slots.length / 3 - 1
    let slot = low & mask
    while (slots[slot * 3 + 2] !== emptySlot && (slots[slot * 3] !== (low | 0) || slots[slot * 3 + 1] !== (high | 0)))
      slot = (slot + 1) & mask
    return slot
  }

  #remember(low: number, high: number, at: number): void {
    if (this.#shapes >= shapesPerProjectMax) this.#forgetShapes()
    if ((this.#shapes + 1) * 2 > this.#slots.length / 3) this.#grow()
    const slot = this.#slotOf(low, high)
    this.#slots[slot * 3] = low
    this.#slots[slot * 3 + 1] = high
    this.#slots[slot * 3 + 2] = at
    this.#shapes++
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2).fill(emptySlot)
    for (let i = 0; i < old.length; i += 3) {
      if (old[i + 2] === emptySlot) continue
      const slot = this.#slotOf(old[i]! >>> 0, old[i + 1]! >>> 0)
      this.#slots.set(old.subarray(i, i + 3), slot * 3)
    }
  }
}

/**
 * The memory of the kernel of log lines (`apps/server/kernels/log-lines.ts`): a block of lines goes in, columns of their rows come out. What it
 * knows of names and levels it keeps from one body to the next.
 */
import { randomFillSync } from 'node:crypto'
import type { Resource } from '../../signals/index.ts'
import { loadKernel } from '../../kernel/webassembly.ts'

/** Lines of a block, and the bytes between the first and the end of the last. */
export const blockLinesMax = 256
export const blockBytesMax = 262_144
/** Attributes of the rows between two `begin`; a row has 256 at most. */
const pairsMax = 16_384
/** Texts that are known by number, and their bytes; forgotten all at once when there is no room for another. */
const wordsMax = 4096
const wordTextBytes = 262_144

/** Why a walk ended, besides (0, 1) that all lines are read or that the line is not for the kernel; the same numbers as there. */
export const stopName = 2
export const stopLevel = 3
export const stopFull = 4

/** Service, host, environment, release, scope. */
const wordColumnCount = 5

const addressesAt = 128
/** The kernel reads and copies in steps of 16 bytes. */
const slackBytes = 64
/** A body is as long as its line, with its length before it. */
const bodiesBytes = blockBytesMax + blockLinesMax * 5 + slackBytes
const wordBytes = 32
const lineBytes = 32
const groupBytes = 32

/** Bytes of each part, in the order of the kernel's `layOut`. */
const parts = {
  lines: blockLinesMax * lineBytes,
  groups: blockLinesMax * groupBytes,
  times: blockLinesMax * 8,
  traceIds: blockLinesMax * 16,
  spanIds: blockLinesMax * 8,
  severities: blockLinesMax,
  words: blockLinesMax * 4 * wordColumnCount,
  pairEnds: blockLinesMax * 4,
  bodyStarts: blockLinesMax * 4,
  bodyEnds: blockLinesMax * 4,
  bodies: bodiesBytes,
  keys: pairsMax * 4,
  valueStarts: pairsMax * 4,
  valueEnds: pairsMax * 4,
  values: blockBytesMax + slackBytes,
  table: wordsMax * wordBytes,
  slots: wordsMax * 16,
  texts: wordTextBytes + slackBytes,
  input: blockBytesMax + slackBytes,
} as const

type Part = keyof typeof parts

interface Exports {
  readonly memory: WebAssembly.Memory
  layOut(lines: number, pairs: number, words: number, textBytes: number): void
  forget(): void
  intern(at: number, end: number): number
  begin(pairs: number, bodyBytes: number, valueBytes: number): void
  walk(first: number, count: number): number
}

/** Where each part begins, in steps of 16 bytes; and the end of the last. */
function placesOf(): { readonly at: Readonly<Record<Part, number>>; readonly end: number } {
  const at: Partial<Record<Part, number>> = {}
  let end = 1024
  for (const [name, bytes] of Object.entries(parts)) {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
    at[name as Part] = end
    end += (bytes + 15) & ~15
  }
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- every part has its place now
  return { at: at as Record<Part, number>, end }
}

const { at: places, end: memoryEnd } = placesOf()
const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** The number of a text that is too long to be known: no word of a line is it. */
const noWord = 0xffff_ffff
/** The number of a text that there was no room for. */
const noRoom = -1
const wordTextMax = 200

export class LineKernel {
  readonly #exports = loadKernel<Exports>('log-lines', memoryEnd)
  readonly #bytes = new Uint8Array(this.#exports.memory.buffer)
  readonly #control = new DataView(this.#exports.memory.buffer)
  /** 8 numbers a line: first byte, behind the last, group, whether it has a time, (seconds), ns. */
  readonly #lines = this.#numbers('lines')
  readonly #lineSeconds = new Float64Array(this.#exports.memory.buffer, places.lines, parts.lines / 8)
  /** 8 numbers a group: service, host, environment, release as words; severity. */
  readonly #groups = this.#numbers('groups')
  readonly #table = this.#numbers('table')
  readonly #wordsByText = new Map<string, number>()
  readonly times = this.#part('times')
  readonly traceIds = this.#part('traceIds')
  readonly spanIds = this.#part('spanIds')
  readonly severities = this.#part('severities')
  /** Numbers of words, `blockLinesMax` for each of the five columns. */
  readonly words = this.#numbers('words')
  readonly pairEnds = this.#numbers('pairEnds')
  readonly bodyStarts = this.#numbers('bodyStarts')
  readonly bodyEnds = this.#numbers('bodyEnds')
  readonly bodies = this.#part('bodies')
  readonly keys = this.#numbers('keys')
  readonly valueStarts = this.#numbers('valueStarts')
  readonly valueEnds = this.#numbers('valueEnds')
  readonly values = this.#part('values')

  /** Who set the rules, and knows the words of its batch by those of the kernel: 0 for not looked up. */
  owner: object | null = null
  readonly namesInBatch = new Uint32Array(wordsMax)
  /** In each of the five columns. */
  readonly columnsInBatch: readonly Uint32Array[] = Array.from({ length: wordColumnCount }, () => new Uint32Array(wordsMax))

  constructor() {
    const kernel = this.#exports
    randomFillSync(this.#bytes, 32, 8)
    Object.values(places).forEach((place, index) => this.#control.setUint32(addressesAt + index * 4, place, true))
    kernel.layOut(blockLinesMax, pairsMax, wordsMax, wordTextBytes)
  }

  /** Times (seconds since 1970) outside of which a row is the caller's, the time of rows that have none, and whether the bytes are known to be UTF-8. */
  setRules(rules: {
    readonly minSec: number
    readonly maxSec: number
    readonly nowSec: number
    readonly nowNanos: number
    readonly isText: boolean
  }): void {
    const control = this.#control
    control.setFloat64(0, Math.max(0, rules.minSec), true)
    control.setFloat64(8, Math.min(0xffff_ffff, rules.maxSec), true)
    control.setFloat64(16, rules.nowSec, true)
    control.setUint32(24, rules.nowNanos, true)
    control.setUint32(28, rules.isText ? 1 : 0, true)
  }

  /** Takes the bytes of a block, `blockBytesMax` at most. */
  take(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes.set(bytes.subarray(start, end), places.input)
  }

  /** Line `index` of the block, by its place in the bytes taken, and its group. */
  // oxlint-disable-next-line max-params -- called for each line
  setLine(index: number, start: number, end: number, group: number): void {
    const at = index * 8
    this.#lines[at] = places.input + start
    this.#lines[at + 1] = places.input + end
    this.#lines[at + 2] = group
    this.#lines[at + 3] = 0
  }

  /** Its time as the protocol gives it. */
  setTime(index: number, seconds: number, nanos: number): void {
    this.#lines[index * 8 + 3] = 1
    this.#lineSeconds[index * 4 + 2] = seconds
    this.#lines[index * 8 + 6] = nanos
  }

  lineStart(index: number): number {
    return this.#lines[index * 8]! - places.input
  }

  lineEnd(index: number): number {
    return this.#lines[index * 8 + 1]! - places.input
  }

  lineGroup(index: number): number {
    return this.#lines[index * 8 + 2]!
  }

  lineHasTime(index: number): boolean {
    return this.#lines[index * 8 + 3] === 1
  }

  lineSeconds(index: number): number {
    return this.#lineSeconds[index * 4 + 2]!
  }

  lineNanos(index: number): number {
    return this.#lines[index * 8 + 6]!
  }

  /** Where lines of the group come from, and their severity. False: there is no room for another word. */
  setGroup(index: number, { service, host, environment, release }: Resource, severity: number): boolean {
    const groups = this.#groups
    const at = index * 8
    const words = [this.#wordOf(service), this.#wordOf(host), this.#wordOf(environment), this.#wordOf(release)]
    for (let i = 0; i < words.length; i++) groups[at + i] = words[i]!
    groups[at + 4] = severity
    return !words.includes(noRoom)
  }

  /** Rows go behind what the batch has: attributes, bytes of bodies and of values. */
  begin(pairs: number, bodyBytes: number, valueBytes: number): void {
    this.#exports.begin(pairs, bodyBytes, valueBytes)
  }

  /** Reads lines from `first` on; gives the one at which it stopped. */
  walk(first: number, count: number): number {
    return this.#exports.walk(first, count)
  }

  /** Of the last walk: why it stopped. */
  get stop(): number {
    return this.#control.getUint32(40, true)
  }

  /** The word that it does not know. */
  get unknown(): number {
    return this.#control.getUint32(44, true)
  }

  get rows(): number {
    return this.#control.getUint32(48, true)
  }

  get pairs(): number {
    return this.#control.getUint32(52, true)
  }

  get bodyBytes(): number {
    return this.#control.getUint32(56, true)
  }

  get valueBytes(): number {
    return this.#control.getUint32(60, true)
  }

  /** Words that have numbers: from 1 to this. */
  get wordCount(): number {
    return this.#control.getUint32(64, true)
  }

  /** Texts of groups that it remembers; never more than there are words. */
  get textCount(): number {
    return this.#wordsByText.size
  }

  /** Room for what one needs to remember of each word. */
  get wordsMax(): number {
    return wordsMax
  }

  /** The bytes of a word, as a view. */
  wordBytes(word: number): Uint8Array {
    const at = this.#table[word * 8]!
    return this.#bytes.subarray(at, at + this.#table[word * 8 + 1]!)
  }

  wordText(word: number): string {
    return decoder.decode(this.wordBytes(word))
  }

  /** Tells the role of a name (`field-names.ts`). */
  tellRole(word: number, role: number): void {
    this.#table[word * 8 + 3] = role
  }

  /** Tells the severity of a level, 0 for what is none. */
  tellSeverity(word: number, severity: number): void {
    this.#table[word * 8 + 4] = severity
  }

  /** No word has its number any more; groups must be set anew. */
  forget(): void {
    this.#exports.forget()
    this.#wordsByText.clear()
    this.forgetBatch()
  }

  /** Words have other numbers in another batch. */
  forgetBatch(): void {
    this.namesInBatch.fill(0)
    for (const column of this.columnsInBatch) column.fill(0)
  }

  #wordOf(text: string): number {
    if (text === '') return 0
    const known = this.#wordsByText.get(text)
    if (known !== undefined) return known
    // UTF-8 is never shorter. What has no number is not remembered: it takes none of the room that bounds the map.
    if (text.length > wordTextMax) return noWord
    // No character takes more than three bytes of UTF-8 for each of its 16 bits.
    const scratch = this.#bytes.subarray(places.values, places.values + 3 * wordTextMax)
    const { written } = encoder.encodeInto(text, scratch)
    if (written > wordTextMax) return noWord
    const word = this.#exports.intern(places.values, places.values + written)
    if (word === 0) return noRoom
    this.#wordsByText.set(text, word)
    return word
  }

  #part(name: Part): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, places[name], parts[name])
  }

  #numbers(name: Part): Uint32Array {
    return new Uint32Array(this.#exports.memory.buffer, places[name], parts[name] >> 2)
  }
}

/**
 * Scrubs every batch before it is written: texts, values of attributes, dictionaries, resources, and the words in which refusals are told. What
 * was taken out is marked in the row's `scrubbed`; the original is in no column, and in no record.
 */
import type { Tenant } from '../kernel/scope.ts'
import { PairsColumn, type Resource, type SignalBatch, type SignalStage, TextColumn, WordColumn } from '../signals/index.ts'
import type { CompiledPolicy, WholeValue } from './compiled-policy.ts'
import { PlaceScan } from './place-scan.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface ScrubbingStageDeps {
  /** What holds for a project now. */
  readonly policyOf: (tenant: Tenant) => CompiledPolicy
}

export class ScrubbingStage implements SignalStage {
  readonly #deps: ScrubbingStageDeps
  /** What resources became, under the policy that made them so; kept as long as a decoder knows them. */
  readonly #resources = new WeakMap<Resource, { readonly policy: CompiledPolicy; readonly made: Resource }>()
  #bits = new Uint8Array(1024)
  readonly #replaced = new Map<number, Uint8Array>()
  readonly #scan = new PlaceScan()

  constructor(deps: ScrubbingStageDeps) {
    this.#deps = deps
  }

  apply(batch: SignalBatch): void {
    const policy = this.#deps.policyOf(batch.tenant)
    if (policy.isIdle) return
    this.#examples(batch, policy)
    if (batch.rows === 0) return
    if (this.#bits.length < batch.rows) this.#bits = new Uint8Array(batch.rows * 2)
    this.#bits.fill(0, 0, batch.rows)
    batch.columns.forEach((column, index) => {
      if (column instanceof TextColumn) this.#texts(column, policy, isJson(batch.schema.columns[index]?.name))
      else if (column instanceof PairsColumn)
        this.#pairs(column, column === batch.attributes ? contactsOf(batch) : null, { rows: batch.rows, policy })
      else if (column instanceof WordColumn) this.#words(column, policy, (row) => row)
    })
    this.#resourcesOf(batch, policy)
    this.#mark(batch)
  }

  #texts(column: TextColumn, policy: CompiledPolicy, hasFields: boolean): void {
    const { bytes } = column.data
    const looksWithin = hasFields && policy.hasFields
    const replaced = this.#replaced
    replaced.clear()
    this.#look(column, looksWithin || policy.hasPatterns)
    const { rows, count } = this.#scan
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      const start = column.start(row)
      const end = column.end(row)
      if (start === end) continue
      const text = policy.scrubbed(bytes, start, end)
      if (text !== null) {
        replaced.set(row, text)
        this.#bits[row] = this.#bits[row]! | policy.bits
      }
      if (looksWithin) this.#fieldsWithin(row, text ?? bytes.subarray(start, end), policy)
    }
    column.replace(replaced)
  }

  /** Which texts may have something; most have nothing, and the kernel that says so takes a tenth of the time of looking at each. */
  #look(column: TextColumn, isAll: boolean): void {
    if (isAll) this.#scan.all(column)
    else this.#scan.suspects(column)
  }

  /** Names within a column of JSON: the rules about fields hold there too. */
  #fieldsWithin(row: number, json: Uint8Array, policy: CompiledPolicy): void {
    let parsed: unknown
    try {
      parsed = JSON.parse(decoder.decode(json))
    } catch {
      return
    }
    let bits = 0
    const made = JSON.stringify(parsed, (name: string, value: unknown) => {
      const whole = typeof value === 'string' && name !== '' ? policy.wholeValueOf(name) : null
      if (whole === null) return value
      bits |= whole.bit
      return decoder.decode(whole.mark)
    })
    if (bits === 0) return
    this.#replaced.set(row, encoder.encode(made))
    this.#bits[row] = this.#bits[row]! | bits
  }

  #pairs(column: PairsColumn, contacts: Contacts | null, { rows, policy }: { rows: number; policy: CompiledPolicy }): void {
    const { keys, values } = column
    const { bytes } = values.data
    const { numbers } = keys
    const replaced = this.#replaced
    replaced.clear()
    const mark = (at: number, text: Uint8Array, bits: number): void => {
      replaced.set(at, text)
      const row = rowOfPair(column, rows, at)
      this.#bits[row] = this.#bits[row]! | bits
    }
    const wholes = wholeValues(keys, policy)
    if (wholes !== null)
      for (let at = 0; at < values.rows; at++) {
        const whole = wholes.get(numbers[at]!)
        if (whole !== undefined && policy.takesWhole(whole, bytes, values.start(at), values.end(at))) mark(at, whole.mark, whole.bit)
      }
    this.#look(values, policy.hasPatterns)
    const { rows: suspects, count } = this.#scan
    for (let i = 0; i < count; i++) {
      const at = suspects[i]!
      if (values.start(at) === values.end(at) || replaced.has(at)) continue
      const isContact =
        contacts !== null && numbers[at] === contacts.name && contacts.isIn(rowOfPair(column, rows, at)) && isAddress(values.text(at))
      const [start, end] = [values.start(at), values.end(at)]
      const text = isContact ? policy.scrubbedByRules(bytes, start, end) : policy.scrubbed(bytes, start, end)
      if (text !== null) mark(at, text, policy.bits)
    }
    values.replace(replaced)
    this.#words(keys, policy, (at) => rowOfPair(column, rows, at))
  }

  /** A dictionary: words that have to go are made anew with all others, and their rows marked. */
  #words(column: WordColumn, policy: CompiledPolicy, rowOf: (at: number) => number): void {
    const { words } = column
    const made: (Uint8Array | null)[] = []
    const bits: number[] = []
    for (let word = 0; word < words.size; word++) {
      const source = words.bytes(word)
      made.push(policy.scrubbed(source, 0, source.length))
      bits.push(policy.bits)
    }
    if (made.every((text) => text === null)) return
    const texts = made.map((text, word) => text ?? words.bytes(word).slice())
    words.clear()
    const numbers = texts.map((text) => words.intern(text))
    for (let at = 0; at < column.rows; at++) {
      const before = column.word(at)
      if (bits[before] !== 0) this.#bits[rowOf(at)] = this.#bits[rowOf(at)]! | bits[before]!
      column.setWord(at, numbers[before]!)
    }
  }

  /** Rows keep the fingerprint that they carry; what is stored under it has no secrets. */
  #resourcesOf({ resources }: SignalBatch, policy: CompiledPolicy): void {
    resources.forEach((resource, index) => {
      const known = this.#resources.get(resource)
      if (known?.policy === policy) {
        resources[index] = known.made
        return
      }
      const made = scrubbedResource(resource, policy)
      this.#resources.set(resource, { policy, made })
      resources[index] = made
    })
  }

  #mark(batch: SignalBatch): void {
    for (let row = 0; row < batch.rows; row++) {
      const bits = this.#bits[row]!
      if (bits !== 0) batch.scrubbed.setU8(row, batch.scrubbed.u8(row) | bits)
    }
  }

  #examples({ examples }: SignalBatch, policy: CompiledPolicy): void {
    examples.forEach(({ reason, text }, index) => {
      const source = encoder.encode(text)
      const made = policy.scrubbed(source, 0, source.length)
      if (made !== null) examples[index] = { reason, text: decoder.decode(made) }
    })
  }
}

/** Where the addresses are that people gave on purpose, to be answered: with feedback, and only there. */
const contactSource = 'sentry-feedback'
const contactName = 'user.email'

interface Contacts {
  /** The attribute's number. */
  readonly name: number
  readonly isIn: (row: number) => boolean
}

function contactsOf({ source, attributes: { keys } }: SignalBatch): Contacts | null {
  const from = numberOf(source, contactSource)
  const name = from === -1 ? -1 : numberOf(keys, contactName)
  return name === -1 ? null : { name, isIn: (row) => source.word(row) === from }
}

/** -1: the dictionary has it not. */
function numberOf({ words }: WordColumn, text: string): number {
  for (let word = 0; word < words.size; word++) if (words.text(word) === text) return word
  return -1
}

/** One address and nothing else; the rest is looked through as everywhere. */
function isAddress(text: string): boolean {
  return /^[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}.-]{1,190}$/u.test(text)
}

/** Columns of texts that are JSON. */
function isJson(name: string | undefined): boolean {
  return name === 'events' || name === 'links'
}

/** By word of the dictionary; null when there are none. */
function wholeValues({ words }: WordColumn, policy: CompiledPolicy): Map<number, WholeValue> | null {
  let wholes: Map<number, WholeValue> | null = null
  for (let word = 1; word < words.size; word++) {
    const whole = policy.wholeValueOf(words.text(word))
    if (whole !== null) (wholes ??= new Map()).set(word, whole)
  }
  return wholes
}

/** The row of a pair, by halving. */
function rowOfPair(column: PairsColumn, rows: number, at: number): number {
  let low = 0
  let high = rows - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (column.last(middle) > at) high = middle
    else low = middle + 1
  }
  return low
}

function scrubbedResource(resource: Resource, policy: CompiledPolicy): Resource {
  let isChanged = false
  const attributes = resource.attributes.map(([name, value]) => {
    const whole = policy.wholeValueOf(name)
    const source = encoder.encode(value)
    const text =
      whole === null || !policy.takesWhole(whole, source, 0, source.length) ? policy.scrubbed(source, 0, source.length) : whole.mark
    if (text !== null) isChanged = true
    return [name, text === null ? value : decoder.decode(text)] as const
  })
  return isChanged ? { ...resource, attributes } : resource
}

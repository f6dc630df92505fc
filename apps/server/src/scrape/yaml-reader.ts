/** A YAML document read key by key, where every complaint names its line and its key, and a key that nobody asked for is one. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type YAMLMap } from 'yaml'
import { invalidConfig } from './errors.ts'
import { parseDuration, parseSize } from './quantities.ts'
import type { AppError } from '../kernel/errors.ts'

interface Source {
  readonly document: Document
  readonly lines: LineCounter
}

/** A value and where it stands. */
export class YamlValue {
  readonly #source: Source
  readonly #node: Node | null
  /** `scrape_configs[0].static_configs` */
  readonly path: string

  constructor(source: Source, node: unknown, path: string) {
    const found = isAlias(node) ? node.resolve(source.document) : node
    this.#source = source
    this.#node = isNode(found) ? found : null
    this.path = path
  }

  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null)
  }

  /** Plain values, for comparing. */
  toJSON(): unknown {
    return this.#node === null ? null : this.#node.toJS(this.#source.document)
  }

  map(): YamlMap {
    if (!isMap(this.#node)) throw this.wrong('must be a mapping of keys to values')
    return new YamlMap(this.#source, this.#node, this.path)
  }

  list(): YamlValue[] {
    if (this.isNull) return []
    if (!isSeq(this.#node)) throw this.wrong('must be a list')
    return this.#node.items.map((item, index) => new YamlValue(this.#source, item, `${this.path}[${index}]`))
  }

  text(): string {
    if (!isScalar(this.#node) || this.#node.value === null) throw this.wrong('must be a text')
    const { value, source } = this.#node
    return typeof value === 'string' ? value : (source ?? JSON.stringify(value))
  }

  texts(): string[] {
    return this.list().map((item) => item.text())
  }

  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : null
    if (typeof value !== 'boolean') throw this.wrong('must be true or false')
    return value
  }

  /** A whole number of at least 0. */
  count(): number {
    const value = isScalar(this.#node) ? this.#node.value : null
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.wrong('must be a whole number of at least 0')
    return value
  }

  durationMs(): number {
    const ms = parseDuration(this.text())
    if (ms === null) throw this.wrong('must be a duration, such as 15s or 1m30s')
    return ms
  }

  sizeBytes(): number {
    const bytes = parseSize(this.text())
    if (bytes === null) throw this.wrong('must be a size, such as 512KB or 10MB')
    return bytes
  }

  oneOf<const T extends string>(...allowed: readonly T[]): T {
    const text = this.text()
    const found = allowed.find((each) => each === text)
    if (found === undefined) throw this.wrong(`must be one of ${allowed.join(', ')}`)
    return found
  }

  get line(): number {
    return this.#source.lines.linePos(this.#node?.range?.[0] ?? 0).line
  }

  wrong(what: string): AppError {
    return invalidConfig(`Line ${this.line}: ${this.path} ${what}.`)
  }
}

export class YamlMap {
  readonly #source: Source
  readonly #node: YAMLMap
  readonly path: string
  readonly #asked = new Set<string>()

  constructor(source: Source, node: YAMLMap, path: string) {
    this.#source = source
    this.#node = node
    this.path = path
  }

  /** The value of a key; null when it is not there or has none. */
  take(key: string): YamlValue | null {
    this.#asked.add(key)
    const pair = this.#node.items.find((item) => isScalar(item.key) && item.key.value === key)
    if (pair === undefined) return null
    const value = new YamlValue(this.#source, pair.value ?? pair.key, this.#pathOf(key))
    return pair.value === null || value.isNull ? null : value
  }

  entries(): [key: string, value: YamlValue][] {
    return this.#node.items.map((item) => {
      const key = new YamlValue(this.#source, item.key, this.path).text()
      this.#asked.add(key)
      return [key, new YamlValue(this.#source, item.value, this.#pathOf(key))]
    })
  }

  /** Keys that were not asked for, each with its line. */
  others(): { readonly key: string; readonly line: number }[] {
    return this.#node.items.flatMap(({ key }) => {
      const name = new YamlValue(this.#source, key, this.path).text()
      return this.#asked.has(name) ? [] : [{ key: name, line: new YamlValue(this.#source, key, name).line }]
    })
  }

  /** Errors: `scrape.config_invalid` when there is a key that nobody asked for. */
  end(): void {
    for (const { key, line } of this.others())
      throw invalidConfig(`Line ${line}: ${this.#pathOf(key)} is not a key that is supported here.`)
  }

  #pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`
  }
}

/** Errors: `scrape.config_invalid` for what is no YAML. Null: an empty document. JSON is YAML too. */
export function readYaml(text: string): YamlValue | null {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw invalidConfig(`Line ${lines.linePos(error.pos[0]).line}: ${error.message}.`)
  return document.contents === null ? null : new YamlValue({ document, lines }, document.contents, '')
}

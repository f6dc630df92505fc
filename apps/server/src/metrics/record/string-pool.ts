/** Distinct texts of one log record: strings of exemplars and descriptions, and labels of new series straight from the index's bytes. */
import type { SymbolTable } from '../series/symbols.ts'

export class StringPool {
  readonly #symbols: SymbolTable
  /** Text or symbol to id. */
  readonly #ids = new Map<string | number, number>()
  /** By id: a text's bytes, or the symbol. */
  readonly #texts: (Buffer | number)[] = []
  sizeBytes = 0

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols
  }

  id(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const symbol = this.#symbols.find(text)
    if (symbol !== -1) return this.idOfSymbol(symbol)
    const bytes = Buffer.from(text, 'utf8')
    return this.#add(text, bytes, bytes.length)
  }

  idOfSymbol(symbol: number): number {
    return this.#ids.get(symbol) ?? this.#add(symbol, symbol, this.#symbols.lengthBytes(symbol))
  }

  get count(): number {
    return this.#texts.length
  }

  write(target: Uint8Array, ends: Uint32Array, at: number): void {
    let end = at
    this.#texts.forEach((text, i) => {
      if (typeof text === 'number') {
        this.#symbols.copyTo(text, target, end)
        end += this.#symbols.lengthBytes(text)
      } else {
        target.set(text, end)
        end += text.length
      }
      ends[i] = end - at
    })
  }

  #add(key: string | number, text: Buffer | number, sizeBytes: number): number {
    this.#ids.set(key, this.#texts.length)
    this.sizeBytes += sizeBytes
    return this.#texts.push(text) - 1
  }
}

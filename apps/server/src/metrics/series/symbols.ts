/** Interned strings: one number per distinct label name or value, for the life of the process. */
export class SymbolTable {
  readonly #ids = new Map<string, number>()
  readonly #texts: string[] = []

  /** The text's number, made when new. */
  intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const id = this.#texts.length
    this.#texts.push(text)
    this.#ids.set(text, id)
    return id
  }

  /** The text's number, or -1 when no label has it. */
  find(text: string): number {
    return this.#ids.get(text) ?? -1
  }

  text(id: number): string {
    return this.#texts[id] ?? ''
  }

  get size(): number {
    return this.#texts.length
  }
}

/** Numbers that keep the same lines of several databases apart in the hash of their series. */

/** Names known at the same time; beyond it they are forgotten all at once and get new numbers. */
const databasesMax = 10_000

export class DatabaseNumbers {
  readonly #numbers = new Map<string, number>()
  /** Never used twice: what was hashed with one must not be found for another. */
  #next = 1

  /** 0 for no database. */
  numberOf(database: string): number {
    if (database === '') return 0
    const known = this.#numbers.get(database)
    if (known !== undefined) return known
    if (this.#numbers.size >= databasesMax) this.#numbers.clear()
    const number = this.#next++
    this.#numbers.set(database, number)
    return number
  }
}

/** Work that runs one after the other, organizations in turn, so that nobody waits for all that another has sent. */

interface Waiting {
  readonly begin: () => Promise<void>
}

export class BundleTurns {
  readonly #bounds: { readonly ofOrganizationMax: number; readonly max: number }
  /** The organization whose turn is next first. */
  readonly #waiting = new Map<number, Waiting[]>()
  /** What waits or runs. */
  readonly #counts = new Map<number, number>()
  #total = 0
  #isBusy = false

  constructor(bounds: { readonly ofOrganizationMax: number; readonly max: number }) {
    this.#bounds = bounds
  }

  /** Null: too much waits. Settles as `work` does, which begins when its turn has come, never at once. */
  take<Result>(organizationId: number, work: () => Promise<Result>): Promise<Result> | null {
    const count = this.#counts.get(organizationId) ?? 0
    if (count >= this.#bounds.ofOrganizationMax || this.#total >= this.#bounds.max) return null
    this.#counts.set(organizationId, count + 1)
    this.#total++
    return new Promise((resolve, reject) => {
      const begin = async (): Promise<void> => {
        try {
          resolve(await work())
        } catch (error) {
          reject(error instanceof Error ? error : new Error('work failed', { cause: error }))
        } finally {
          this.#end(organizationId)
        }
      }
      const own = this.#waiting.get(organizationId)
      if (own === undefined) this.#waiting.set(organizationId, [{ begin }])
      else own.push({ begin })
      if (!this.#isBusy) void this.#serve()
    })
  }

  #end(organizationId: number): void {
    const left = (this.#counts.get(organizationId) ?? 1) - 1
    if (left === 0) this.#counts.delete(organizationId)
    else this.#counts.set(organizationId, left)
    this.#total--
  }

  async #serve(): Promise<void> {
    this.#isBusy = true
    // Who takes a turn has its own in order first.
    await Promise.resolve()
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined) break
      const [organizationId, own] = next
      const first = own.shift()
      this.#waiting.delete(organizationId)
      if (own.length > 0) this.#waiting.set(organizationId, own)
      await first?.begin()
    }
    this.#isBusy = false
  }
}

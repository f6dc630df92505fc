/** What rows are kept without, counted by reason. The open row may yet be dropped: what it lacks counts once it is complete. */

/** Why a row is kept without a part of it. */
export type LeftOutReason = 'attributes_limit' | 'attribute_names_limit' | 'attribute_unreadable' | 'events_limit'

export class LeftOutParts {
  /** Of complete rows. */
  readonly complete = new Map<LeftOutReason, number>()
  readonly #open = new Map<LeftOutReason, number>()

  add(reason: LeftOutReason, parts: number): void {
    if (parts > 0) addTo(this.#open, reason, parts)
  }

  /** Of the open row. */
  open(reason: LeftOutReason): number {
    return this.#open.size === 0 ? 0 : (this.#open.get(reason) ?? 0)
  }

  setOpen(reason: LeftOutReason, parts: number): void {
    this.#open.set(reason, parts)
  }

  endRow(): void {
    if (this.#open.size === 0) return
    for (const [reason, parts] of this.#open) if (parts > 0) addTo(this.complete, reason, parts)
    this.#open.clear()
  }

  dropRow(): void {
    this.#open.clear()
  }

  clear(): void {
    this.complete.clear()
    this.#open.clear()
  }
}

function addTo(counts: Map<LeftOutReason, number>, reason: LeftOutReason, parts: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + parts)
}

/** What was accepted and left out, in words for the screens. A sender leaves the same out with every request: once a minute is enough. */
import type { Tenant } from '../../kernel/scope.ts'

/** Projects and reasons told of in one minute; beyond it nothing is told until the next. */
const toldMax = 10_000

export interface DropNotesTarget {
  note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void
}

export class DropNotes {
  readonly #target: DropNotesTarget
  /** Project and reason, in the present minute. */
  readonly #told = new Set<string>()
  #minute = 0

  constructor(target: DropNotesTarget) {
    this.#target = target
  }

  /** `examples`: by reason. */
  note(body: { readonly tenant: Tenant; readonly protocolName: string }, examples: ReadonlyMap<string, string>, nowMs: number): void {
    if (examples.size === 0) return
    const minute = Math.floor(nowMs / 60_000)
    if (minute !== this.#minute) this.#told.clear()
    this.#minute = minute
    for (const [reason, text] of examples) {
      const key = `${body.tenant.projectId} ${reason}`
      if (this.#told.has(key) || this.#told.size >= toldMax) continue
      this.#told.add(key)
      this.#target.note(body.tenant, body.protocolName, reason, text, nowMs)
    }
  }
}

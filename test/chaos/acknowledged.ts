/** Writers that remember exactly what was acknowledged, and what was sent without an answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sendGauges } from '../support/otlp-json.ts'

export const metricName = 'chaos_samples'
export const slotsPerRequest = 25

/** By time (ms): the value that every slot of that writer has then. */
export type Sent = Map<number, number>

export interface Ledger {
  readonly acknowledged: readonly Sent[]
  readonly sent: readonly Sent[]
}

export class Writers {
  readonly #ledger: { acknowledged: Sent[]; sent: Sent[] } = { acknowledged: [], sent: [] }
  readonly #running: Promise<void>[] = []
  readonly #stop = new AbortController()
  /** Where to write; changes when the program comes back at another port. Null while it is down. */
  target: { url: string; ingestKey: string } | null = null

  constructor(count: number) {
    for (let writer = 0; writer < count; writer++) {
      this.#ledger.acknowledged.push(new Map())
      this.#ledger.sent.push(new Map())
      this.#running.push(this.#write(writer))
    }
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  get acknowledgedRequests(): number {
    return this.#ledger.acknowledged.reduce((sum, each) => sum + each.size, 0)
  }

  async #write(writer: number): Promise<void> {
    let lastMs = 0
    for (let sequence = 1; !this.#stop.signal.aborted; sequence++) {
      const { target } = this
      if (target === null) {
        await sleep(20)
        continue
      }
      // No two requests of a writer share a time, so a sample found tells which request it came with.
      const timeMs = Math.max(Date.now(), lastMs + 1)
      lastMs = timeMs
      const points = Array.from({ length: slotsPerRequest }, (_, slot) => ({
        attributes: { writer: String(writer), slot: String(slot) },
        timeMs,
        value: sequence,
      }))
      this.#ledger.sent[writer]?.set(timeMs, sequence)
      const status = await sendGauges(target, metricName, points)
      if (status === 200) this.#ledger.acknowledged[writer]?.set(timeMs, sequence)
      else await sleep(20)
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }
}

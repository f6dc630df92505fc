/** What the tests of envelopes share: ids, times, and batches to read into. */
import { LogsBatch } from '../../../logs/index.ts'
import { SpansBatch } from '../../../traces/index.ts'
import { allSteps } from '../../../kernel/steps.ts'
import { decodeEnvelope, type SentryOutcome } from '../decode.ts'
import type { SentryRules } from '../session.ts'

export const nowMs = Date.UTC(2026, 10, 21, 12)
export const traceId = '0af7651916cd43dd8448eb211c80319c'
export const spanId = 'b7ad6b7169203331'
export const eventId = '9ec79c33ec9942ab8353589fcb2e04dc'
export const atSec = nowMs / 1000 - 60

/** Everybody is called after their own last two letters. */
export const rules: SentryRules = { isOwnDsn: () => true, pseudonymOf: (person) => person.slice(-2), resolve: (chain) => chain }

/** Batches that an envelope is read into. */
export class Opened {
  readonly logs = new LogsBatch()
  readonly spans = new SpansBatch()

  constructor() {
    this.begin()
  }

  isDue(): boolean {
    return false
  }

  begin(): void {
    for (const batch of [this.logs, this.spans]) batch.begin({ organizationId: 1, projectId: 1 }, nowMs)
  }

  envelope(items: readonly (readonly [type: string, payload: unknown, header?: object])[], header: object = {}): SentryOutcome {
    const lines = items.map(([type, payload, more]) => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      return `${JSON.stringify({ type, length: Buffer.byteLength(text), ...more })}\n${text}\n`
    })
    return allSteps(decodeEnvelope(new TextEncoder().encode(`${JSON.stringify(header)}\n${lines.join('')}`), this, rules))
  }

  attributes(batch: LogsBatch | SpansBatch, row: number): Record<string, string> {
    const found: Record<string, string> = {}
    for (let at = batch.attributes.first(row); at < batch.attributes.last(row); at++)
      found[batch.attributes.keys.text(at)] = batch.attributes.values.text(at)
    return found
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

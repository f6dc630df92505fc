/** A door of logs and spans on in-memory parts, beside the test's door of metrics; what it takes is there as rows. */
import type { SignalBatch, SignalPart } from '../../signals/index.ts'
import { LogsBatch } from '../../logs/index.ts'
import { createEventDecoders } from '../event-decoders.ts'
import { EventDoor } from '../event-door.ts'
import type { TestDoor } from './door.ts'
import { type LogRowShape, rowsOf } from './log-rows.ts'

export interface TestEvents {
  readonly door: EventDoor
  readonly logs: LogRowShape[]
  /** Resources of the batches of logs, as objects. */
  readonly resources: Record<string, string>[]
  /** Rows of spans. */
  spans: number
  /** Batches of logs. */
  batches: number
  /** Batches that were to be taken, of either kind. */
  attempts: number
  /** Thrown by `accept` while set. */
  failure: Error | null
}

export function createTestEvents(it: TestDoor): TestEvents {
  const ingest = {
    // oxlint-disable-next-line require-yield -- nothing happens to a batch here
    *prepare(batch: SignalBatch): Generator<void, SignalPart> {
      return { batch, payload: null }
    },
    accept(parts: readonly SignalPart[]): Promise<void> {
      events.attempts++
      if (events.failure !== null) return Promise.reject(events.failure)
      for (const { batch } of parts)
        if (batch instanceof LogsBatch) {
          events.batches++
          events.logs.push(...rowsOf(batch))
          events.resources.push(...batch.resources.map(({ attributes }) => Object.fromEntries(attributes)))
        } else events.spans += batch.rows
      return Promise.resolve()
    },
    *tell(): Generator<void, void> {},
  }
  const events: TestEvents = {
    door: new EventDoor({
      front: it.door,
      decoders: createEventDecoders(it.door.limits),
      batches: { prepare: () => undefined },
      logs: ingest,
      spans: ingest,
      conservation: it.conservation,
      log: {
        append(lane, record) {
          it.rawRecords.push({ lane, record })
          return Promise.resolve()
        },
      },
      sources: { note: (_tenant, protocol, points) => it.sources.push(`${protocol} ${points}`) },
      refusedSamples: { note: (_tenant, protocol, reason, text) => it.refusedSamples.push(`${protocol} ${reason} ${text}`) },
      clock: { nowMs: () => it.nowMs },
    }),
    logs: [],
    resources: [],
    spans: 0,
    batches: 0,
    attempts: 0,
    failure: null,
  }
  return events
}

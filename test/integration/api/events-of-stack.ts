/** The door of logs and spans on the stack's log. */
import { composeSignals, type Signals } from '../../../apps/server/src/compose/signals.ts'
import type { BalancedConservation, Spool } from '../../../apps/server/src/ingest/index.ts'
import { createIngestSources, createRefusedSamples } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createEventDecoders, defaultProtocolLimits, EventDoor, type MetricsDoor } from '../../../apps/server/src/protocols/index.ts'
import { countedSpans } from '../../../apps/server/src/traces/index.ts'

export function signalsOfStack(door: () => EventDoor | null = () => null): Signals {
  return composeSignals({
    logs: { stages: [], derived: [], observers: [] },
    spans: { stages: [], derived: [countedSpans], observers: [] },
    prepare: () => undefined,
    door,
  })
}

export function eventsOfStack(deps: { door: MetricsDoor; log: Spool; conservation: BalancedConservation }): EventDoor {
  const { door, log, conservation } = deps
  const signals = signalsOfStack()
  return new EventDoor({
    ...signals.ingest({ log, conservation }),
    front: door,
    decoders: createEventDecoders(defaultProtocolLimits),
    batches: signals.batches,
    conservation,
    log,
    sources: createIngestSources(),
    refusedSamples: createRefusedSamples(),
    clock: systemClock,
  })
}

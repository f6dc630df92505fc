/** The intake's own metrics. */
import { Counter, Gauge, type Registry } from '../kernel/instruments.ts'
import type { Intake } from './body/intake.ts'

export interface IntakeInstruments {
  /** Requests that were refused as a whole. */
  readonly refused: Counter
}

/** One per registry: a second call on the same one throws. */
export function createIntakeInstruments(registry: Registry, intake: Intake): IntakeInstruments {
  function gauge(name: string, help: string, read: () => number): void {
    const made: Gauge = new Gauge({ name: `bellwether_intake_${name}`, help, registers: [registry], collect: () => made.set(read()) })
  }
  gauge('bytes', 'Memory held by requests from their first byte to their answer.', () => intake.budget.takenBytes)
  gauge('bytes_max', 'Memory at which requests are refused.', () => intake.budget.bytesMax)
  gauge('waiting_bytes', 'Bytes of bodies that wait for their turn.', () => intake.waitingBytes)
  gauge('drain_seconds', 'Time that the bodies that wait will take.', () => intake.drainMs / 1000)
  return {
    refused: new Counter({
      name: 'bellwether_intake_refused_requests_total',
      help: 'Requests refused as a whole, by reason.',
      labelNames: ['protocol', 'reason'],
      registers: [registry],
    }),
  }
}

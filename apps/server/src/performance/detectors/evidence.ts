/** What a detector finds in one trace, before the traces are judged together. */
import type { FindingKind, SampledSpan } from '../ports.ts'
import type { TraceView } from './trace-view.ts'

export interface Evidence {
  readonly finding: Exclude<FindingKind, 'latency_regression' | 'error_regression' | 'throughput_drop'>
  /** Whose work it is in. */
  readonly entry: SampledSpan
  readonly subject: string
  readonly spanIds: readonly string[]
  /** How many calls, or 1. */
  readonly calls: number
  /** Time of the calls together. */
  readonly costMs: number
  /** What could be saved, as far as a trace can tell; 0 where nobody knows. */
  readonly savedMs: number
  /** Large payloads. */
  readonly sizeBytes: number
}

export type Detector = (view: TraceView) => Evidence[]

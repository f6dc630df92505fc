/** The columns of a log record, and a batch of them. */
import { commonColumns, SignalBatch, type FixedColumn, type SignalSchema, type TextColumn } from '../signals/index.ts'

export const logsSchema: SignalSchema = {
  kind: 'logs',
  table: 'logs',
  columns: [
    ...commonColumns,
    { id: 16, name: 'severity', kind: 'fixed', type: 'UInt8' },
    { id: 17, name: 'trace_id', kind: 'fixed', type: 'FixedString(16)' },
    { id: 18, name: 'span_id', kind: 'fixed', type: 'FixedString(8)' },
    { id: 19, name: 'body', kind: 'text' },
    { id: 20, name: 'pattern', kind: 'fixed', type: 'UInt64' },
    { id: 21, name: 'problem', kind: 'fixed', type: 'UInt64' },
  ],
}

export class LogsBatch extends SignalBatch {
  /** 1 to 24 as OpenTelemetry numbers them, 0 for unknown. */
  readonly severity: FixedColumn
  readonly traceId: FixedColumn
  readonly spanId: FixedColumn
  readonly body: TextColumn
  /** Of the pattern the line belongs to; given by a stage. */
  readonly pattern: FixedColumn
  /** Of the problem the error belongs to; 0 for none. */
  readonly problem: FixedColumn

  constructor() {
    super(logsSchema)
    this.severity = this.fixed('severity')
    this.traceId = this.fixed('trace_id')
    this.spanId = this.fixed('span_id')
    this.body = this.text('body')
    this.pattern = this.fixed('pattern')
    this.problem = this.fixed('problem')
  }
}

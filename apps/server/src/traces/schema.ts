/** The columns of a span, and a batch of them. */
import { commonColumns, SignalBatch, type FixedColumn, type SignalSchema, type TextColumn, type WordColumn } from '../signals/index.ts'

export const spansSchema: SignalSchema = {
  kind: 'spans',
  table: 'spans',
  columns: [
    ...commonColumns,
    { id: 16, name: 'trace_id', kind: 'fixed', type: 'FixedString(16)' },
    { id: 17, name: 'span_id', kind: 'fixed', type: 'FixedString(8)' },
    { id: 18, name: 'parent_id', kind: 'fixed', type: 'FixedString(8)' },
    { id: 19, name: 'duration', kind: 'fixed', type: 'UInt64' },
    { id: 20, name: 'name', kind: 'word' },
    { id: 21, name: 'kind', kind: 'fixed', type: 'UInt8' },
    { id: 22, name: 'status', kind: 'fixed', type: 'UInt8' },
    { id: 23, name: 'status_message', kind: 'text' },
    { id: 24, name: 'http_method', kind: 'word' },
    { id: 25, name: 'http_route', kind: 'word' },
    { id: 26, name: 'http_status', kind: 'fixed', type: 'UInt16' },
    { id: 27, name: 'db_system', kind: 'word' },
    { id: 28, name: 'db_operation', kind: 'word' },
    { id: 29, name: 'peer', kind: 'word' },
    { id: 30, name: 'events', kind: 'text' },
    { id: 31, name: 'links', kind: 'text' },
  ],
}

export class SpansBatch extends SignalBatch {
  readonly traceId: FixedColumn
  readonly spanId: FixedColumn
  /** Zeros: a root. */
  readonly parentId: FixedColumn
  /** ns. */
  readonly duration: FixedColumn
  readonly name: WordColumn
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: FixedColumn
  /** 0 unset, 1 ok, 2 error. */
  readonly status: FixedColumn
  readonly statusMessage: TextColumn
  readonly httpMethod: WordColumn
  readonly httpRoute: WordColumn
  readonly httpStatus: FixedColumn
  readonly dbSystem: WordColumn
  readonly dbOperation: WordColumn
  /** Who is at the other end of a client's or producer's span: a service, a database, a queue. */
  readonly peer: WordColumn
  /** JSON: `[{"name","timeUnixNano","attributes":{…}}]`; empty for none. */
  readonly events: TextColumn
  /** JSON: `[{"traceId","spanId","attributes":{…}}]`; empty for none. */
  readonly links: TextColumn

  constructor() {
    super(spansSchema)
    this.traceId = this.fixed('trace_id')
    this.spanId = this.fixed('span_id')
    this.parentId = this.fixed('parent_id')
    this.duration = this.fixed('duration')
    this.name = this.word('name')
    this.kind = this.fixed('kind')
    this.status = this.fixed('status')
    this.statusMessage = this.text('status_message')
    this.httpMethod = this.word('http_method')
    this.httpRoute = this.word('http_route')
    this.httpStatus = this.fixed('http_status')
    this.dbSystem = this.word('db_system')
    this.dbOperation = this.word('db_operation')
    this.peer = this.word('peer')
    this.events = this.text('events')
    this.links = this.text('links')
  }
}

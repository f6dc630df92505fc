/** Bodies of logs decoded, and their rows as objects that tests compare. */
import { LogsBatch } from '../../logs/index.ts'
import { msOf } from '../../signals/index.ts'
import { EventSession } from '../event-session.ts'
import { allSteps, type Steps } from '../../kernel/steps.ts'
import { testNowMs, testTenant } from './door.ts'

export interface LogRowShape {
  readonly time: string
  readonly severity: number
  readonly service: string
  readonly host: string
  readonly environment: string
  readonly release: string
  readonly scope: string
  readonly source: string
  readonly traceId: string
  readonly spanId: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
}

interface Decodes {
  decode(plain: Uint8Array, session: EventSession): Steps
}

/** The batch that a body becomes. */
export function decodedBatch(decoder: Decodes, body: Uint8Array | string): LogsBatch {
  const session = new EventSession({ prepare: () => undefined }, {})
  session.begin(testTenant, 'test', testNowMs, 1)
  allSteps(decoder.decode(typeof body === 'string' ? Buffer.from(body) : body, session))
  return session.logs
}

export function rowsOf(batch: LogsBatch): LogRowShape[] {
  return Array.from({ length: batch.rows }, (_, row) => rowOf(batch, row))
}

function rowOf(batch: LogsBatch, row: number): LogRowShape {
  const attributes: Record<string, string> = {}
  const pairs = batch.attributes
  for (let at = pairs.first(row); at < pairs.last(row); at++) attributes[pairs.keys.text(at)] = pairs.values.text(at)
  return {
    time: new Date(msOf(batch.ts.u32(row), batch.ts.u32(row, 1))).toISOString(),
    severity: batch.severity.u8(row),
    service: batch.service.text(row),
    host: batch.host.text(row),
    environment: batch.environment.text(row),
    release: batch.release.text(row),
    scope: batch.scope.text(row),
    source: batch.source.text(row),
    traceId: batch.traceId.isZero(row) ? '' : Buffer.from(batch.traceId.raw(row)).toString('hex'),
    spanId: batch.spanId.isZero(row) ? '' : Buffer.from(batch.spanId.raw(row)).toString('hex'),
    body: batch.body.text(row),
    attributes,
  }
}

/** A row for tests of what shows rows. */
import type { LogRow } from '@bellwether/protocol'

export function logRow(part: Partial<LogRow> = {}): LogRow {
  return {
    id: '0'.repeat(32),
    timestamp: '2026-11-21T09:04:05.123456789Z',
    severity: 9,
    service: 'checkout',
    host: 'web-1',
    environment: 'production',
    release: '1.4.2',
    scope: '',
    source: 'otlp',
    body: 'order placed',
    attributes: {},
    resource: {},
    traceId: '',
    spanId: '',
    pattern: '',
    problem: '',
    weight: 1,
    isScrubbed: false,
    ...part,
  }
}

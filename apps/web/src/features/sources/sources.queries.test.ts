import { describe, expect, it } from 'vitest'
import { foreignSources, protocolName } from './sources.queries.ts'

describe('sources', () => {
  const row = (protocol: string, lastSeenAt: string) => ({ protocol, points: 1, firstSeenAt: '2026-01-01T00:00:00.000Z', lastSeenAt })
  const rows = [
    row('self', '2026-03-01T00:00:00.000Z'),
    row('otlp_http', '2026-02-01T00:00:00.000Z'),
    row('remote_write', '2026-01-05T00:00:00.000Z'),
  ]

  it('leave Bellwether itself out', () => {
    expect(foreignSources(rows)).toHaveLength(2)
  })

  it('have names people know, and keep unknown ones', () => {
    expect(protocolName('otlp-grpc')).toBe('OpenTelemetry over gRPC')
    expect(protocolName('statsd')).toBe('StatsD')
    expect(protocolName('carrier_pigeon')).toBe('carrier_pigeon')
  })
})

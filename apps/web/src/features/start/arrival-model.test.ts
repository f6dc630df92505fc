import { describe, expect, it } from 'vitest'
import { arrivalSince, flowingNow } from './arrival-model.ts'

const row = (protocol: string, points: number, lastSeenAt = '2026-01-01T00:00:00.000Z') => ({
  protocol,
  points,
  firstSeenAt: lastSeenAt,
  lastSeenAt,
})

describe('arrivalSince', () => {
  it('sees only what is new, by the protocol that sent last', () => {
    const before = [row('otlp_http', 10)]
    expect(arrivalSince(before, before)).toBeNull()
    expect(arrivalSince(before, [row('otlp_http', 14)])).toMatchObject({ protocol: 'otlp_http', points: 4 })
    expect(arrivalSince(before, [row('otlp_http', 14), row('remote_write', 3, '2026-01-02T00:00:00.000Z')])).toMatchObject({
      protocol: 'remote_write',
      points: 3,
    })
    expect(arrivalSince([], [row('otlp_grpc', 1)])).toMatchObject({ points: 1 })
  })

  it('counts from zero after a restart of the server', () => {
    expect(arrivalSince([row('otlp_http', 10)], [row('otlp_http', 2)])).toMatchObject({ points: 2 })
  })
})

describe('flowingNow', () => {
  it('is the source that sent last, when that was less than a minute ago', () => {
    const nowMs = Date.parse('2026-01-02T00:00:59.000Z')
    const rows = [row('otlp_http', 10), row('remote_write', 3, '2026-01-02T00:00:00.000Z')]
    expect(flowingNow(rows, nowMs)).toMatchObject({ protocol: 'remote_write', points: 3 })
    expect(flowingNow(rows, nowMs + 1000)).toBeNull()
    expect(flowingNow([], nowMs)).toBeNull()
  })
})

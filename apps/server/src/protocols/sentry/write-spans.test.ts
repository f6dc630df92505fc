import { describe, expect, test } from 'vitest'
import { atSec, eventId, hex, Opened, spanId, traceId } from './testing/opened.ts'

describe('transactions and spans', () => {
  const transaction = {
    type: 'transaction',
    event_id: eventId,
    transaction: 'GET /cart',
    start_timestamp: atSec,
    timestamp: atSec + 0.25,
    release: 'shop@1.2.3',
    contexts: {
      trace: {
        trace_id: traceId,
        span_id: spanId,
        op: 'http.server',
        status: 'internal_error',
        data: { 'http.response.status_code': 500, 'http.route': '/cart' },
      },
    },
    spans: [
      {
        trace_id: traceId,
        span_id: 'aaaaaaaaaaaaaaaa',
        parent_span_id: spanId,
        op: 'db',
        description: 'SELECT 1',
        start_timestamp: atSec + 0.1,
        timestamp: atSec + 0.2,
        data: { 'db.system': 'postgresql' },
      },
      {
        trace_id: traceId,
        span_id: 'bbbbbbbbbbbbbbbb',
        parent_span_id: 'bbbbbbbbbbbbbbbb',
        op: 'x',
        start_timestamp: atSec,
        timestamp: atSec - 1,
      },
      { trace_id: 'short', span_id: 'cccccccccccccccc', start_timestamp: atSec, timestamp: atSec },
      { trace_id: traceId, span_id: 'dddddddddddddddd' },
    ],
    measurements: { lcp: { value: 12.5, unit: 'millisecond' } },
  }

  test('a transaction is its root span and its spans, weighted by its sample rate', () => {
    const opened = new Opened()
    const outcome = opened.envelope([['transaction', transaction]], { trace: { sample_rate: '0.25' } })
    const { spans } = opened
    expect([outcome.eventId, spans.rows, Object.fromEntries(spans.refused)]).toEqual([eventId, 3, { no_id: 1, no_time: 1 }])
    const row = (at: number) => [
      spans.name.text(at),
      spans.kind.u8(at),
      spans.status.u8(at),
      spans.duration.u32(at),
      spans.service.text(at),
      spans.weight.f32(at),
    ]
    expect(row(0)).toEqual(['GET /cart', 2, 2, 250_000_000, 'shop', 4])
    expect([spans.httpRoute.text(0), spans.httpStatus.u16(0), spans.statusMessage.text(0)]).toEqual(['/cart', 500, 'internal_error'])
    expect(row(1).slice(0, 3)).toEqual(['SELECT 1', 3, 0])
    expect([hex(spans.parentId.raw(1)), spans.dbSystem.text(1)]).toEqual([spanId, 'postgresql'])
    // Its own parent, and it ends before it begins.
    expect([spans.parentId.isZero(2), spans.duration.u32(2)]).toEqual([true, 0])
    expect(opened.attributes(spans, 0)['measurements.lcp']).toBe('12.5')
  })

  test('a container of spans of version 2, and a span alone', () => {
    const opened = new Opened()
    const items = [
      {
        trace_id: traceId,
        span_id: spanId,
        name: 'GET /',
        status: 'error',
        is_segment: true,
        start_timestamp: atSec,
        end_timestamp: atSec + 1,
        attributes: { 'sentry.op': { type: 'string', value: 'http.client' }, 'sentry.release': { type: 'string', value: 'shop@2' } },
        links: [{ trace_id: traceId, span_id: 'aaaaaaaaaaaaaaaa', attributes: { a: { type: 'integer', value: 1 } } }],
      },
    ]
    opened.envelope([
      ['span', { version: 2, items }, { item_count: 1, content_type: 'application/vnd.sentry.items.span.v2+json' }],
      [
        'span',
        {
          trace_id: traceId,
          span_id: spanId,
          op: 'ui.click',
          description: 'button',
          start_timestamp: atSec,
          timestamp: atSec + 1,
          data: { 'sentry.environment': 'test' },
        },
      ],
    ])
    const { spans } = opened
    expect([spans.rows, spans.name.text(0), spans.kind.u8(0), spans.status.u8(0), spans.release.text(0)]).toEqual([
      2,
      'GET /',
      3,
      2,
      'shop@2',
    ])
    expect(JSON.parse(spans.links.text(0))).toEqual([{ traceId, spanId: 'aaaaaaaaaaaaaaaa', attributes: { a: '1' } }])
    expect([spans.name.text(1), spans.environment.text(1)]).toEqual(['button', 'test'])
  })
})

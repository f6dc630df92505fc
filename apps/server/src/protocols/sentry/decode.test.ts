import { describe, expect, test, vi } from 'vitest'
import { decodeSecurityReports, decodeStoreEvent, type SentryOutcome } from './decode.ts'
import { sentryLimits } from './limits.ts'
import { atSec, eventId, hex, nowMs, Opened, rules, spanId, traceId } from './testing/opened.ts'

const frames = [
  { function: 'main', filename: '/srv/app/main.js', lineno: 3, colno: 1, in_app: true },
  {
    function: 'total',
    filename: '/srv/app/cart.js',
    lineno: 12,
    colno: 5,
    in_app: true,
    pre_context: ['a'],
    context_line: 'b',
    post_context: ['c'],
  },
]
const event = {
  event_id: eventId,
  timestamp: atSec,
  platform: 'node',
  level: 'error',
  release: 'shop@1.2.3',
  environment: 'production',
  server_name: 'web-1',
  exception: {
    values: [
      { type: 'Error', value: 'no route' },
      { type: 'TypeError', value: 'x is undefined', mechanism: { type: 'generic', handled: false }, stacktrace: { frames } },
    ],
  },
  tags: { plan: 'pro' },
  user: { id: '42', email: 'ada@example.org', ip_address: '{{auto}}' },
  request: {
    url: 'https://a.example/cart',
    method: 'POST',
    headers: { Cookie: 'secret', 'User-Agent': 'curl' },
    cookies: 'secret',
    data: 'secret',
  },
  breadcrumbs: [{ timestamp: atSec - 1, category: 'http', message: 'GET /', data: { status: 200 } }],
  contexts: { trace: { trace_id: traceId, span_id: spanId }, runtime: { name: 'node', version: 'v20' } },
  extra: { cart: { items: 3 } },
  sdk: { name: 'sentry.javascript.node', version: '11.0.0' },
}

describe('an error', () => {
  test('is a row with exception, stack, fingerprint, and what it is about', () => {
    const opened = new Opened()
    const outcome = opened.envelope([['event', event]], { event_id: eventId })
    expect(outcome.eventId).toBe(eventId)
    const { logs } = opened
    expect(logs.rows).toBe(1)
    expect([
      logs.severity.u8(0),
      logs.body.text(0),
      logs.service.text(0),
      logs.host.text(0),
      logs.release.text(0),
      logs.environment.text(0),
    ]).toEqual([17, 'TypeError: x is undefined', 'shop', 'web-1', 'shop@1.2.3', 'production'])
    expect([hex(logs.traceId.raw(0)), hex(logs.spanId.raw(0)), logs.problem.isZero(0)]).toEqual([traceId, spanId, false])
    const attributes = opened.attributes(logs, 0)
    expect(attributes).toMatchObject({
      'event.id': eventId,
      'exception.type': 'TypeError',
      'exception.message': 'x is undefined',
      'exception.escaped': 'true',
      'tags.plan': 'pro',
      'user.id': '42',
      'user.hash': '42',
      'http.request.method': 'POST',
      'user_agent.original': 'curl',
      'contexts.runtime.name': 'node',
      'extra.cart.items': '3',
    })
    expect(JSON.stringify(attributes)).not.toContain('secret')
    expect(attributes['client.address']).toBeUndefined()
    const chain: unknown = JSON.parse(attributes['exception.chain'] ?? '')
    expect(chain).toMatchObject([
      { type: 'TypeError', frames: [{ function: 'total', before: ['a'], source: 'b' }, { function: 'main' }] },
      { type: 'Error' },
    ])
    expect(attributes['exception.stacktrace']).toContain('TypeError: x is undefined\n    at total (/srv/app/cart.js:12:5)')
    expect(JSON.parse(attributes['breadcrumbs'] ?? '')).toMatchObject([{ category: 'http', data: '{"status":200}' }])
  })

  test('a message has no stack; its template groups it', () => {
    const opened = new Opened()
    for (const who of ['Ada', 'Bob'])
      opened.envelope([
        ['event', { message: { message: 'hello %s', params: [who] }, level: 'warning', timestamp: new Date(nowMs).toISOString() }],
      ])
    const { logs } = opened
    expect([logs.body.text(0), logs.body.text(1), logs.severity.u8(0)]).toEqual(['hello Ada', 'hello Bob', 13])
    expect(hex(logs.problem.raw(0))).toBe(hex(logs.problem.raw(1)))
  })

  test('stacks that are too large for an attribute lose what matters least, and stay JSON', () => {
    const opened = new Opened()
    const many = Array.from({ length: 2000 }, (_, i) => ({ ...frames[1], function: `f${i}`, pre_context: Array(5).fill('x'.repeat(300)) }))
    opened.envelope([['event', { ...event, exception: [{ type: 'E', value: 'v'.repeat(20_000), stacktrace: { frames: many } }] }]])
    const text = opened.attributes(opened.logs, 0)['exception.chain'] ?? ''
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32_000)
    expect(text).toMatch(/^\[\{"type":"E".*"frames":\[\{"function":"f1999"/)
    expect(JSON.parse(text)).toHaveLength(1)
  })

  test.each([
    [null],
    [{ exception: 5, tags: [[]], user: 'x', breadcrumbs: {}, contexts: [], request: 7, level: {}, timestamp: {} }],
    [{ exception: { values: [null, { stacktrace: { frames: [null, 1] } }] } }],
  ])('of wrong types everywhere is a row or a refusal: %j', (payload) => {
    const opened = new Opened()
    opened.envelope([['event', payload]])
    expect(opened.logs.rows + opened.logs.refusedTotal).toBe(1)
  })

  test('times of 1970 and 2100 are refused; a sender whose clock is a year off is put right', () => {
    const opened = new Opened()
    opened.envelope([['event', { ...event, timestamp: 1 }]])
    opened.envelope([['event', { ...event, timestamp: Date.UTC(2100, 0) / 1000 }]])
    expect(Object.fromEntries(opened.logs.refused)).toEqual({ too_old: 1, too_new: 1 })
    const yearAgoMs = nowMs - 365 * 86_400_000
    opened.envelope([['event', { ...event, timestamp: yearAgoMs / 1000 - 5 }]], { sent_at: new Date(yearAgoMs).toISOString() })
    expect(opened.logs.rows).toBe(1)
  })
})

describe('everything else', () => {
  test('logs of a container', () => {
    const opened = new Opened()
    opened.envelope([
      [
        'log',
        {
          items: [
            {
              timestamp: atSec,
              trace_id: traceId,
              level: 'warn',
              body: 'low stock',
              attributes: { 'sentry.release': { value: 'shop@1', type: 'string' }, sku: { value: 7, type: 'integer' } },
            },
            'nonsense',
          ],
        },
        { item_count: 2, content_type: 'application/vnd.sentry.items.log+json' },
      ],
    ])
    const { logs } = opened
    expect([logs.rows, logs.body.text(0), logs.severity.u8(0), logs.release.text(0), logs.service.text(0)]).toEqual([
      1,
      'low stock',
      13,
      'shop@1',
      'shop',
    ])
    expect(opened.attributes(logs, 0)).toEqual({ sku: '7' })
    expect(Object.fromEntries(logs.refused)).toEqual({ malformed: 1 })
  })

  test('sessions are observations, client reports are counts', () => {
    const opened = new Opened()
    const attrs = { release: 'shop@1', environment: 'test' }
    const origin = { release: 'shop@1', environment: 'test' }
    const { sessions, discarded } = opened.envelope([
      ['session', { sid: 'a', did: 'u', init: true, started: atSec, status: 'ok', errors: 0, attrs }],
      ['session', { sid: 'a', did: 'u', started: atSec, status: 'crashed', errors: 1, attrs }],
      ['session', { sid: 'a', status: 'ok', attrs: {} }],
      ['sessions', { aggregates: [{ started: '2026-11-21T11:00:00Z', exited: 5, errored: 2, crashed: 1 }], attrs }],
      ['client_report', { discarded_events: [{ reason: 'sample_rate', category: 'transaction', quantity: 9 }] }],
    ])
    const counter = 'c:sessions/session@none'
    expect(sessions).toEqual([
      { ...origin, metric: counter, value: 1, status: 'init' },
      { ...origin, metric: 's:sessions/user@none', value: 'u', status: '' },
      { ...origin, metric: counter, value: 1, status: 'crashed' },
      { ...origin, metric: 's:sessions/error@none', value: 'a', status: 'crashed' },
      { ...origin, metric: 's:sessions/user@none', value: 'u', status: '' },
      { ...origin, metric: 's:sessions/user@none', value: 'u', status: 'crashed' },
      { ...origin, metric: counter, value: 8, status: 'init' },
      { ...origin, metric: counter, value: 1, status: 'crashed' },
      { ...origin, metric: counter, value: 3, status: 'errored_preaggr' },
    ])
    expect(discarded).toEqual([{ reason: 'sample_rate', category: 'transaction', count: 9 }])
    expect(opened.logs.received + opened.spans.received).toBe(0)
  })

  test('feedback, reports of users and check-ins are rows of their own sources', () => {
    const opened = new Opened()
    opened.envelope([
      [
        'feedback',
        {
          ...event,
          type: 'feedback',
          contexts: { feedback: { message: 'it broke', name: 'Ada', contact_email: 'a@example.org', url: 'https://a.example' } },
        },
      ],
      ['user_report', { event_id: eventId, name: 'Bob', email: 'b@example.org', comments: 'me too' }],
      ['check_in', { check_in_id: eventId, monitor_slug: 'nightly', status: 'error', duration: 3.5, environment: 'test' }],
    ])
    const { logs } = opened
    expect([0, 1, 2].map((row) => [logs.source.text(row), logs.body.text(row)])).toEqual([
      ['sentry-feedback', 'it broke'],
      ['sentry-feedback', 'me too'],
      ['sentry-check-in', 'nightly: error'],
    ])
    expect(opened.attributes(logs, 1)).toMatchObject({ 'feedback.event_id': eventId, 'user.name': 'Bob' })
    expect(opened.attributes(logs, 2)).toMatchObject({ 'check_in.monitor': 'nightly', 'check_in.duration_sec': '3.5' })
  })

  test('what is not kept is refused and counted by its type; one bad item does not take the others along', () => {
    const opened = new Opened()
    opened.envelope([
      ['attachment', 'binary\n\0', { filename: 'a.txt' }],
      ['replay_recording', 'x'],
      ['from_the_future', '{}'],
      ['event', '{"cut":'],
      ['event', event],
    ])
    expect(Object.fromEntries(opened.logs.refused)).toEqual({
      unsupported_attachment: 1,
      unsupported_replay_recording: 1,
      unknown_item: 1,
      malformed: 1,
    })
    expect(opened.logs.rows).toBe(1)
  })

  test('deep and wide JSON is refused before anything is made of it', () => {
    const opened = new Opened()
    opened.envelope([['event', `${'['.repeat(500_000)}${']'.repeat(500_000)}`]])
    expect(Object.fromEntries(opened.logs.refused)).toEqual({ malformed: 1 })
  })

  test('JSON that is deep within a small item is not written out', () => {
    const opened = new Opened()
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const span = `{"trace_id":"${traceId}","span_id":"${spanId}","start_timestamp":${atSec},"timestamp":${atSec},"data":{"a":${deep}}}`
    opened.envelope([
      ['event', `{"message":"x","extra":{"a":${deep}},"tags":${deep},"contexts":{"b":{"c":${deep}}},"breadcrumbs":[{"data":${deep}}]}`],
      ['check_in', `{"monitor_slug":"x","status":"ok","monitor_config":{"a":${deep}}}`],
      ['span', span],
    ])
    expect([opened.logs.rows, opened.spans.rows]).toEqual([2, 1])
  })

  test('an event as /store/ takes it', () => {
    const opened = new Opened()
    const outcome = decodeStoreEvent(new TextEncoder().encode(JSON.stringify(event)), opened, rules)
    expect([outcome.eventId, opened.logs.rows]).toEqual([eventId, 1])
    expect(() => decodeStoreEvent(new TextEncoder().encode('nope'), opened, rules)).toThrow('no JSON object')
  })

  test('all items of an envelope together are bounded', () => {
    const opened = new Opened()
    // `{}` is a log without anything: the smallest row.
    const container = `{"items":[${Array.from({ length: 10_000 }, () => '{}').join(',')}]}`
    opened.envelope(Array.from({ length: 40 }, () => ['log', container, { item_count: 10_000 }] as const))
    expect([opened.logs.rows, opened.logs.received, Object.fromEntries(opened.logs.refused)]).toEqual([
      250_000,
      400_000,
      { too_many_rows: 150_000 },
    ])
  })

  test('sessions and reports of clients of an envelope are bounded', () => {
    const opened = new Opened()
    const aggregates = Array.from({ length: 1000 }, () => ({ did: 'x', exited: 1, errored: 1, crashed: 1, abnormal: 1 }))
    const sessions = { attrs: { release: 'a@1' }, aggregates }
    const report = { discarded_events: Array.from({ length: 100 }, () => ({ reason: 'x', category: 'error', quantity: 1 })) }
    const { sessions: seen, discarded } = opened.envelope([
      ...Array.from({ length: 20 }, () => ['sessions', sessions] as const),
      ...Array.from({ length: 50 }, () => ['client_report', report] as const),
    ])
    expect(seen.length).toBeLessThan(sentryLimits.observationsMax + 8000)
    expect(discarded.length).toBe(sentryLimits.discardedMax)
    expect(opened.logs.refused.get('too_many_entries')).toBeGreaterThan(30)
  })

  test('JSON of an envelope is bounded over all of its items, and so are its headers', () => {
    const opened = new Opened()
    const wide = `{"a":[${'{},'.repeat(20_000)}{}]}`
    opened.envelope(Array.from({ length: 60 }, () => ['session', wide] as const))
    expect(opened.logs.refused.get('malformed')).toBe(11)
    const more = { x: 'x'.repeat(60_000) }
    expect(() => opened.envelope(Array.from({ length: 20 }, () => ['session', '{}', more] as const))).toThrow('headers')
  })

  test('events and reports that are too large or too much are refused before anything is made of them', () => {
    const origin = { environment: '', release: '', userAgent: '' }
    const parse = vi.spyOn(JSON, 'parse')
    const encoder = new TextEncoder()
    for (const [text, why] of [
      [`{"a":[${'{},'.repeat(500_000)}{}]}`, 'too much JSON'],
      [`${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'too much JSON'],
      [`{"a":"${'x'.repeat(5_000_000)}"}`, 'are taken'],
    ] as const) {
      expect(() => decodeStoreEvent(encoder.encode(text), new Opened(), rules)).toThrow(why)
      expect(() => decodeSecurityReports(encoder.encode(text), new Opened(), origin)).toThrow(/too much JSON|are taken/)
    }
    expect(parse).not.toHaveBeenCalled()
    parse.mockRestore()
  })

  test('reports of browsers', () => {
    const opened = new Opened()
    const origin = { environment: 'test', release: '', userAgent: 'x' }
    const send = (json: unknown): SentryOutcome => decodeSecurityReports(new TextEncoder().encode(JSON.stringify(json)), opened, origin)
    send({
      'csp-report': {
        'document-uri': 'https://a.example/',
        'violated-directive': "img-src 'self'",
        'blocked-uri': 'https://evil.example/x.png',
      },
    })
    send([
      {
        type: 'csp-violation',
        body: { documentURL: 'https://a.example/', effectiveDirective: 'img-src', blockedURL: 'https://evil.example/y.png' },
      },
    ])
    const { logs } = opened
    expect([logs.rows, logs.body.text(0), logs.severity.u8(0)]).toEqual([2, "Blocked 'img-src' from 'evil.example'", 13])
    expect(hex(logs.problem.raw(0))).toBe(hex(logs.problem.raw(1)))
    expect(() => send({ hello: 1 })).toThrow('no report')
  })
})

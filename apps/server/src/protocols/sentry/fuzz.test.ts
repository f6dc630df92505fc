/**
 * Envelopes against hostile bytes: cut at every byte, changed at random by seed, and with every value of their JSON replaced by one of another
 * type. Each is read or refused; nothing crashes, and what was refused leaves no row behind.
 */
import { expect, test } from 'vitest'
import { decodeEnvelope } from './decode.ts'
import { EnvelopeError } from './envelope.ts'
import { atSec, eventId, Opened, rules, spanId, traceId } from './testing/opened.ts'
import { wantedMaps } from './wanted-maps.ts'

const frame = {
  function: 'f',
  filename: 'https://a.example/a.js',
  lineno: 1,
  colno: 2,
  in_app: true,
  pre_context: ['a'],
  context_line: 'b',
}
const event = {
  event_id: eventId,
  timestamp: atSec,
  exception: { values: [{ type: 'E', value: 'v', mechanism: { type: 'm', handled: false }, stacktrace: { frames: [frame] } }] },
  tags: [['a', 'b']],
  user: { id: 1 },
  breadcrumbs: { values: [{ timestamp: atSec, message: 'x', data: { a: 1 } }] },
  contexts: { trace: { trace_id: traceId, span_id: spanId }, browser: { name: 'b' } },
  debug_meta: { images: [{ type: 'sourcemap', debug_id: eventId, code_file: 'https://a.example/a.js' }] },
  fingerprint: ['{{ default }}', 'x'],
  logentry: { message: 'a %s', params: ['b'] },
}
const span = {
  trace_id: traceId,
  span_id: spanId,
  start_timestamp: atSec,
  timestamp: atSec + 1,
  data: { a: 1 },
  links: [{ trace_id: traceId, span_id: spanId }],
}
const items: readonly (readonly [type: string, payload: unknown])[] = [
  ['event', event],
  [
    'transaction',
    { ...event, type: 'transaction', transaction: 't', start_timestamp: atSec, spans: [span], measurements: { lcp: { value: 1 } } },
  ],
  ['log', { items: [{ timestamp: atSec, level: 'info', body: 'x', attributes: { a: { value: 1, type: 'integer' } } }] }],
  ['session', { sid: 's', init: true, status: 'ok', errors: 1, attrs: { release: 'r' } }],
  ['sessions', { aggregates: [{ exited: 1 }], attrs: { release: 'r' } }],
  ['client_report', { discarded_events: [{ reason: 'r', category: 'c', quantity: 1 }] }],
  ['check_in', { monitor_slug: 'm', status: 'ok', duration: 1 }],
  ['feedback', { contexts: { feedback: { message: 'm' } } }],
  ['raw_security', { 'csp-report': { 'blocked-uri': 'https://a.example' } }],
]

function envelopeOf(all: readonly (readonly [string, unknown])[]): Uint8Array {
  const lines = all.map(([type, payload]) => {
    const text = JSON.stringify(payload) ?? ''
    return `${JSON.stringify({ type, length: Buffer.byteLength(text) })}\n${text}\n`
  })
  return Buffer.from(`{"sent_at":"2026-11-21T12:00:00Z"}\n${lines.join('')}`)
}

const opened = new Opened()

/** Reads it; what is wrong may only be said in the one way. */
function read(bytes: Uint8Array): void {
  opened.begin()
  wantedMaps(bytes)
  try {
    decodeEnvelope(bytes, opened, rules)
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    expect(opened.logs.rows + opened.spans.rows).toBe(0)
  }
  expect(opened.logs.received).toBe(opened.logs.rows + opened.logs.refusedTotal)
  expect(opened.spans.received).toBe(opened.spans.rows + opened.spans.refusedTotal)
}

const whole = envelopeOf(items)

test('cut at every byte', () => {
  for (let size = 0; size <= whole.length; size++) read(whole.subarray(0, size))
})

test.each([1, 20261121, 0xbe11])('with bytes changed at random, seed %d', (seed) => {
  let state = seed >>> 0
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * below)
  }
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from(whole)
    for (let change = random(6); change >= 0; change--) bytes[random(bytes.length)] = random(256)
    read(bytes)
  }
})

const others: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  'x'.repeat(5000),
  [],
  {},
  [null],
  { values: [null] },
  '\ud800',
  '{{ default }}',
]

/** Every way to put another value into one place of a JSON value. */
function* replaced(value: unknown): Generator<unknown> {
  yield* others
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries())
      for (const changed of replaced(inner)) yield value.map((each: unknown, at) => (at === index ? changed : each))
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) for (const changed of replaced(inner)) yield { ...value, [name]: changed }
  }
}

test.each(items)('with every value of an item %s replaced', (type, payload) => {
  for (const changed of replaced(payload)) read(envelopeOf([[type, changed]]))
})

import { describe, expect, test } from 'vitest'
import { EnvelopeError, parseEnvelope } from './envelope.ts'
import { sentryLimits } from './limits.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (text: string): string[][] =>
  parseEnvelope(bytes(text)).items.map(({ type, payload }) => [type, new TextDecoder().decode(payload)])

describe('envelopes', () => {
  test.each([
    ['{}', []],
    ['{}\n', []],
    ['{"event_id":"a"}\n{"type":"event"}\n{"a":1}', [['event', '{"a":1}']]],
    ['{}\n{"type":"event","length":7}\n{"a":1}\n', [['event', '{"a":1}']]],
    ['{}\n{"type":"event","length":7}\n{"a":1}', [['event', '{"a":1}']]],
    [
      '{}\n{"type":"x","length":3}\na\nb\n{"type":"y"}\nc',
      [
        ['x', 'a\nb'],
        ['y', 'c'],
      ],
    ],
    [
      '{}\n{"type":"x","length":0}\n\n{"type":"y","length":0}\n',
      [
        ['x', ''],
        ['y', ''],
      ],
    ],
    [
      '{}\n{"type":"x"}\n\n{"type":"y"}\nz\n\n',
      [
        ['x', ''],
        ['y', 'z'],
      ],
    ],
    ['{}\n{"type":"x"}', [['x', '']]],
    // A carriage return is data.
    ['{}\n{"type":"x"}\na\r\n', [['x', 'a\r']]],
    // Lengths count bytes.
    ['{}\n{"type":"x","length":4}\nä→'.slice(0, -1) + 'éé'.slice(0, 1) + '\n', [['x', 'äé']]],
  ])('%j', (text, want) => {
    expect(read(text)).toEqual(want)
  })

  test.each([
    ['', 'the envelope header is no JSON object'],
    ['hello', 'the envelope header is no JSON object'],
    ['[]', 'the envelope header is no JSON object'],
    ['{}\nnope\n', 'the header of item 1 is no JSON object'],
    ['{}\n{"length":1}\na', 'item 1 has no type'],
    ['{}\n{"type":"x","length":10}\nabc', 'item 1 ends after 3 of 10 bytes'],
    ['{}\n{"type":"x","length":10}', 'item 1 ends after 0 of 10 bytes'],
    ['{}\n{"type":"x","length":2}\nabc\n', 'item 1 is longer than the 2 bytes it says'],
    ['{}\n{"type":"x","length":-1}\nabc\n', 'item 1 has a length that is no whole number'],
    ['{}\n{"type":"x","length":"3"}\nabc\n', 'item 1 has a length that is no whole number'],
  ])('%j is malformed', (text, message) => {
    expect(() => parseEnvelope(bytes(text))).toThrow(new EnvelopeError('malformed', message))
  })

  test('too many items, and a header that is too long', () => {
    const many = `{}\n${'{"type":"x"}\n\n'.repeat(sentryLimits.itemsMax + 1)}`
    expect(() => parseEnvelope(bytes(many))).toThrow(/more than 1000 items/)
    const long = `{"a":"${'x'.repeat(sentryLimits.headerBytesMax)}"}`
    expect(() => parseEnvelope(bytes(long))).toThrow(/longer than/)
  })

  test('an envelope cut anywhere is read or refused, never more than it was', () => {
    const whole = bytes('{"event_id":"a"}\n{"type":"event","length":7}\n{"a":1}\n{"type":"session"}\n{"sid":"x"}\n')
    for (let size = 0; size < whole.length; size++) {
      try {
        expect(parseEnvelope(whole.subarray(0, size)).items.length).toBeLessThanOrEqual(2)
      } catch (error) {
        expect(error).toBeInstanceOf(EnvelopeError)
      }
    }
  })
})

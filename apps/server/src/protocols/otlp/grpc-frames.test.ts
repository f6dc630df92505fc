import { describe, expect, test } from 'vitest'
import { frameMessage, messageEncoding, percentEncode, unframe } from './grpc-frames.ts'

describe('a message in its frame', () => {
  test.each(['', 'a', 'x'.repeat(70_000)])('goes in and comes out: %#', (text) => {
    const { bytes, isCompressed } = unframe(frameMessage(Buffer.from(text)))
    expect([Buffer.from(bytes).toString(), isCompressed]).toEqual([text, false])
  })

  test('says whether it is compressed', () => {
    expect(unframe(Buffer.from([1, 0, 0, 0, 1, 7]))).toEqual({ bytes: Buffer.from([7]), isCompressed: true })
  })

  const broken: [string, number[], string][] = [
    ['nothing', [], 'there is no message'],
    ['half a head', [0, 0, 0, 0], 'there is no message'],
    ['cut off', [0, 0, 0, 0, 2, 7], 'cut off'],
    ['two', [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0], 'more than one message'],
    ['an unknown flag', [2, 0, 0, 0, 0], 'neither plain nor compressed'],
  ]
  test.each(broken)('%s', (_name, bytes, text) => {
    expect(() => unframe(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ code: 'body.malformed', publicText: expect.stringContaining(text) }),
    )
  })
})

test.each([
  [undefined, 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['deflate', 'deflate'],
])('grpc-encoding %s → %s', (header, want) => expect(messageEncoding(header)).toBe(want))

test.each(['snappy', 'zstd', ''])('grpc-encoding %s is not supported', (header) => {
  expect(() => messageEncoding(header)).toThrow(/body.encoding_unsupported/)
})

test.each([
  ['The log is full.', 'The log is full.'],
  ['100 %', '100 %25'],
  ['naïve\n\ud800', 'na%C3%AFve%0A%EF%BF%BD'],
])('%j as a header', (text, want) => expect(percentEncode(text)).toBe(want))

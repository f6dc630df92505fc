/** The bodies that are stamped in place are what they say: snappy that unpacks, with the values and times of the last stamp. */
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { liveBody, valueOf } from './live-bodies.mjs'

const { uncompressSync } = createRequire(new URL('../../apps/server/package.json', import.meta.url))('snappy')

/** Times and values of the samples of a `WriteRequest`: the last 16 bytes of each series are `9 <double> 16 <varint>`. */
function samplesOf(raw) {
  const samples = []
  for (let at = 0; at < raw.length;) {
    let size = raw[at + 1] & 127
    const lengthBytes = raw[at + 1] > 127 ? 2 : 1
    if (lengthBytes === 2) size += raw[at + 2] * 128
    const end = at + 1 + lengthBytes + size
    let time = 0
    for (let index = 5; index >= 0; index--) time = time * 128 + (raw[end - 6 + index] & 127)
    samples.push([raw.readDoubleLE(end - 15), time])
    at = end
  }
  return samples
}

describe('a remote write body', () => {
  const body = liveBody('remoteWrite', { sender: 1, hosts: 40, run: 'test' })

  test.each([1, 2, 700])('has the times and values of its last stamp: %d', (sequence) => {
    const timeMs = Date.UTC(2026, 10, 21) + sequence
    body.stamp(timeMs, sequence)
    const samples = samplesOf(uncompressSync(body.bytes))
    expect(samples).toEqual(Array.from({ length: body.samples }, (_, index) => [valueOf(index, sequence), timeMs]))
  })

  test('is much smaller than it says, as real ones are', () => {
    expect(body.bytes.length).toBeLessThan(uncompressSync(body.bytes).length / 4)
  })

  test('has new series where a host was replaced, and the others still', () => {
    const before = uncompressSync(body.bytes).toString('latin1')
    body.replaceHost(3)
    const after = uncompressSync(body.bytes).toString('latin1')
    expect([before.includes('pod-test-43-0'), before.includes('pod-test-43-1')]).toEqual([true, false])
    expect([after.includes('pod-test-43-0'), after.includes('pod-test-43-1')]).toEqual([false, true])
    expect(after.split('pod-test-').length).toBe(before.split('pod-test-').length)
  })
})

test('an OTLP body has a place for every time and every value', () => {
  const body = liveBody('otlp', { sender: 2, hosts: 7, run: 'test' })
  const timeMs = Date.UTC(2026, 10, 21)
  body.stamp(timeMs, 5)
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE(BigInt(timeMs) * 1_000_000n)
  const values = []
  for (let at = body.bytes.indexOf(time); at >= 0; at = body.bytes.indexOf(time, at + 8)) values.push(body.bytes.readDoubleLE(at + 9))
  expect(values).toEqual(Array.from({ length: 70 }, (_, index) => valueOf(index, 5)))
})

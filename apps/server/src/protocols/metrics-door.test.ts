/** Raw records, and that concurrent requests do not share a batch. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MetricsBatch } from '../metrics/index.ts'
import { type RawProtocol, eventProtocols, metricProtocols, parseRawFormat, rawFormat } from './raw-formats.ts'
import { contentEncodings } from './body/decompress.ts'
import { createTestDoor, testNowMs, testTenant } from './testing/door.ts'
import { otlpJson, otlpProtobuf } from './testing/otlp-bodies.ts'
import { remoteWrite1, remoteWrite2 } from './testing/remote-write-bodies.ts'

const t = testNowMs - 1000

describe('raw records', () => {
  test('every number means one protocol and encoding, for ever', () => {
    const seen = new Map<number, string>()
    for (const protocol of Object.keys({ ...metricProtocols, ...eventProtocols }) as RawProtocol[]) {
      for (const encoding of contentEncodings) {
        const format = rawFormat(protocol, encoding)
        expect(parseRawFormat(format)).toEqual({ protocol, encoding })
        expect(seen.has(format)).toBe(false)
        seen.set(format, `${protocol} ${encoding}`)
      }
    }
    expect(Object.fromEntries(seen)).toMatchObject({
      2: 'otlpProtobuf identity',
      19: 'otlpJson gzip',
      68: 'remoteWrite1 snappy',
      53: 'remoteWrite2 zstd',
    })
    for (const format of [0, 1, 14, 15, 95, 1000]) expect(parseRawFormat(format)).toBeNull()
  })

  const resource = { metrics: [{ kind: 'gauge', name: 'up', points: [{ timeMs: t, int: 1n }] }] } as const
  const series = [{ labels: [['__name__', 'up']] as const, samples: [[1, t]] as const }]
  const records: [string, number, Buffer][] = [
    ['OTLP', 2, otlpProtobuf(resource)],
    ['OTLP/JSON, gzip', 19, gzipSync(otlpJson(resource))],
    ['remote write 1', 4, remoteWrite1(series)],
    ['remote write 2', 5, remoteWrite2(series)],
  ]
  test.each(records)('%s', (_name, format, payload) => {
    const { door, metrics } = createTestDoor()
    const batch = new MetricsBatch()
    batch.reset(testTenant)
    door.decodeRaw({ kind: 'metrics', tenant: testTenant, rows: 1, format, payload }, batch)
    expect([batch.sampleCount, batch.pointsReceived, batch.refusedTotal, batch.timesMs[0], batch.values[0]]).toEqual([1, 1, 0, t, 1])
    expect(metrics.name(batch.seriesRefs[0] ?? -1)).toBe('up')
  })

  test.each([
    ['an unknown format', 9, Buffer.from([])],
    ['a malformed body', 4, Buffer.from([0xff])],
    ['a body that cannot be decompressed', 20, Buffer.from('x')],
  ])('%s is refused by reason', (_name, format, payload) => {
    const batch = new MetricsBatch()
    batch.reset(testTenant)
    createTestDoor().door.decodeRaw({ kind: 'metrics', tenant: testTenant, rows: 7, format, payload }, batch)
    expect([batch.sampleCount, batch.pointsReceived, Object.fromEntries(batch.refused)]).toEqual([0, 7, { malformed: 7 }])
  })
})

test('requests under way at the same time keep their rows apart', async () => {
  const { send, metrics, sources } = createTestDoor()
  const accept = metrics.accept.bind(metrics)
  metrics.accept = async (batch, wireBytes) => {
    await new Promise((resolve) => setImmediate(resolve))
    await accept(batch, wireBytes)
  }
  const requests = Array.from({ length: 40 }, (_, index) =>
    send('remoteWrite1', remoteWrite1([{ labels: [['__name__', `m${index}`]], samples: [[index, t + index]] }])),
  )
  const outcomes = await Promise.all(requests)
  expect(outcomes.every(({ samplesWritten }) => samplesWritten === 1)).toBe(true)
  expect(metrics.take()).toEqual(Array.from({ length: 40 }, (_, index) => `m${index} ${index} @${t + index}`).sort())
  expect(sources).toHaveLength(40)
})

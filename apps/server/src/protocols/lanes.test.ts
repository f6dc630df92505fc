/** Which way bodies go: decoded at the door, counted there and kept as they came (`raw`), or kept unread (`low`). */
import { gzipSync } from 'node:zlib'
import { compressSync } from 'snappy'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { MetricsBatch } from '../metrics/index.ts'
import { LaneBook } from '../realtime/index.ts'
import { countRemoteWrite2 } from './remote-write/count-v2.ts'
import { createTestDoor, type TestDoor, testNowMs, testTenant } from './testing/door.ts'
import { otlpProtobuf } from './testing/otlp-bodies.ts'
import { remoteWrite1, remoteWrite2 } from './testing/remote-write-bodies.ts'

const t = testNowMs - 1000
const series = [
  {
    labels: [['__name__', 'up']] as const,
    samples: [
      [1, t],
      [2, 7],
    ] as const,
  },
]

describe('lanes', () => {
  let it: TestDoor
  beforeEach(() => {
    it = createTestDoor()
  })

  test('raw: the points are counted at the door, and what cannot be read is refused there', async () => {
    it.lane = 'raw'
    const body = compressSync(remoteWrite1(series))
    expect(await it.send('remoteWrite1', body, 'snappy')).toMatchObject({ pointsReceived: 2, pointsRefused: 0 })
    expect(it.rawRecords).toMatchObject([{ lane: 'raw', record: { rows: 2, format: 68 } }])
    expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 2, queued: 2 })
    await expect(it.send('otlpProtobuf', Buffer.from([0xff]))).rejects.toMatchObject({ code: 'body.malformed' })
    expect(it.rawRecords).toHaveLength(1)
  })

  test('low: a body is one row, kept as it came and not read', async () => {
    it.lane = 'low'
    const body = compressSync(remoteWrite1(series))
    expect(await it.send('remoteWrite1', body, 'snappy')).toMatchObject({ pointsReceived: 0, pointsRefused: 0 })
    expect(it.metrics.batches).toBe(0)
    expect(it.rawRecords.map(({ lane, record }) => [lane, record.rows, record.format, Buffer.compare(record.payload, body)])).toEqual([
      ['low', 1, 68, 0],
    ])
    expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 1, queued: 1 })
    expect(it.sources).toEqual(['test 0'])
  })

  test('low: what cannot be read is taken, and shows among the refused when it is read', async () => {
    it.lane = 'low'
    await it.send('otlpProtobuf', Buffer.from([0xff]))
    const [stored] = it.rawRecords
    if (stored === undefined) throw new Error('no record')
    const batch = new MetricsBatch()
    batch.reset(testTenant)
    it.door.decodeRaw(stored.record, batch)
    expect([batch.pointsReceived, Object.fromEntries(batch.refused)]).toEqual([1, { malformed: 1 }])
    expect(it.refusedSamples).toEqual([expect.stringMatching(/^test malformed /)])
  })

  test('low: remote write 2 hears how much it sent, because it takes an answer of 0 for a failure', async () => {
    it.lane = 'low'
    expect(await it.send('remoteWrite2', compressSync(remoteWrite2(series)), 'snappy')).toMatchObject({ samplesWritten: 2 })
    await expect(it.send('remoteWrite2', compressSync(Buffer.from([42, 9])), 'snappy')).rejects.toMatchObject({ code: 'body.malformed' })
    expect(it.rawRecords).toHaveLength(1)
    expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 2, queued: 1, 'refused malformed': 1 })
    expect(countRemoteWrite2(remoteWrite2([...series, ...series]), 4)).toEqual({ samples: 4, histograms: 0, exemplars: 0 })
  })

  test.each(['snappy', 'gzip'] as const)(
    'low: what counting remote write 2 takes (%s) is the project’s, at its turn and bounded',
    async (encoding) => {
      let nowMs = 0
      const spent: string[] = []
      const cost = {
        nowMs: () => (nowMs += 3),
        spent: ({ projectId }: { projectId: number }, ms: number) => spent.push(`${projectId} ${ms}`),
      }
      it = createTestDoor({ samplesPerRequestMax: 3 }, { cost })
      it.lane = 'low'
      const packed = (body: Uint8Array): Uint8Array => (encoding === 'gzip' ? gzipSync(body) : compressSync(Buffer.from(body)))
      const body = packed(remoteWrite2(series))
      const turn = await it.door.intake.turn(testTenant, 1)
      let written = -1
      const sending = it.send('remoteWrite2', body, encoding).then(({ samplesWritten }) => (written = samplesWritten))
      await vi.waitFor(() => expect(it.door.intake.waitingBytes).toBe(body.byteLength), { timeout: 30_000 })
      expect([written, it.rawRecords.length]).toEqual([-1, 0])
      turn[Symbol.dispose]()
      await sending
      expect([written, it.rawRecords.length, spent]).toEqual([2, 1, ['1 3']])
      const tooMany = it.send('remoteWrite2', packed(remoteWrite2([...series, ...series])), encoding)
      await expect(tooMany).rejects.toMatchObject({ code: 'body.too_many_samples' })
      expect(it.rawRecords).toHaveLength(1)
      expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 2, queued: 1, 'refused too_many_samples': 1 })
    },
  )

  test('low: what is read later has the bounds of its format, and is refused for what it exceeds', async () => {
    it = createTestDoor({ jsonBytesMax: 100 })
    it.lane = 'low'
    await it.send('otlpJson', gzipSync(Buffer.from(`{"resourceMetrics":[${' '.repeat(100)}]}`)), 'gzip')
    const [stored] = it.rawRecords
    if (stored === undefined) throw new Error('no record')
    const batch = new MetricsBatch()
    batch.reset(testTenant)
    it.door.decodeRaw(stored.record, batch)
    expect([batch.pointsReceived, Object.fromEntries(batch.refused)]).toEqual([1, { too_large: 1 }])
    expect(it.refusedSamples).toEqual([expect.stringMatching(/^test too_large .*100 bytes/)])
  })

  test('a project that went back meanwhile is decoded at the door', async () => {
    const clock = { after: () => ({ [Symbol.dispose]: () => {} }) }
    const lanes = new LaneBook({ clock, seal: () => Promise.resolve() })
    it = createTestDoor({}, { lanes })
    it.lane = 'low'
    await it.send('otlpProtobuf', otlpProtobuf({ metrics: [{ kind: 'gauge', name: 'up', points: [{ timeMs: t, int: 1n }] }] }))
    expect(it.metrics.batches).toBe(1)
    lanes.setMembers(new Set([testTenant.projectId]))
    await it.send('otlpProtobuf', Buffer.from([0xff]))
    expect(lanes.queueOf(testTenant.projectId)).toEqual({ bodies: 1, sizeBytes: 1 })
  })

  test('the time of decoding is the project’s', async () => {
    let nowMs = 0
    const spent: number[] = []
    it = createTestDoor({}, { cost: { nowMs: () => (nowMs += 3), spent: (_tenant, ms) => spent.push(ms) } })
    await it.send('remoteWrite1', compressSync(remoteWrite1(series)), 'snappy')
    expect(spent).toEqual([3])
  })
})

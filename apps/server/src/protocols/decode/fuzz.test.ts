/**
 * Every decoder against hostile bytes: bodies cut at every byte, with bytes changed at random (by seed), and noise. A body is either
 * decoded or refused as malformed; it never crashes, hangs, or leaves something behind that changes the next request.
 */
import { describe, expect, test } from 'vitest'
import type { MetricProtocol } from '../raw-formats.ts'
import { createTestDoor, testNowMs } from '../testing/door.ts'
import { type ResourceBody, otlpJson, otlpProtobuf } from '../testing/otlp-bodies.ts'
import { type SeriesBody, remoteWrite1, remoteWrite2, staleBits } from '../testing/remote-write-bodies.ts'
import { processorMs } from '../../kernel/testing/processor-time.ts'

const t = testNowMs - 60_000

/** Rounds of random changes for each body and seed. */
const rounds = 400
const seeds = [1, 20261121, 0xbe11]
/** One body may not take longer than this, ms. */
const bodyMsMax = 1000

/** Small and fast; the seed decides everything (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const resource: ResourceBody = {
  attributes: [
    ['service.name', 'cart'],
    ['service.instance.id', 'i'],
    ['list', ['a', 1, { map: [['k', true]] }]],
  ],
  scope: { name: 'lib', version: '1', attributes: [['x', 1]] },
  metrics: [
    {
      kind: 'gauge',
      name: 'g',
      unit: 'By',
      points: [
        { timeMs: t, double: 1.5, attributes: [['a', 'b']] },
        { timeMs: t, int: -3n, flags: 1 },
      ],
    },
    {
      kind: 'sum',
      name: 'c',
      temporality: 2,
      monotonic: true,
      points: [{ startMs: t - 5, timeMs: t, int: 7n, exemplars: [{ timeMs: t, value: 1, traceId: 'ab'.repeat(16) }] }],
    },
    { kind: 'sum', name: 'd', temporality: 1, monotonic: true, points: [{ startMs: t - 5, timeMs: t, double: 7 }] },
    { kind: 'histogram', name: 'h', temporality: 2, points: [{ timeMs: t, count: 3, sum: 2, bounds: [1, 2], counts: [1, 1, 1] }] },
    {
      kind: 'exponentialHistogram',
      name: 'e',
      temporality: 1,
      points: [{ timeMs: t, count: 3, sum: 2, scale: 3, positive: [-4, [1, 2]], negative: [7, [0, 0, 0, 0, 1]] }],
    },
    { kind: 'summary', name: 's', points: [{ timeMs: t, count: 3, sum: 2, quantiles: [[0.5, 1]] }] },
  ],
}
const series: SeriesBody[] = [
  {
    labels: [
      ['__name__', 'up'],
      ['job', 'a'],
    ],
    samples: [
      [1, t],
      [staleBits, t + 1],
    ],
    exemplars: [{ labels: [['trace_id', 'x']], value: 1, timeMs: t }],
    metadata: { type: 1, help: 'h', unit: 's' },
    createdMs: t - 9,
  },
  {
    labels: [['__name__', 'h']],
    histograms: [
      {
        timeMs: t,
        count: 3,
        sum: 2,
        schema: 0,
        positiveSpans: [[1, 2]],
        positiveDeltas: [1, 1],
        negativeSpans: [[0, 1]],
        negativeDeltas: [1],
      },
    ],
  },
]
const bodies: [MetricProtocol, Buffer][] = [
  ['otlpProtobuf', otlpProtobuf(resource)],
  ['otlpJson', otlpJson(resource)],
  ['remoteWrite1', remoteWrite1(series, [{ name: 'up', type: 2, help: 'h' }])],
  ['remoteWrite2', remoteWrite2(series)],
]

/** Sends hostile bodies one after another through one door, then looks whether a good one still gives what it gives alone. */
async function survives(format: MetricProtocol, good: Buffer, hostile: Iterable<Buffer>): Promise<{ decoded: number; refused: number }> {
  const { send, metrics } = createTestDoor()
  let decoded = 0
  let refused = 0
  for (const body of hostile) {
    const start = processorMs()
    try {
      const outcome = await send(format, body)
      decoded++
      expect(outcome.pointsRefused).toBeLessThanOrEqual(outcome.pointsReceived)
      for (const example of outcome.examples) expect(example.length).toBeLessThan(500)
    } catch (error) {
      refused++
      expect(error).toMatchObject({ code: expect.stringMatching(/^body\.(?:malformed|too_many_samples)$/) })
    }
    expect(processorMs() - start).toBeLessThan(bodyMsMax)
  }
  metrics.take()
  const outcome = await send(format, good)
  expect(outcome.pointsReceived - outcome.pointsRefused).toBeGreaterThan(0)
  expect(metrics.take().length).toBeGreaterThan(0)
  return { decoded, refused }
}

function* cuts(body: Buffer): Generator<Buffer> {
  for (let length = 0; length < body.length; length++) yield body.subarray(0, length)
}

/** 1 to 4 changes: another byte, a byte left out, bytes put in, a run copied elsewhere. */
function* changes(body: Buffer, seed: number): Generator<Buffer> {
  const random = randomOf(seed)
  for (let round = 0; round < rounds; round++) {
    let changed = Buffer.from(body)
    for (let change = random(4); change >= 0; change--) {
      const at = random(changed.length)
      const kind = random(4)
      if (kind === 0) changed[at] = random(256)
      else if (kind === 1) changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + 1)])
      else if (kind === 2)
        changed = Buffer.concat([changed.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, 0xff, random(256)]), changed.subarray(at)])
      else changed.copyWithin(random(changed.length), at, at + random(16))
      if (changed.length === 0) changed = Buffer.from([0])
    }
    yield changed
  }
}

function* noise(seed: number): Generator<Buffer> {
  const random = randomOf(seed)
  for (let round = 0; round < rounds; round++) yield Buffer.from(Array.from({ length: random(200) }, () => random(256)))
}

describe.each(bodies)('%s', (format, body) => {
  test('cut at every byte', async () => {
    const { refused } = await survives(format, body, cuts(body))
    expect(refused).toBeGreaterThan(body.length / 2)
  })

  test.each(seeds)('changed, seed %d', async (seed) => {
    const { decoded, refused } = await survives(format, body, changes(body, seed))
    expect(decoded).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  test.each(seeds)('noise, seed %d', async (seed) => {
    await survives(format, body, noise(seed))
  })
})

describe('memory stays bounded', () => {
  const mib = 1024 * 1024
  const tenMib = 10 * mib
  const large: [string, MetricProtocol, () => Buffer][] = [
    ['10 MB of empty series', 'remoteWrite1', () => Buffer.alloc(tenMib, Buffer.from([0x0a, 0x00]))],
    [
      '10 MB of empty labels in one series',
      'remoteWrite1',
      () => Buffer.concat([Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x05]), Buffer.alloc(tenMib, Buffer.from([0x0a, 0x00]))]),
    ],
    [
      '10 MB of label references in one series',
      'remoteWrite2',
      () => Buffer.concat([Buffer.from([0x22, 0x00, 0x2a, 0x85, 0x80, 0x80, 0x05, 0x0a, 0x80, 0x80, 0x80, 0x05]), Buffer.alloc(tenMib)]),
    ],
    [
      '10 MB of empty samples',
      'remoteWrite1',
      () => Buffer.concat([Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x05]), Buffer.alloc(tenMib, Buffer.from([0x12, 0x00]))]),
    ],
    ['10 MB of empty resources', 'otlpProtobuf', () => Buffer.alloc(tenMib, Buffer.from([0x0a, 0x00]))],
    ['10 MB of wrong lines', 'influx', () => Buffer.alloc(tenMib, 'x\n')],
    ['10 MB of lines of 1970', 'influx', () => Buffer.alloc(tenMib, 'm v=1 1\n')],
    ['10 MB of tags that meet', 'influx', () => Buffer.alloc(tenMib, 'm,a.=1,a-=2 v=1\n')],
    ['10 MB of quotes that do not end', 'influx', () => Buffer.alloc(tenMib, 'm s="\\"\n')],
    ['10 MB of strings', 'influx', () => Buffer.alloc(tenMib, 'm s=""\n')],
    ['10 MB of fields in one line', 'influx', () => Buffer.alloc(tenMib, 'm v=1,v=1,')],
    ['10 MB of empty scopes', 'otlpProtobuf', () => Buffer.alloc(tenMib, Buffer.from([0x0a, 0x02, 0x12, 0x00]))],
  ]
  test.each(large)('%s', async (_name, format, make) => {
    const { send } = createTestDoor()
    const body = make()
    const before = process.memoryUsage().rss
    const start = processorMs()
    await send(format, body).catch((error: unknown) => expect(error).toMatchObject({ code: 'body.malformed' }))
    expect(processorMs() - start).toBeLessThan(10_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * mib)
  })

  test('two million symbols', async () => {
    const { send } = createTestDoor()
    await expect(send('remoteWrite2', Buffer.alloc(4_000_000, Buffer.from([0x22, 0x00])))).rejects.toMatchObject({ code: 'body.malformed' })
  })
})

/** OTLP histograms and summaries; each case as protobuf and as JSON, which must give the same. */
import { describe, expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../testing/door.ts'
import { type MetricBody, type PointBody, type ResourceBody, otlpProtobuf } from '../testing/otlp-bodies.ts'
import { stored } from '../testing/otlp-both-formats.ts'

const t = testNowMs - 60_000
/** A start so old that it makes no zeros. */
const longAgo = t - 86_400_000

describe('histograms and summaries', () => {
  const point: PointBody = {
    startMs: longAgo,
    timeMs: t,
    count: 6,
    sum: 12.5,
    bounds: [0.1, 1, 1e-7 + 2],
    counts: [1, 2, 0, 3],
    attributes: [['a', 'b']],
  }
  const metric: MetricBody = { kind: 'histogram', name: 'h', unit: 's', temporality: 2, description: 'How long', points: [point] }
  const name = 'h_seconds'
  const want = (timeMs: number, factor = 1): string[] =>
    [
      `${name}_bucket{a="b",le="0.1"} ${1 * factor} @${timeMs}`,
      `${name}_bucket{a="b",le="1"} ${3 * factor} @${timeMs}`,
      `${name}_bucket{a="b",le="2.0000001"} ${3 * factor} @${timeMs}`,
      `${name}_bucket{a="b",le="+Inf"} ${6 * factor} @${timeMs}`,
      `${name}_sum{a="b"} ${12.5 * factor} @${timeMs}`,
      `${name}_count{a="b"} ${6 * factor} @${timeMs}`,
    ].sort()

  test('explicit bounds become classic series, one point', async () => {
    const door = createTestDoor()
    const outcome = await door.send('otlpProtobuf', otlpProtobuf({ metrics: [metric] }))
    expect(outcome).toMatchObject({ pointsReceived: 1, pointsRefused: 0, samplesWritten: 6 })
    const { rows, door: both } = await stored(
      [{ metrics: [metric] }],
      [{ metrics: [{ ...metric, points: [{ ...point, timeMs: t + 1 }] }] }],
    )
    expect(rows).toEqual([want(t), want(t + 1)])
    expect(both.metrics.metadata).toEqual([{ name, type: 'histogram', unit: 's', help: 'How long' }])
  })

  test('other bounds under the same labels are other series', async () => {
    const door = createTestDoor()
    await door.send('otlpProtobuf', otlpProtobuf({ metrics: [metric] }))
    door.metrics.take()
    await door.send(
      'otlpProtobuf',
      otlpProtobuf({ metrics: [{ ...metric, points: [{ ...point, timeMs: t + 1, bounds: [5], counts: [4, 2] }] }] }),
    )
    expect(door.metrics.take().filter((row) => row.includes('le='))).toEqual([
      `${name}_bucket{a="b",le="+Inf"} 6 @${t + 1}`,
      `${name}_bucket{a="b",le="5"} 4 @${t + 1}`,
    ])
  })

  test('a fresh start, the end, and no sum', async () => {
    const small: PointBody = { timeMs: t, count: 2, bounds: [1], counts: [1, 1] }
    const fresh = { ...metric, points: [{ ...small, startMs: t - 10 }] }
    const ended = { ...metric, points: [{ timeMs: t + 1, flags: 1 }] }
    const { rows } = await stored([{ metrics: [fresh] }], [{ metrics: [ended] }])
    const series = [`${name}_bucket{le="+Inf"}`, `${name}_bucket{le="1"}`, `${name}_count`]
    const values = [2, 1, 2]
    expect(rows[0]).toEqual(series.flatMap((one, index) => [`${one} 0 @${t - 10}`, `${one} ${values[index]} @${t}`]).sort())
    expect(rows[1]).toEqual([...series, `${name}_sum`].map((one) => `${one} STALE @${t + 1}`).sort())
  })

  test('delta histograms add up', async () => {
    const delta = (timeMs: number): ResourceBody[] => [{ metrics: [{ ...metric, temporality: 1, points: [{ ...point, timeMs }] }] }]
    const { rows } = await stored(delta(t), delta(t + 10), delta(t + 10))
    expect(rows).toEqual([want(t), want(t + 10, 2), []])
  })

  const bad: [string, Partial<PointBody>][] = [
    ['too few counts', { counts: [1, 2] }],
    ['bounds without counts', { counts: [] }],
    ['bounds that fall', { bounds: [1, 0.5, 2] }],
    ['equal bounds', { bounds: [1, 1, 2] }],
    ['a NaN bound', { bounds: [1, NaN, 2] }],
    ['too many bounds', { bounds: Array.from({ length: 2001 }, (_, index) => index), counts: Array.from({ length: 2002 }, () => 1) }],
  ]
  test.each(bad)('refused: %s', async (_name, change) => {
    const door = createTestDoor()
    const outcome = await door.send(
      'otlpProtobuf',
      otlpProtobuf({
        metrics: [
          {
            ...metric,
            points: [
              { ...point, ...change },
              { timeMs: t, count: 0 },
            ],
          },
        ],
      }),
    )
    expect(Object.fromEntries(outcome.refused)).toEqual({ invalid_histogram: 1 })
    expect(door.metrics.take()).toEqual([`${name}_bucket{le="+Inf"} 0 @${t}`, `${name}_count 0 @${t}`])
  })

  test('exemplars go to the bucket of their value', async () => {
    const exemplars = [
      {
        timeMs: t,
        value: 0.5,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        attributes: [['user.id', '7']] as const,
      },
      { timeMs: t, value: 99 },
    ]
    const { door } = await stored([{ metrics: [{ ...metric, points: [{ ...point, exemplars }] }] }])
    expect(door.metrics.exemplars).toEqual([
      `${name}_bucket{a="b",le="1"} 0.5 @${t} trace=0af7651916cd43dd8448eb211c80319c span=b7ad6b7169203331 user_id=7`,
      `${name}_bucket{a="b",le="+Inf"} 99 @${t} trace= span=`,
    ])
  })

  test('summaries', async () => {
    const summary: MetricBody = {
      kind: 'summary',
      name: 's',
      unit: 'ms',
      points: [
        {
          timeMs: t,
          count: 4,
          sum: 10,
          quantiles: [
            [0.5, 2],
            [0.99, NaN],
          ],
        },
      ],
    }
    const { rows } = await stored([{ metrics: [summary] }])
    expect(rows[0]).toEqual(
      [
        `s_milliseconds{quantile="0.5"} 2 @${t}`,
        `s_milliseconds{quantile="0.99"} NaN @${t}`,
        `s_milliseconds_sum 10 @${t}`,
        `s_milliseconds_count 4 @${t}`,
      ].sort(),
    )
  })
})

describe('exponential histograms', () => {
  const point: PointBody = {
    startMs: longAgo,
    timeMs: t,
    count: 10,
    sum: 20,
    scale: 2,
    zeroCount: 1,
    positive: [-1, [1, 0, 2, 0, 0, 0, 3]],
    negative: [4, [3]],
  }
  const metric: MetricBody = { kind: 'exponentialHistogram', name: 'e', unit: 's', temporality: 2, points: [point] }

  test('become native histograms, their bucket indexes one higher', async () => {
    const { door } = await stored([{ metrics: [metric] }])
    expect(door.metrics.histograms).toEqual([
      {
        series: 'e_seconds',
        timeMs: t,
        histogram: {
          schema: 2,
          zeroThreshold: 1e-128,
          zeroCount: 1,
          count: 10,
          sum: 20,
          positiveSpans: [0, 3, 3, 1],
          positiveCounts: [1, 0, 2, 3],
          negativeSpans: [5, 1],
          negativeCounts: [3],
          customValues: [],
          resetHint: 'unknown',
        },
      },
    ])
  })

  test('scales over 8 become 8, scales under -4 are refused', async () => {
    const fine: PointBody = { timeMs: t, count: 6, sum: 1, scale: 10, positive: [-5, [1, 1, 1, 1, 1, 1]] }
    const coarse: PointBody = { timeMs: t, count: 1, sum: 1, scale: -5, positive: [0, [1]] }
    const { door, refused } = await stored([{ metrics: [{ ...metric, points: [fine, coarse] }] }])
    expect(refused[0]).toEqual({ invalid_histogram: 1 })
    // Indexes -5 to 0 at scale 10: four of them share an index at scale 8, -5 → -2, -4 to -1 → -1, 0 → 0; one higher in Prometheus.
    expect(door.metrics.histograms.map(({ histogram }) => [histogram.schema, histogram.positiveSpans, histogram.positiveCounts])).toEqual([
      [8, [-1, 3], [1, 4, 1]],
    ])
  })

  test('deltas add up, at the coarser scale', async () => {
    const first: PointBody = { startMs: t - 10, timeMs: t, count: 3, sum: 3, scale: 1, positive: [0, [1, 2]], zeroThreshold: 0.5 }
    const second: PointBody = { startMs: t, timeMs: t + 10, count: 2, sum: 5, scale: 0, zeroCount: 1, positive: [1, [1]] }
    const request = (one: PointBody): ResourceBody[] => [{ metrics: [{ ...metric, temporality: 1, points: [one] }] }]
    const { door } = await stored(request(first), request(second))
    expect(
      door.metrics.histograms.map(({ timeMs, histogram: h }) => [
        timeMs,
        h.schema,
        h.count,
        h.sum,
        h.zeroCount,
        h.positiveSpans,
        h.positiveCounts,
      ]),
    ).toEqual([
      [t - 10, 1, 0, 0, 0, [], []],
      [t, 1, 3, 3, 0, [1, 2], [1, 2]],
      [t + 10, 0, 5, 8, 1, [1, 2], [3, 1]],
    ])
  })

  test('the end of a series', async () => {
    const { door } = await stored([{ metrics: [{ ...metric, points: [{ timeMs: t, flags: 1 }] }] }])
    expect(door.metrics.histograms[0]?.histogram.sum).toBe(-1.7976931348623155e308)
  })
})

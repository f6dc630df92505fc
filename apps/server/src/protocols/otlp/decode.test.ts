/** OTLP metrics, every kind of point; each case as protobuf and as JSON, which must give the same. */
import { describe, expect, test } from 'vitest'
import { type TestDoor, createTestDoor, testNowMs } from '../testing/door.ts'
import { type MetricBody, type PointBody, type ResourceBody, otlpJson, otlpProtobuf } from '../testing/otlp-bodies.ts'

const t = testNowMs - 60_000
/** A start so old that it makes no zeros. */
const longAgo = t - 86_400_000

function gauge(name: string, ...points: PointBody[]): MetricBody {
  return { kind: 'gauge', name, points }
}

function counter(name: string, temporality: 0 | 1 | 2, ...points: PointBody[]): MetricBody {
  return { kind: 'sum', name, temporality, monotonic: true, points }
}

const formats: ['otlpProtobuf' | 'otlpJson', (...resources: ResourceBody[]) => Buffer][] = [
  ['otlpProtobuf', otlpProtobuf],
  ['otlpJson', otlpJson],
]

/** Sends each list of resources in turn, in both formats; what is stored after each must be the same. */
async function stored(...requests: ResourceBody[][]): Promise<{ door: TestDoor; rows: string[][]; refused: Record<string, number>[] }> {
  const seen: { rows: string[][]; refused: Record<string, number>[]; door: TestDoor }[] = []
  for (const [format, encode] of formats) {
    const door = createTestDoor()
    const rows: string[][] = []
    const refused: Record<string, number>[] = []
    for (const resources of requests) {
      const outcome = await door.send(format, encode(...resources))
      rows.push(door.metrics.take())
      refused.push(Object.fromEntries(outcome.refused))
    }
    seen.push({ door, rows, refused })
  }
  const [first, second] = seen
  if (first === undefined || second === undefined) throw new Error('two formats are expected')
  expect(second.rows).toEqual(first.rows)
  expect(second.refused).toEqual(first.refused)
  expect(second.door.metrics.histograms).toEqual(first.door.metrics.histograms)
  expect(second.door.metrics.exemplars).toEqual(first.door.metrics.exemplars)
  expect(second.door.metrics.metadata).toEqual(first.door.metrics.metadata)
  return first
}

describe('numbers', () => {
  test('gauges, int and double, with their labels', async () => {
    const points: PointBody[] = [
      { timeMs: t, double: 1.5, attributes: [['http.method', 'GET'], ['ok', true], ['n', -5]] },
      { timeMs: t + 0.9, int: 9_007_199_254_740_993n },
      { timeMs: t, int: -3n, attributes: [['x', 'y']] },
      { timeMs: t, double: NaN, attributes: [['v', 'nan']] },
      { timeMs: t, double: -Infinity, attributes: [['v', 'inf']] },
    ]
    const { rows } = await stored([{ metrics: [gauge('g', ...points)] }])
    expect(rows[0]).toEqual(
      [
        `g{http_method="GET",n="-5",ok="true"} 1.5 @${t}`,
        `g 9007199254740992 @${t}`,
        `g{x="y"} -3 @${t}`,
        `g{v="nan"} NaN @${t}`,
        `g{v="inf"} -Infinity @${t}`,
      ].sort(),
    )
  })

  test('values of every attribute type', async () => {
    const attributes = [
      ['double', { double: 0.25 }],
      ['big', 9_223_372_036_854_775_807n],
      ['small', -9_223_372_036_854_775_808n],
      ['list', ['a', 1, true, { double: 1.5 }, ['b']]],
      ['map', { map: [['k', 'v'], ['n', 2]] }],
      ['bytes', { bytes: [1, 2, 255] }],
      ['empty', ''],
    ] as const satisfies PointBody['attributes']
    const { rows, door } = await stored([{ metrics: [gauge('g', { timeMs: t, int: 1n, attributes })] }])
    expect(rows[0]).toHaveLength(1)
    expect(Object.fromEntries(door.metrics.labels[0] ?? [])).toEqual({
      __name__: 'g',
      double: '0.25',
      big: '9223372036854775807',
      small: '-9223372036854775808',
      list: '["a",1,true,1.5,["b"]]',
      map: '{"k":"v","n":2}',
      bytes: 'AQL/',
    })
  })

  test('attributes that get the same name are joined', async () => {
    const { rows } = await stored([{ metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['a-b', '2'], ['a.b', '3'], ['a+b', '1']] })] }])
    expect(rows[0]).toEqual([`g{a_b="1;2;3"} 1 @${t}`])
  })

  test('a point that only says that there is no value ends its series', async () => {
    const { rows, refused } = await stored([{ metrics: [gauge('g', { timeMs: t, flags: 1 }, { timeMs: t + 1 })] }])
    expect(rows[0]).toEqual([`g STALE @${t}`])
    expect(refused[0]).toEqual({ value_missing: 1 })
  })

  test('times out of range are refused, the others kept', async () => {
    const times = [0, Date.UTC(1970, 1, 1), Date.UTC(1990, 0, 1), t, testNowMs + 600_000, testNowMs + 601_000, Date.UTC(2100, 0, 1)]
    const { rows, refused } = await stored([{ metrics: [gauge('g', ...times.map((timeMs) => ({ timeMs, int: 1n })))] }])
    expect(rows[0]).toEqual([`g 1 @${Date.UTC(1990, 0, 1)}`, `g 1 @${t}`, `g 1 @${testNowMs + 600_000}`].sort())
    expect(refused[0]).toEqual({ timestamp_out_of_range: 4 })
  })

  test('a sum must say its temporality', async () => {
    const { refused } = await stored([{ metrics: [counter('c', 0, { timeMs: t, int: 1n }, { timeMs: t, int: 1n })] }])
    expect(refused[0]).toEqual({ temporality_missing: 2 })
  })
})

describe('resource and scope', () => {
  const resource: ResourceBody = {
    attributes: [
      ['service.name', 'cart'],
      ['service.namespace', 'shop'],
      ['service.instance.id', 'i-1'],
      ['service.version', '1.2'],
      ['host.name', 'h1'],
      ['k8s.pod.name', 'p1'],
      ['deployment.environment.name', 'prod'],
    ],
    scope: { name: 'lib', version: '3', attributes: [['team', 'a']] },
    metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['job', 'mine'], ['host.name', 'other']] }, { timeMs: t + 5, int: 2n })],
  }
  const scope = 'otel_scope_name="lib",otel_scope_team="a",otel_scope_version="3"'
  const promoted = `deployment_environment_name="prod",host_name="h1",instance="i-1",job="shop/cart",k8s_pod_name="p1",${scope},service_name="cart",service_namespace="shop"`

  test('become job, instance, promoted labels, scope labels and target_info', async () => {
    const { rows, door } = await stored([resource])
    expect(rows[0]).toEqual(
      [
        `g{${promoted.replace('"h1"', '"other"')}} 1 @${t}`,
        `g{${promoted}} 2 @${t + 5}`,
        `target_info{deployment_environment_name="prod",host_name="h1",instance="i-1",job="shop/cart",k8s_pod_name="p1",service_version="1.2"} 1 @${t + 5}`,
      ].sort(),
    )
    expect(door.metrics.metadata.map(({ name, type }) => `${name} ${type}`)).toEqual(['g gauge', 'target_info gauge'])
  })

  test('target_info is sent on when there are newer points, and not counted', async () => {
    const door = createTestDoor()
    const outcome = await door.send('otlpProtobuf', otlpProtobuf(resource))
    expect(outcome).toMatchObject({ pointsReceived: 2, samplesWritten: 2 })
    door.metrics.take()
    await door.send('otlpProtobuf', otlpProtobuf(resource))
    expect(door.metrics.take().filter((row) => row.startsWith('target_info'))).toEqual([])
  })

  test('the fast path is taken from the second request on', async () => {
    const door = createTestDoor()
    await door.send('otlpProtobuf', otlpProtobuf(resource))
    const { resolved } = door.metrics
    await door.send('otlpProtobuf', otlpProtobuf(resource))
    expect(door.metrics.resolved).toBe(resolved)
    expect(door.metrics.hits).toBe(2)
  })

  test('contexts that were forgotten are learned again, with other numbers', async () => {
    const door = createTestDoor({ contextsMax: 2 })
    const request = (index: number): Buffer => otlpProtobuf({ metrics: [gauge(`g${index % 5}`, { timeMs: t + index, int: BigInt(index) })] })
    for (let index = 0; index < 40; index++) await door.send('otlpProtobuf', request(index))
    expect(door.metrics.rows).toEqual(Array.from({ length: 40 }, (_, index) => `g${index % 5} ${index} @${t + index}`))
  })
})

describe('start times and deltas', () => {
  test('a cumulative counter that began lately starts with a zero, once for each start', async () => {
    const point = (startMs: number, timeMs: number, value: bigint): ResourceBody[] => [{ metrics: [counter('c', 2, { startMs, timeMs, int: value })] }]
    const { rows } = await stored(point(t, t + 1000, 5n), point(t, t + 2000, 7n), point(t + 2500, t + 3000, 1n), point(t + 2500, t + 4000, 2n))
    expect(rows).toEqual([
      [`c_total 0 @${t}`, `c_total 5 @${t + 1000}`],
      [`c_total 7 @${t + 2000}`],
      [`c_total 0 @${t + 2500}`, `c_total 1 @${t + 3000}`],
      [`c_total 2 @${t + 4000}`],
    ])
  })

  test('no zero for old starts, starts not before the sample, gauges, and sums that may fall', async () => {
    const sum: MetricBody = { kind: 'sum', name: 's', temporality: 2, points: [{ startMs: t, timeMs: t + 1, int: 1n }] }
    const { rows } = await stored([
      { metrics: [counter('old', 2, { startMs: longAgo, timeMs: t, int: 1n }), counter('same', 2, { startMs: t, timeMs: t, int: 1n }), sum] },
    ])
    expect(rows[0]).toEqual([`old_total 1 @${t}`, `s 1 @${t + 1}`, `same_total 1 @${t}`])
  })

  test('deltas add up; what is not later than the last is refused', async () => {
    const point = (startMs: number, timeMs: number, value: number): ResourceBody[] => [{ metrics: [counter('c', 1, { startMs, timeMs, double: value })] }]
    const { rows, refused } = await stored(point(t, t + 10, 2), point(t + 10, t + 20, 3.5), point(t + 10, t + 20, 3.5), point(t, t + 5, 1), point(t + 20, t + 30, NaN))
    expect(rows).toEqual([[`c_total 0 @${t}`, `c_total 2 @${t + 10}`], [`c_total 5.5 @${t + 20}`], [], [], []])
    expect(refused.slice(2)).toEqual([{ delta_out_of_order: 1 }, { delta_out_of_order: 1 }, { value_not_finite: 1 }])
  })

  test('what was not stored did not add up', async () => {
    const { send, metrics } = createTestDoor()
    const request = (timeMs: number): Buffer => otlpProtobuf({ metrics: [counter('c', 1, { startMs: t, timeMs, int: 2n })] })
    await send('otlpProtobuf', request(t + 10))
    metrics.failure = new Error('full')
    await expect(send('otlpProtobuf', request(t + 20))).rejects.toThrow('full')
    metrics.failure = null
    await send('otlpProtobuf', request(t + 20))
    await send('otlpProtobuf', request(t + 30))
    expect(metrics.rows).toEqual([`c_total 0 @${t}`, `c_total 2 @${t + 10}`, `c_total 4 @${t + 20}`, `c_total 6 @${t + 30}`])
  })
})

describe('histograms and summaries', () => {
  const point: PointBody = { startMs: longAgo, timeMs: t, count: 6, sum: 12.5, bounds: [0.1, 1, 1e-7 + 2], counts: [1, 2, 0, 3], attributes: [['a', 'b']] }
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
    const { rows, door: both } = await stored([{ metrics: [metric] }], [{ metrics: [{ ...metric, points: [{ ...point, timeMs: t + 1 }] }] }])
    expect(rows).toEqual([want(t), want(t + 1)])
    expect(both.metrics.metadata).toEqual([{ name, type: 'histogram', unit: 's', help: 'How long' }])
  })

  test('other bounds under the same labels are other series', async () => {
    const door = createTestDoor()
    await door.send('otlpProtobuf', otlpProtobuf({ metrics: [metric] }))
    door.metrics.take()
    await door.send('otlpProtobuf', otlpProtobuf({ metrics: [{ ...metric, points: [{ ...point, timeMs: t + 1, bounds: [5], counts: [4, 2] }] }] }))
    expect(door.metrics.take().filter((row) => row.includes('le='))).toEqual([`${name}_bucket{a="b",le="+Inf"} 6 @${t + 1}`, `${name}_bucket{a="b",le="5"} 4 @${t + 1}`])
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
    const outcome = await door.send('otlpProtobuf', otlpProtobuf({ metrics: [{ ...metric, points: [{ ...point, ...change }, { timeMs: t, count: 0 }] }] }))
    expect(Object.fromEntries(outcome.refused)).toEqual({ invalid_histogram: 1 })
    expect(door.metrics.take()).toEqual([`${name}_bucket{le="+Inf"} 0 @${t}`, `${name}_count 0 @${t}`])
  })

  test('exemplars go to the bucket of their value', async () => {
    const exemplars = [
      { timeMs: t, value: 0.5, traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', attributes: [['user.id', '7']] as const },
      { timeMs: t, value: 99 },
    ]
    const { door } = await stored([{ metrics: [{ ...metric, points: [{ ...point, exemplars }] }] }])
    expect(door.metrics.exemplars).toEqual([
      `${name}_bucket{a="b",le="1"} 0.5 @${t} trace=0af7651916cd43dd8448eb211c80319c span=b7ad6b7169203331 user_id=7`,
      `${name}_bucket{a="b",le="+Inf"} 99 @${t} trace= span=`,
    ])
  })

  test('summaries', async () => {
    const summary: MetricBody = { kind: 'summary', name: 's', unit: 'ms', points: [{ timeMs: t, count: 4, sum: 10, quantiles: [[0.5, 2], [0.99, NaN]] }] }
    const { rows } = await stored([{ metrics: [summary] }])
    expect(rows[0]).toEqual(
      [`s_milliseconds{quantile="0.5"} 2 @${t}`, `s_milliseconds{quantile="0.99"} NaN @${t}`, `s_milliseconds_sum 10 @${t}`, `s_milliseconds_count 4 @${t}`].sort(),
    )
  })
})

describe('exponential histograms', () => {
  const point: PointBody = { startMs: longAgo, timeMs: t, count: 10, sum: 20, scale: 2, zeroCount: 1, positive: [-1, [1, 0, 2, 0, 0, 0, 3]], negative: [4, [3]] }
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
    expect(door.metrics.histograms.map(({ histogram }) => [histogram.schema, histogram.positiveSpans, histogram.positiveCounts])).toEqual([[8, [-1, 3], [1, 4, 1]]])
  })

  test('deltas add up, at the coarser scale', async () => {
    const first: PointBody = { startMs: t - 10, timeMs: t, count: 3, sum: 3, scale: 1, positive: [0, [1, 2]], zeroThreshold: 0.5 }
    const second: PointBody = { startMs: t, timeMs: t + 10, count: 2, sum: 5, scale: 0, zeroCount: 1, positive: [1, [1]] }
    const request = (one: PointBody): ResourceBody[] => [{ metrics: [{ ...metric, temporality: 1, points: [one] }] }]
    const { door } = await stored(request(first), request(second))
    expect(door.metrics.histograms.map(({ timeMs, histogram: h }) => [timeMs, h.schema, h.count, h.sum, h.zeroCount, h.positiveSpans, h.positiveCounts])).toEqual([
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

describe('what cannot be stored', () => {
  const cases: [string, ResourceBody, Record<string, number>][] = [
    ['a metric without a name', { metrics: [gauge('', { timeMs: t, int: 1n })] }, { metric_name_missing: 1 }],
    ['a metric whose name has nothing to keep', { metrics: [gauge('ß', { timeMs: t, int: 1n }, { timeMs: t, int: 1n })] }, { metric_name_invalid: 2 }],
    ['a long metric name', { metrics: [gauge('x'.repeat(1025), { timeMs: t, int: 1n })] }, { metric_name_too_long: 1 }],
    ['a metric name of 10 MB', { metrics: [gauge('x'.repeat(10_000_000), { timeMs: t, int: 1n })] }, { metric_name_too_long: 1 }],
    ['a long attribute value', { metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['a', 'x'.repeat(5000)]] })] }, { label_value_too_long: 1 }],
    ['a long attribute name', { metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['x'.repeat(5000), 'a']] })] }, { label_name_too_long: 1 }],
    [
      '10,000 attributes',
      { metrics: [gauge('g', { timeMs: t, int: 1n, attributes: Array.from({ length: 10_000 }, (_, index) => [`a${index}`, 'v'] as const) })] },
      { too_many_labels: 1 },
    ],
  ]
  test.each(cases)('%s', async (_name, resource, want) => {
    const { refused, rows, door } = await stored([resource, { metrics: [gauge('good', { timeMs: t, int: 1n })] }])
    expect(refused[0]).toEqual(want)
    expect(rows[0]).toEqual([`good 1 @${t}`])
    for (const text of door.refusedSamples) expect(text.length).toBeLessThan(300)
  })

  test('a value nested too deeply', async () => {
    let deep: NonNullable<PointBody['attributes']>[number][1] = 'x'
    for (let depth = 0; depth < 40; depth++) deep = [deep]
    const { refused } = await stored([{ metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['deep', deep]] })] }])
    expect(refused[0]).toEqual({ attribute_too_deep: 1 })
  })
})

/** OTLP metrics, every kind of point; each case as protobuf and as JSON, which must give the same. */
import { describe, expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../testing/door.ts'
import { type MetricBody, type PointBody, type ResourceBody, otlpProtobuf } from '../testing/otlp-bodies.ts'
import { stored } from '../testing/otlp-both-formats.ts'

const t = testNowMs - 60_000
/** A start so old that it makes no zeros. */
const longAgo = t - 86_400_000

function gauge(name: string, ...points: PointBody[]): MetricBody {
  return { kind: 'gauge', name, points }
}

function counter(name: string, temporality: 0 | 1 | 2, ...points: PointBody[]): MetricBody {
  return { kind: 'sum', name, temporality, monotonic: true, points }
}

describe('numbers', () => {
  test('gauges, int and double, with their labels', async () => {
    const points: PointBody[] = [
      {
        timeMs: t,
        double: 1.5,
        attributes: [
          ['http.method', 'GET'],
          ['ok', true],
          ['n', -5],
        ],
      },
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
      [
        'map',
        {
          map: [
            ['k', 'v'],
            ['n', 2],
          ],
        },
      ],
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
    const { rows } = await stored([
      {
        metrics: [
          gauge('g', {
            timeMs: t,
            int: 1n,
            attributes: [
              ['a-b', '2'],
              ['a.b', '3'],
              ['a+b', '1'],
            ],
          }),
        ],
      },
    ])
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
    metrics: [
      gauge(
        'g',
        {
          timeMs: t,
          int: 1n,
          attributes: [
            ['job', 'mine'],
            ['host.name', 'other'],
          ],
        },
        { timeMs: t + 5, int: 2n },
      ),
    ],
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

  test('odd resource attributes do not cost the points', async () => {
    const attributes = [
      ['service.name', 'cart'],
      ['process.command_line', `${'x'.repeat(4095)}ä${'y'.repeat(9000)}`],
      ['process.command_args', Array.from({ length: 2000 }, () => 'argument')],
      ['k'.repeat(2000), 'v'],
      ...Array.from({ length: 300 }, (_, index) => [`a${index}`, 'v'] as const),
    ] as const
    const { rows, refused } = await stored([
      { attributes, scope: { name: 'lib', attributes: [['long', 'z'.repeat(5000)]] }, metrics: [gauge('g', { timeMs: t, int: 1n })] },
    ])
    expect(refused[0]).toEqual({})
    expect(rows[0]?.[0]).toBe(`g{job="cart",otel_scope_long="${'z'.repeat(4096)}",otel_scope_name="lib",service_name="cart"} 1 @${t}`)
    expect(rows[0]?.[1]).toContain(`process_command_line="${'x'.repeat(4095)}"`)
    expect(rows[0]?.[1]).not.toContain('command_args')
    expect(rows[0]?.[1]).toContain('a0="v"')
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
    // The resource, its scope, and each of the two points.
    expect(door.metrics.hits).toBe(4)
  })

  test('contexts that were forgotten are learned again, with other numbers', async () => {
    const door = createTestDoor({ contextsMax: 2 })
    const request = (index: number): Buffer =>
      otlpProtobuf({ metrics: [gauge(`g${index % 5}`, { timeMs: t + index, int: BigInt(index) })] })
    for (let index = 0; index < 40; index++) await door.send('otlpProtobuf', request(index))
    expect(door.metrics.rows).toEqual(Array.from({ length: 40 }, (_, index) => `g${index % 5} ${index} @${t + index}`))
  })
})

describe('start times and deltas', () => {
  test('a cumulative counter that began lately starts with a zero, once for each start', async () => {
    const point = (startMs: number, timeMs: number, value: bigint): ResourceBody[] => [
      { metrics: [counter('c', 2, { startMs, timeMs, int: value })] },
    ]
    const { rows } = await stored(
      point(t, t + 1000, 5n),
      point(t, t + 2000, 7n),
      point(t + 2500, t + 3000, 1n),
      point(t + 2500, t + 4000, 2n),
    )
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
      {
        metrics: [counter('old', 2, { startMs: longAgo, timeMs: t, int: 1n }), counter('same', 2, { startMs: t, timeMs: t, int: 1n }), sum],
      },
    ])
    expect(rows[0]).toEqual([`old_total 1 @${t}`, `s 1 @${t + 1}`, `same_total 1 @${t}`])
  })

  test('after a restart no zero stands where the series may have a sample of the last life', async () => {
    const door = createTestDoor()
    const send = (temporality: 1 | 2, startMs: number, timeMs: number): Promise<unknown> =>
      door.send('otlpProtobuf', otlpProtobuf({ metrics: [counter(`c${temporality}`, temporality, { startMs, timeMs, int: 5n })] }))
    for (const ref of [0, 1]) door.metrics.durable.add(ref)
    // Some senders take their first sample's time for the start; a delta stream's start is the time of its last point.
    await send(2, t, t + 1000)
    await send(1, t, t + 1000)
    await send(2, t + 1500, t + 2000)
    expect(door.metrics.rows).toEqual([
      `c2_total 5 @${t + 1000}`,
      `c1_total 0 @${t + 1}`,
      `c1_total 5 @${t + 1000}`,
      `c2_total 0 @${t + 1500}`,
      `c2_total 5 @${t + 2000}`,
    ])
  })

  test('deltas add up; what is not later than the last is refused', async () => {
    const point = (startMs: number, timeMs: number, value: number): ResourceBody[] => [
      { metrics: [counter('c', 1, { startMs, timeMs, double: value })] },
    ]
    const { rows, refused } = await stored(
      point(t, t + 10, 2),
      point(t + 10, t + 20, 3.5),
      point(t + 10, t + 20, 3.5),
      point(t, t + 5, 1),
      point(t + 20, t + 30, NaN),
    )
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

test('refusals are noted under their own reasons', async () => {
  const { send, refusedSamples } = createTestDoor()
  const points: PointBody[] = [{ timeMs: 0, int: 1n }, { timeMs: 0, int: 1n }, { timeMs: t }]
  await send('otlpProtobuf', otlpProtobuf({ metrics: [gauge('g', ...points), counter('c', 0, { timeMs: t, int: 1n })] }))
  expect(refusedSamples.map((text) => text.split(' ')[1])).toEqual([
    'timestamp_out_of_range',
    'timestamp_out_of_range',
    'value_missing',
    'temporality_missing',
  ])
})

describe('what cannot be stored', () => {
  const cases: [string, ResourceBody, Record<string, number>][] = [
    ['a metric without a name', { metrics: [gauge('', { timeMs: t, int: 1n })] }, { metric_name_missing: 1 }],
    [
      'a metric whose name has nothing to keep',
      { metrics: [gauge('ß', { timeMs: t, int: 1n }, { timeMs: t, int: 1n })] },
      { metric_name_invalid: 2 },
    ],
    ['a long metric name', { metrics: [gauge('x'.repeat(1025), { timeMs: t, int: 1n })] }, { metric_name_too_long: 1 }],
    ['a metric name of 7 MB', { metrics: [gauge('x'.repeat(7_000_000), { timeMs: t, int: 1n })] }, { metric_name_too_long: 1 }],
    [
      'a long attribute value',
      { metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['a', 'x'.repeat(5000)]] })] },
      { label_value_too_long: 1 },
    ],
    [
      'a long attribute name',
      { metrics: [gauge('g', { timeMs: t, int: 1n, attributes: [['x'.repeat(5000), 'a']] })] },
      { label_name_too_long: 1 },
    ],
    [
      '10,000 attributes',
      {
        metrics: [
          gauge('g', { timeMs: t, int: 1n, attributes: Array.from({ length: 10_000 }, (_, index) => [`a${index}`, 'v'] as const) }),
        ],
      },
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

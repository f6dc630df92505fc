/** Remote write 1: every kind of message, and what is refused. */
import { describe, expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../testing/door.ts'
import { type LabelPairs, type SeriesBody, remoteWrite1, staleBits } from '../testing/remote-write-bodies.ts'

const t = testNowMs - 60_000

function series(name: string, ...samples: [number | bigint, number][]): SeriesBody {
  return {
    labels: [
      ['__name__', name],
      ['job', 'a'],
    ],
    samples,
  }
}

describe('samples', () => {
  test('become rows of their series', async () => {
    const { send, metrics, sources } = createTestDoor()
    const outcome = await send('remoteWrite1', remoteWrite1([series('up', [1, t], [0, t + 15_000]), series('down', [2.5, t])]))
    expect(metrics.rows).toEqual([`up{job="a"} 1 @${t}`, `up{job="a"} 0 @${t + 15_000}`, `down{job="a"} 2.5 @${t}`])
    expect(outcome).toMatchObject({ pointsReceived: 3, pointsRefused: 0, samplesWritten: 3 })
    expect(sources).toEqual(['test 3'])
  })

  test('find a known series by its bytes alone', async () => {
    const { send, metrics } = createTestDoor()
    await send('remoteWrite1', remoteWrite1([series('up', [1, t])]))
    const { resolved } = metrics
    await send('remoteWrite1', remoteWrite1([series('up', [2, t + 1])]))
    expect(metrics.resolved).toBe(resolved)
    expect(metrics.hits).toBe(1)
    expect(metrics.rows.at(-1)).toBe(`up{job="a"} 2 @${t + 1}`)
  })

  const values: [string, number | bigint, string][] = [
    ['NaN', NaN, 'NaN'],
    ['a NaN with another payload', 0x7ff8000000000001n, 'NaN'],
    ['the stale marker', staleBits, 'STALE'],
    ['infinity', Infinity, 'Infinity'],
    ['minus infinity', -Infinity, '-Infinity'],
    ['minus zero', -0, '0'],
    ['the number that means stale inside', -1.7976931348623155e308, '-1.7976931348623157e+308'],
  ]
  test.each(values)('%s is kept', async (_name, value, want) => {
    const { send, metrics } = createTestDoor()
    await send('remoteWrite1', remoteWrite1([series('x', [value, t])]))
    expect(metrics.rows).toEqual([`x{job="a"} ${want} @${t}`])
  })

  const times: [string, number, boolean][] = [
    ['1970', 0, false],
    ['before 1970', -5, false],
    ['the last ms of 1989', Date.UTC(1990, 0, 1) - 1, false],
    ['1990', Date.UTC(1990, 0, 1), true],
    ['10 minutes ahead', testNowMs + 600_000, true],
    ['10 minutes and 1 ms ahead', testNowMs + 600_001, false],
    ['2100', Date.UTC(2100, 0, 1), false],
    ['the largest', Number.MAX_SAFE_INTEGER, false],
  ]
  test.each(times)('time %s', async (_name, timeMs, accepted) => {
    const { send, metrics } = createTestDoor()
    const outcome = await send('remoteWrite1', remoteWrite1([series('x', [1, timeMs]), series('y', [1, t])]))
    expect(metrics.rows.includes(`x{job="a"} 1 @${timeMs}`)).toBe(accepted)
    expect(metrics.rows).toContain(`y{job="a"} 1 @${t}`)
    expect(Object.fromEntries(outcome.refused)).toEqual(accepted ? {} : { timestamp_out_of_range: 1 })
  })
})

describe('labels', () => {
  const long = 'x'.repeat(5000)
  const many: LabelPairs = [
    ['__name__', 'x'],
    ...Array.from({ length: 10_000 }, (_, index): [string, string] => [`l${String(index).padStart(5, '0')}`, 'v']),
  ]
  const cases: [string, LabelPairs, string | null][] = [
    [
      'UTF-8 names are kept',
      [
        ['__name__', 'größe.x'],
        ['b c', 'ü'],
      ],
      null,
    ],
    [
      'an empty value is no label',
      [
        ['__name__', 'x'],
        ['a', ''],
      ],
      null,
    ],
    [
      'unsorted',
      [
        ['job', 'a'],
        ['__name__', 'x'],
      ],
      'labels_unsorted',
    ],
    [
      'twice the same',
      [
        ['__name__', 'x'],
        ['a', '1'],
        ['a', '2'],
      ],
      'duplicate_label',
    ],
    [
      'an empty name',
      [
        ['', 'x'],
        ['__name__', 'x'],
      ],
      'label_name_empty',
    ],
    ['no metric name', [['job', 'a']], 'metric_name_missing'],
    [
      'an empty metric name',
      [
        ['__name__', ''],
        ['job', 'a'],
      ],
      'metric_name_missing',
    ],
    ['no labels', [], 'metric_name_missing'],
    [
      'invalid UTF-8 value',
      [
        ['__name__', 'x'],
        ['a', Uint8Array.of(0xc3, 0x28)],
      ],
      'invalid_utf8',
    ],
    [
      'invalid UTF-8 name',
      [
        ['__name__', 'x'],
        [Uint8Array.of(0x61, 0xff), 'v'],
      ],
      'invalid_utf8',
    ],
    [
      'a long value',
      [
        ['__name__', 'x'],
        ['a', long],
      ],
      'label_value_too_long',
    ],
    [
      'a long name',
      [
        ['__name__', 'x'],
        [long, 'v'],
      ],
      'label_name_too_long',
    ],
    ['a long metric name', [['__name__', long]], 'metric_name_too_long'],
    ['10,000 labels', many, 'too_many_labels'],
    ['a metric name of 10 MB', [['__name__', 'x'.repeat(10_000_000)]], 'metric_name_too_long'],
  ]
  test.each(cases)('%s', async (_name, labels, reason) => {
    const { send, metrics, refusedSamples } = createTestDoor()
    const good = series('good', [1, t])
    const outcome = await send(
      'remoteWrite1',
      remoteWrite1([
        {
          labels,
          samples: [
            [1, t],
            [2, t + 1],
          ],
        },
        good,
      ]),
    )
    expect(Object.fromEntries(outcome.refused)).toEqual(reason === null ? {} : { [reason]: 2 })
    expect(metrics.rows).toHaveLength(reason === null ? 3 : 1)
    expect(metrics.rows).toContain(`good{job="a"} 1 @${t}`)
    for (const text of [...outcome.examples, ...refusedSamples]) expect(text.length).toBeLessThan(300)
    expect(outcome.examples).toHaveLength(reason === null ? 0 : 1)
  })

  test('beyond the limit of series are refused', async () => {
    const { send, metrics } = createTestDoor()
    metrics.seriesMax = 1
    const outcome = await send('remoteWrite1', remoteWrite1([series('a', [1, t]), series('b', [1, t])]))
    expect(Object.fromEntries(outcome.refused)).toEqual({ series_limit: 1 })
    expect(metrics.rows).toHaveLength(1)
  })
})

describe('native histograms', () => {
  const labels: LabelPairs = [['__name__', 'h']]
  const base = { timeMs: t, sum: 12.5, schema: 3, zeroThreshold: 0.001 }

  test('integer: differences become counts', async () => {
    const { send, metrics } = createTestDoor()
    const histogram = {
      ...base,
      count: 12,
      zeroCount: 2,
      positiveSpans: [
        [-3, 2],
        [4, 1],
      ] as const,
      positiveDeltas: [3, -1, 2],
      negativeSpans: [[0, 1]] as const,
      negativeDeltas: [1],
      resetHint: 2,
    }
    const outcome = await send('remoteWrite1', remoteWrite1([{ labels, histograms: [histogram] }]))
    expect(outcome).toMatchObject({ pointsReceived: 1, histogramsWritten: 1, pointsRefused: 0 })
    expect(metrics.histograms).toEqual([
      {
        series: 'h',
        timeMs: t,
        histogram: {
          schema: 3,
          zeroThreshold: 0.001,
          zeroCount: 2,
          count: 12,
          sum: 12.5,
          positiveSpans: [-3, 2, 4, 1],
          positiveCounts: [3, 2, 4],
          negativeSpans: [0, 1],
          negativeCounts: [1],
          customValues: [],
          resetHint: 'no',
        },
      },
    ])
  })

  test('float and custom buckets', async () => {
    const { send, metrics } = createTestDoor()
    const float = { ...base, countFloat: 1.5, zeroCountFloat: 0.5, positiveSpans: [[0, 1]] as const, positiveCounts: [1], resetHint: 3 }
    const custom = {
      ...base,
      zeroThreshold: 0,
      schema: -53,
      timeMs: t + 1,
      count: 3,
      positiveSpans: [[0, 3]] as const,
      positiveDeltas: [1, 0, 0],
      customValues: [1, 2],
    }
    await send('remoteWrite1', remoteWrite1([{ labels, histograms: [float, custom] }]))
    expect(
      metrics.histograms.map(({ histogram }) => [
        histogram.schema,
        histogram.count,
        histogram.zeroCount,
        histogram.positiveCounts,
        histogram.resetHint,
      ]),
    ).toEqual([
      [3, 1.5, 0.5, [1], 'gauge'],
      [-53, 3, 0, [1, 1, 1], 'unknown'],
    ])
    expect(metrics.histograms[1]?.histogram.customValues).toEqual([1, 2])
  })

  const bad: [string, object][] = [
    ['schema 9', { schema: 9 }],
    ['schema -5', { schema: -5 }],
    ['more buckets than spans name', { positiveSpans: [[0, 1]], positiveDeltas: [1, 1] }],
    ['a span of 4 billion buckets', { positiveSpans: [[0, 4294967295]], positiveDeltas: [1] }],
    ['negative counts', { positiveSpans: [[0, 2]], positiveDeltas: [1, -2] }],
    [
      'overlapping spans',
      {
        positiveSpans: [
          [0, 1],
          [-1, 1],
        ],
        positiveDeltas: [1, 1],
      },
    ],
    ['custom bounds that do not increase', { schema: -53, customValues: [2, 1] }],
    ['custom bounds with an exponential schema', { customValues: [1] }],
    ['buckets beyond the custom bounds', { schema: -53, customValues: [1], positiveSpans: [[0, 3]], positiveDeltas: [1, 0, 0] }],
    ['an unknown reset hint', { resetHint: 9 }],
    ['a NaN zero threshold', { zeroThreshold: NaN }],
    ['too many buckets', { positiveSpans: [[0, 3000]], positiveDeltas: Array.from({ length: 3000 }, () => 1) }],
  ]
  test.each(bad)('refused: %s', async (_name, change) => {
    const { send, metrics } = createTestDoor()
    const outcome = await send('remoteWrite1', remoteWrite1([{ labels, histograms: [{ ...base, count: 1, ...change }] }]))
    expect(Object.fromEntries(outcome.refused)).toEqual({ invalid_histogram: 1 })
    expect(metrics.histograms).toEqual([])
  })
})

describe('what goes beside samples', () => {
  test('metadata enters a batch once while it stays the same', async () => {
    const { send, metrics } = createTestDoor()
    const up = { name: 'up', type: 2, help: 'Is it?', unit: '' }
    await send('remoteWrite1', remoteWrite1([], [up]))
    await send('remoteWrite1', remoteWrite1([], [up]))
    await send(
      'remoteWrite1',
      remoteWrite1(
        [],
        [
          { ...up, help: 'Is it up?' },
          { name: 'c_total', type: 1, unit: 'seconds' },
        ],
      ),
    )
    expect(metrics.metadata).toEqual([
      { name: 'up', type: 'gauge', unit: '', help: 'Is it?' },
      { name: 'up', type: 'gauge', unit: '', help: 'Is it up?' },
      { name: 'c_total', type: 'counter', unit: 'seconds', help: '' },
    ])
  })

  test('exemplars keep trace and span apart from their labels', async () => {
    const { send, metrics } = createTestDoor()
    const exemplars = [
      {
        labels: [
          ['trace_id', 'ABCD'],
          ['span_id', '12'],
          ['x', 'y'],
        ] as LabelPairs,
        value: 3,
        timeMs: t,
      },
    ]
    const outcome = await send('remoteWrite1', remoteWrite1([{ ...series('a', [1, t]), exemplars }]))
    expect(metrics.exemplars).toEqual([`a{job="a"} 3 @${t} trace=abcd span=12 x=y`])
    expect(outcome.exemplarsWritten).toBe(1)
  })

  test('a request that could not be stored leaves no trace', async () => {
    const { send, metrics } = createTestDoor()
    metrics.failure = new Error('full')
    const body = remoteWrite1([series('a', [1, t])], [{ name: 'a', type: 1 }])
    await expect(send('remoteWrite1', body)).rejects.toThrow('full')
    metrics.failure = null
    await send('remoteWrite1', body)
    expect(metrics.rows).toHaveLength(1)
    expect(metrics.metadata).toHaveLength(1)
  })

  test('too many samples are refused as a whole', async () => {
    const { send, metrics } = createTestDoor({ samplesPerRequestMax: 2 })
    await expect(send('remoteWrite1', remoteWrite1([series('a', [1, t], [2, t + 1], [3, t + 2])]))).rejects.toMatchObject({
      code: 'body.too_many_samples',
    })
    expect(metrics.batches).toBe(0)
  })
})

/** Remote write 2: symbols, start times, metadata with each series. What it shares with version 1 is tested there. */
import { describe, expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../testing/door.ts'
import { type LabelPairs, type SeriesBody, remoteWrite1, remoteWrite2, staleBits } from '../testing/remote-write-bodies.ts'

const t = testNowMs - 60_000
const labels: LabelPairs = [
  ['__name__', 'requests_total'],
  ['job', 'a'],
  ['path', '/ä'],
]

describe('series', () => {
  test('give what version 1 gives', async () => {
    const series: SeriesBody[] = [
      {
        labels,
        samples: [
          [1, t],
          [NaN, t + 1],
          [staleBits, t + 2],
          [-Infinity, t + 3],
          [5, 0],
        ],
      },
      { labels: [['__name__', 'other']], samples: [[7, t]] },
      { labels: [['job', 'a']], samples: [[7, t]] },
      {
        labels: [['__name__', 'h']],
        histograms: [{ timeMs: t, count: 3, sum: 2, schema: 0, positiveSpans: [[1, 2]], positiveDeltas: [1, 1] }],
      },
      { labels, exemplars: [{ labels: [['trace_id', 'aa']], value: 2, timeMs: t }], samples: [[2, t + 4]] },
    ]
    const [one, two] = [createTestDoor(), createTestDoor()]
    const first = await one.send('remoteWrite1', remoteWrite1(series))
    const second = await two.send('remoteWrite2', remoteWrite2(series))
    expect(two.metrics.rows).toEqual(one.metrics.rows)
    expect(two.metrics.histograms).toEqual(one.metrics.histograms)
    expect(two.metrics.exemplars).toEqual(one.metrics.exemplars)
    expect(second).toEqual(first)
    expect(second).toMatchObject({ samplesWritten: 6, histogramsWritten: 1, exemplarsWritten: 1, pointsRefused: 2 })
  })

  test('are found again although the symbols have other numbers', async () => {
    const { send, metrics } = createTestDoor()
    await send('remoteWrite2', remoteWrite2([{ labels, samples: [[1, t]] }]))
    const { resolved } = metrics
    await send('remoteWrite2', remoteWrite2([{ labels, samples: [[2, t + 1]] }], ['', 'unused', '/ä', 'path', 'requests_total']))
    expect(metrics.resolved).toBe(resolved)
    expect(metrics.hits).toBe(1)
  })

  test('symbols that were forgotten are learned again, and never stand for others', async () => {
    const { send, metrics } = createTestDoor({ symbolsMax: 4 })
    for (let round = 0; round < 30; round++) {
      const name = `m${round % 7}`
      await send(
        'remoteWrite2',
        remoteWrite2([
          {
            labels: [
              ['__name__', name],
              ['a', `v${round % 3}`],
            ],
            samples: [[round, t + round]],
          },
        ]),
      )
    }
    expect(metrics.rows).toEqual(Array.from({ length: 30 }, (_, round) => `m${round % 7}{a="v${round % 3}"} ${round} @${t + round}`))
  })

  const bad: [string, Buffer, string][] = [
    ['an odd number of references', withReferences(0), 'label_reference_invalid'],
    ['a reference beyond the symbols', withReferences(0, 9), 'label_reference_invalid'],
  ]
  test.each(bad)('refused: %s', async (_name, body, reason) => {
    const { send } = createTestDoor()
    const outcome = await send('remoteWrite2', body)
    expect(Object.fromEntries(outcome.refused)).toEqual({ [reason]: 1 })
  })

  test('the first symbol must be empty', async () => {
    const { send } = createTestDoor()
    await expect(send('remoteWrite2', remoteWrite2([{ labels, samples: [[1, t]] }], ['x']))).rejects.toMatchObject({
      code: 'body.malformed',
    })
  })

  test('a body of version 1 under the name of version 2 holds nothing', async () => {
    const { send, metrics } = createTestDoor()
    const outcome = await send('remoteWrite2', remoteWrite1([{ labels, samples: [[1, t]] }]))
    expect(outcome.pointsReceived).toBe(0)
    expect(metrics.rows).toEqual([])
  })

  test('10,000 labels', async () => {
    const many: LabelPairs = [
      ['__name__', 'x'],
      ...Array.from({ length: 10_000 }, (_, index): [string, string] => [`l${String(index).padStart(5, '0')}`, 'v']),
    ]
    const { send, metrics } = createTestDoor()
    const outcome = await send(
      'remoteWrite2',
      remoteWrite2([
        { labels: many, samples: [[1, t]] },
        { labels, samples: [[1, t]] },
      ]),
    )
    expect(Object.fromEntries(outcome.refused)).toEqual({ too_many_labels: 1 })
    expect(metrics.rows).toHaveLength(1)
  })
})

/** A symbol table of one empty string and a series with these label references and one sample. */
function withReferences(...references: number[]): Buffer {
  const sample = Buffer.from([0x12, 0x02, 0x10, 0x01])
  const labelsRefs = Buffer.from([0x0a, references.length, ...references])
  return Buffer.concat([Buffer.from([0x22, 0x00, 0x2a, labelsRefs.length + sample.length]), labelsRefs, sample])
}

describe('start times', () => {
  test('of a series or a sample make a zero, once', async () => {
    const { send, metrics } = createTestDoor()
    const name = 'requests_total{job="a",path="/ä"}'
    const outcome = await send('remoteWrite2', remoteWrite2([{ labels, createdMs: t, samples: [[5, t + 10]] }]))
    expect(outcome.samplesWritten).toBe(1)
    await send('remoteWrite2', remoteWrite2([{ labels, createdMs: t, samples: [[6, t + 20]] }]))
    await send('remoteWrite2', remoteWrite2([{ labels, samples: [[1, t + 40, t + 30]] }]))
    await send('remoteWrite2', remoteWrite2([{ labels, createdMs: t - 7_200_000, samples: [[1, t + 50]] }]))
    expect(metrics.rows).toEqual([
      `${name} 0 @${t}`,
      `${name} 5 @${t + 10}`,
      `${name} 6 @${t + 20}`,
      `${name} 0 @${t + 30}`,
      `${name} 1 @${t + 40}`,
      `${name} 1 @${t + 50}`,
    ])
  })

  test('of a histogram make an empty one; a request that failed is as if never sent', async () => {
    const { send, metrics } = createTestDoor()
    const histogram = { timeMs: t + 10, startMs: t, count: 1, sum: 2, schema: 1, positiveSpans: [[0, 1]] as const, positiveDeltas: [1] }
    const body = remoteWrite2([{ labels: [['__name__', 'h']], histograms: [histogram] }])
    metrics.failure = new Error('full')
    await expect(send('remoteWrite2', body)).rejects.toThrow('full')
    metrics.failure = null
    await send('remoteWrite2', body)
    expect(metrics.histograms.map(({ timeMs, histogram: h }) => [timeMs, h.count, h.sum, h.schema])).toEqual([
      [t, 0, 0, 1],
      [t + 10, 1, 2, 1],
    ])
  })
})

describe('metadata', () => {
  test('describes the metric family once, until it changes or the request failed', async () => {
    const { send, metrics } = createTestDoor()
    const bucket = (help: string): Buffer =>
      remoteWrite2([
        {
          labels: [
            ['__name__', 'h_bucket'],
            ['le', '1'],
          ],
          samples: [[1, t]],
          metadata: { type: 3, help, unit: 'seconds' },
        },
      ])
    metrics.failure = new Error('full')
    await expect(send('remoteWrite2', bucket('Old'))).rejects.toThrow('full')
    metrics.failure = null
    await send('remoteWrite2', bucket('Old'))
    await send('remoteWrite2', bucket('Old'))
    await send('remoteWrite2', bucket('New'))
    await send('remoteWrite2', remoteWrite2([{ labels, samples: [[1, t]], metadata: { type: 1 } }]))
    expect(metrics.metadata).toEqual([
      { name: 'h', type: 'histogram', unit: 'seconds', help: 'Old' },
      { name: 'h', type: 'histogram', unit: 'seconds', help: 'New' },
      { name: 'requests_total', type: 'counter', unit: '', help: '' },
    ])
  })
})

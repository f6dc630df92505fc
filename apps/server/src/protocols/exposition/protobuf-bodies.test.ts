import { beforeEach, describe, expect, test } from 'vitest'
import { STALE } from '../../metrics/index.ts'
import { createTestDoor, testNowMs, testTenant, type TestDoor } from '../testing/door.ts'
import { exposedFamilies, type FamilyBody } from '../testing/exposition-bodies.ts'
import type { ScrapeOutcome } from './decode.ts'
import type { ExpositionSource, SourceRules } from './source.ts'

const rules: SourceRules = {
  tenant: testTenant,
  labels: [['job', 'j']],
  honorLabels: false,
  honorTimestamps: true,
  tracksTimestamps: false,
  relabel: null,
  limits: { samplesMax: 0, labelsMax: 0, labelNameBytesMax: 0, labelValueBytesMax: 0 },
  nativeHistograms: true,
  classicHistograms: false,
}

let it: TestDoor

beforeEach(() => {
  it = createTestDoor()
})

async function scrape(source: ExpositionSource, body: Buffer, timeMs = testNowMs): Promise<ScrapeOutcome> {
  using lease = it.door.intake.open(testTenant, { sizeBytes: body.length, isDecompressedElsewhere: false })
  const part = { tenant: testTenant, protocolName: 'scrape', bytes: body, lease }
  const attempt = { timeMs, durationMs: 1, body: { format: 'protobuf', bytes: body }, failure: null } as const
  return await it.door.record(part, (session) => it.door.exposition.scrape(session, source, attempt))
}

function open(changes: Partial<SourceRules> = {}): ExpositionSource {
  return it.door.exposition.sources.open({ ...rules, ...changes })
}

function rows(): string[] {
  return it.metrics.rows
    .splice(0)
    .map((row) => row.replace(` @${testNowMs}`, ''))
    .filter((row) => !/^(?:up|scrape_\w+)\{/.test(row))
}

const plain: readonly FamilyBody[] = [
  { name: 'c_total', help: 'Many.', type: 0, metrics: [{ labels: { x: 'y' }, value: 5 }] },
  { name: 'g', type: 1, unit: 'things', metrics: [{ value: -1.5, timeMs: testNowMs - 5000 }] },
  {
    name: 's',
    type: 2,
    metrics: [
      {
        summary: {
          count: 3,
          sum: 4,
          quantiles: [
            [0.5, 1],
            [1, 2],
          ],
        },
      },
    ],
  },
  { name: 'u', type: 3, metrics: [{ value: 7 }] },
  {
    name: 'h',
    type: 4,
    metrics: [
      {
        labels: { a: 'b' },
        histogram: {
          count: 3,
          sum: 4,
          buckets: [
            [1, 1],
            [2.5, 2],
          ],
        },
      },
    ],
  },
]

test('every kind of metric', async () => {
  expect(await scrape(open(), exposedFamilies(plain))).toMatchObject({ scraped: 12, failure: null })
  expect(rows()).toEqual([
    'c_total{job="j",x="y"} 5',
    `g{job="j"} -1.5 @${testNowMs - 5000}`,
    's{job="j",quantile="0.5"} 1',
    's{job="j",quantile="1.0"} 2',
    's_count{job="j"} 3',
    's_sum{job="j"} 4',
    'u{job="j"} 7',
    'h_count{a="b",job="j"} 3',
    'h_sum{a="b",job="j"} 4',
    'h_bucket{a="b",job="j",le="1.0"} 1',
    'h_bucket{a="b",job="j",le="2.5"} 2',
    'h_bucket{a="b",job="j",le="+Inf"} 3',
  ])
  expect(it.metrics.metadata.slice(0, 2)).toEqual([
    { name: 'c_total', type: 'counter', unit: '', help: 'Many.' },
    { name: 'g', type: 'gauge', unit: 'things', help: '' },
  ])
})

test('a known series costs no string', async () => {
  const source = open()
  await scrape(source, exposedFamilies(plain))
  const { resolved } = it.metrics
  await scrape(source, exposedFamilies(plain), testNowMs + 1000)
  expect(it.metrics.resolved).toBe(resolved + 5)
})

const native: FamilyBody = {
  name: 'h',
  type: 4,
  metrics: [
    {
      createdMs: testNowMs - 60_000,
      histogram: {
        count: 10,
        sum: 12.5,
        buckets: [[1, 4]],
        schema: 3,
        zeroThreshold: 0.001,
        zeroCount: 2,
        positiveSpans: [-2, 2, 1, 1],
        positive: [3, -1, 1],
        negativeSpans: [0, 1],
        negative: [1],
        exemplars: [{ labels: { trace_id: 'AB' }, value: 0.5, timeMs: testNowMs - 100 }],
      },
    },
  ],
}

describe('native histograms', () => {
  test('are stored instead of classic buckets, with a zero where they began', async () => {
    expect(await scrape(open(), exposedFamilies([native]))).toMatchObject({ scraped: 1, kept: 1, added: 1 })
    expect(rows()).toEqual([])
    expect(it.metrics.histograms.map(({ timeMs }) => timeMs - testNowMs)).toEqual([0, -60_000])
    expect(it.metrics.histograms[0]).toMatchObject({
      series: 'h{job="j"}',
      histogram: {
        schema: 3,
        zeroThreshold: 0.001,
        zeroCount: 2,
        count: 10,
        sum: 12.5,
        positiveSpans: [-2, 2, 1, 1],
        positiveCounts: [3, 2, 3],
        negativeSpans: [0, 1],
        negativeCounts: [1],
        resetHint: 'unknown',
      },
    })
    expect(it.metrics.exemplars).toEqual([`h{job="j"} 0.5 @${testNowMs - 100} trace=ab span=`])
  })

  test('beside them when both are wanted, and not at all when none is', async () => {
    await scrape(open({ classicHistograms: true }), exposedFamilies([native]))
    expect([rows().length, it.metrics.histograms.length]).toEqual([8, 2])
    it = createTestDoor()
    await scrape(open({ nativeHistograms: false }), exposedFamilies([native]))
    expect([rows().length, it.metrics.histograms.length]).toEqual([8, 0])
  })

  test('of floats and of gauges', async () => {
    const histogram = { count: 3.5, isFloat: true, sum: 1, schema: 0, zeroCount: 0.5, positiveSpans: [0, 2], positive: [1, 2] }
    await scrape(open(), exposedFamilies([{ name: 'h', type: 5, metrics: [{ histogram }] }]))
    expect(it.metrics.histograms[0]?.histogram).toMatchObject({ count: 3.5, zeroCount: 0.5, positiveCounts: [1, 2], resetHint: 'gauge' })
  })

  test('that are wrong are refused alone', async () => {
    const histogram = { count: 3, sum: 1, schema: 9, positiveSpans: [0, 1], positive: [1] }
    const body = exposedFamilies([{ name: 'h', type: 4, metrics: [{ histogram }] }, ...plain.slice(0, 1)])
    expect((await scrape(open(), body)).failure).toBeNull()
    expect(rows()).toEqual(['c_total{job="j",x="y"} 5'])
    expect(it.refusedSamples).toEqual(['scrape invalid_histogram "h": schema 9 is not supported'])
  })

  test('that are gone get an end marker of their kind', async () => {
    const source = open()
    await scrape(source, exposedFamilies([native]))
    await scrape(source, Buffer.alloc(0), testNowMs + 1000)
    expect(it.metrics.histograms.at(-1)).toMatchObject({ series: 'h{job="j"}', timeMs: testNowMs + 1000, histogram: { sum: STALE } })
  })
})

test('a body cut anywhere fails as a whole', async () => {
  const body = exposedFamilies([...plain, native])
  const ends = new Set([0])
  for (let end = 0, sum = 0; sum < body.length; end++) {
    const one = exposedFamilies([[...plain, native][end] ?? native])
    ends.add((sum += one.length))
  }
  for (let cut = 0; cut < body.length; cut++) {
    const { failure } = await scrape(open(), body.subarray(0, cut))
    expect([cut, failure === null]).toEqual([cut, ends.has(cut)])
  }
})

test('bytes at random are read or refused, never more', async () => {
  let state = 11
  const random = (): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff
  const body = exposedFamilies([...plain, native])
  for (let round = 0; round < 500; round++) {
    const broken = Buffer.from(body)
    for (let hit = 0; hit < 3; hit++) broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256)
    await scrape(open(), broken)
  }
  expect(it.sources.length).toBe(500)
})

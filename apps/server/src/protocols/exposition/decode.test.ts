import { beforeEach, describe, expect, test } from 'vitest'
import type { Labels } from '../../metrics/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { createTestDoor, testNowMs, testTenant, type TestDoor } from '../testing/door.ts'
import type { ScrapeAttempt, ScrapeOutcome } from './decode.ts'
import type { ExpositionSource, SourceRules } from './source.ts'

const labels: Labels = [
  ['instance', 'a:1'],
  ['job', 'j'],
]
const ours = '{instance="a:1",job="j"'

const rules: SourceRules = {
  tenant: testTenant,
  labels,
  honorLabels: false,
  honorTimestamps: true,
  tracksTimestamps: false,
  relabel: null,
  limits: { samplesMax: 0, labelsMax: 0, labelNameBytesMax: 0, labelValueBytesMax: 0 },
  nativeHistograms: false,
  classicHistograms: false,
}

let it: TestDoor
let timeMs: number

beforeEach(() => {
  it = createTestDoor()
  timeMs = testNowMs - 10_000
})

function open(changes: Partial<SourceRules> = {}): ExpositionSource {
  return it.door.exposition.sources.open({ ...rules, ...changes })
}

/** One scrape; each is a second after the one before. Null: the target gave nothing. */
async function scrape(
  source: ExpositionSource,
  body: string | Buffer | null,
  format: 'text' | 'openmetrics' | 'protobuf' = 'text',
): Promise<ScrapeOutcome> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0))
  timeMs += 1000
  const attempt: ScrapeAttempt = {
    timeMs,
    durationMs: 12,
    body: body === null ? null : { format, bytes },
    failure: body === null ? 'connection refused' : null,
  }
  using lease = it.door.intake.open(testTenant, { sizeBytes: bytes.length, isDecompressedElsewhere: false })
  const part = { tenant: testTenant, protocolName: 'scrape', bytes, lease }
  return await it.door.record(part, (session) => it.door.exposition.scrape(session, source, attempt))
}

/** What came with the last scrape, without what is about the scrape. `@` is the time since it, where there is one. */
function rows(): string[] {
  return it.metrics.rows
    .splice(0)
    .map((row) => row.replace(` @${timeMs}`, ''))
    .filter((row) => !/^(?:up|scrape_\w+)\{/.test(row))
}

function about(): string[] {
  return it.metrics.rows.filter((row) => /^(?:up|scrape_\w+)\{/.test(row)).map((row) => row.replace(/\{.*\}/, '').replace(/ @.*/, ''))
}

test('samples get the labels of the target and the time of the scrape', async () => {
  const outcome = await scrape(open(), 'a 1\nb{x="y"} 2.5\n')
  expect(outcome).toEqual({ scraped: 2, kept: 2, added: 2, failure: null })
  expect(about()).toEqual([
    'up 1',
    'scrape_duration_seconds 0.012',
    'scrape_samples_scraped 2',
    'scrape_samples_post_metric_relabeling 2',
    'scrape_series_added 2',
  ])
  expect(rows()).toEqual([`a${ours}} 1`, `b${ours},x="y"} 2.5`])
  expect(it.sources).toEqual(['scrape 7'])
})

test('a known series is found by its bytes alone', async () => {
  const source = open()
  await scrape(source, 'a 1\nb{x="y"} 2\n')
  const resolved = it.metrics.resolved
  expect((await scrape(source, 'b{x="y"} 3\na 4\n')).added).toBe(0)
  // The five series about the scrape.
  expect(it.metrics.resolved).toBe(resolved + 5)
})

test('two targets that expose the same have series of their own', async () => {
  const [one, other] = [open(), open({ labels: [['instance', 'b:1']] })]
  await scrape(one, 'a 1\n')
  rows()
  await scrape(other, 'a 1\n')
  expect(rows()).toEqual(['a{instance="b:1"} 1'])
})

describe('end markers', () => {
  test('for a series that is not shown any more, once', async () => {
    const source = open()
    await scrape(source, 'a 1\nb 2\n')
    rows()
    await scrape(source, 'b 3\n')
    expect(rows()).toEqual([`b${ours}} 3`, `a${ours}} STALE`])
    await scrape(source, 'b 3\n')
    expect(rows()).toEqual([`b${ours}} 3`])
    expect((await scrape(source, 'b 3\na 5\n')).added).toBe(1)
  })

  test('for all when a scrape fails, once; what comes back is not new', async () => {
    const source = open()
    await scrape(source, 'a 1\nb 2\n')
    rows()
    expect(await scrape(source, null)).toEqual({ scraped: 0, kept: 0, added: 0, failure: 'connection refused' })
    expect(about()).toContain('up 0')
    expect(rows()).toEqual([`a${ours}} STALE`, `b${ours}} STALE`])
    await scrape(source, null)
    expect(rows()).toEqual([])
    expect((await scrape(source, 'a 2\nb 3\n')).added).toBe(0)
  })

  test('for all when a line is wrong; nothing of the body is stored', async () => {
    const source = open()
    await scrape(source, 'a 1\n')
    rows()
    const outcome = await scrape(source, 'a 2\nb one\n')
    expect(outcome).toEqual({ scraped: 1, kept: 1, added: 0, failure: "line 2: 'one' is not a value" })
    expect(rows()).toEqual([`a${ours}} STALE`])
  })

  test('none for series with times of their own, unless that is asked for', async () => {
    const [free, tracked, ignored] = [open(), open({ tracksTimestamps: true }), open({ honorTimestamps: false })]
    for (const source of [free, tracked, ignored]) await scrape(source, `a 1 ${testNowMs - 60_000}\n`)
    expect(rows().map((row) => row.replace(/.* /, ''))).toEqual([`@${testNowMs - 60_000}`, `@${testNowMs - 60_000}`, '1'])
    await scrape(free, '')
    expect(rows()).toEqual([])
    await scrape(tracked, '')
    expect(rows()).toEqual([`a${ours}} STALE`])
    await scrape(ignored, '')
    expect(rows()).toEqual([`a${ours}} STALE`])
  })

  test('when the target goes, also for what is about it', async () => {
    const source = open()
    await scrape(source, 'a 1\n')
    it.metrics.rows.length = 0
    using lease = it.door.intake.open(testTenant, { sizeBytes: 0, isDecompressedElsewhere: false })
    const part = { tenant: testTenant, protocolName: 'scrape', bytes: new Uint8Array(0), lease }
    await it.door.record(part, (session) => it.door.exposition.end(session, source, timeMs + 500))
    expect(it.metrics.rows.map((row) => row.replace(/\{.*\}/, ''))).toEqual(
      ['a', 'up', 'scrape_duration_seconds', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added'].map(
        (name) => `${name} STALE @${timeMs + 500}`,
      ),
    )
  })

  test('not lost when the log is full', async () => {
    const source = open()
    await scrape(source, 'a 1\nb 1\n')
    rows()
    it.metrics.failure = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'The ingest log is full.' })
    await expect(scrape(source, 'b 2\n')).rejects.toThrow('log_full')
    await expect(scrape(source, null)).rejects.toThrow('log_full')
    it.metrics.failure = null
    expect(rows()).toEqual([])
    await scrape(source, 'b 3\n')
    expect(rows()).toEqual([`b${ours}} 3`, `a${ours}} STALE`])
  })

  test('not for series that left the index meanwhile', async () => {
    const source = open()
    await scrape(source, 'a 1\nb 1\n')
    rows()
    it.door.exposition.sources.unlearn((ref) => it.metrics.labels[ref]?.some(([, value]) => value === 'a') === true)
    await scrape(source, '')
    expect(rows()).toEqual([`b${ours}} STALE`])
  })
})

describe('labels', () => {
  test.each<[string, Partial<SourceRules>, string, string]>([
    [
      'a clash renames what is exposed',
      {},
      'a{job="x",exported_job="y"} 1',
      `a{exported_exported_job="x",exported_job="y",instance="a:1",job="j"} 1`,
    ],
    ['honored labels win', { honorLabels: true }, 'a{job="x"} 1', 'a{instance="a:1",job="x"} 1'],
    ['an honored empty label is none', { honorLabels: true }, 'a{instance="",job="x"} 1', 'a{job="x"} 1'],
    ['bounds are written one way', {}, '# TYPE a histogram\na_bucket{le="1"} 1', `a_bucket${ours},le="1.0"} 1`],
    ['quantiles too', {}, '# TYPE a summary\na{quantile="0.50"} 1', `a${ours},quantile="0.5"} 1`],
    ['of nothing else', {}, 'a{le="1"} 1', `a${ours},le="1"} 1`],
  ])('%s', async (_name, changes, body, row) => {
    await scrape(open(changes), body)
    expect(rows()).toEqual([row])
  })

  test('relabelling drops and changes, and remembers what it drops', async () => {
    const asked: string[] = []
    const relabel = (changed: Map<string, string>): boolean => {
      asked.push(changed.get('__name__') ?? '')
      changed.set('added', 'yes')
      return changed.get('__name__') !== 'a'
    }
    const source = open({ relabel })
    expect(await scrape(source, 'a 1\nb 2\n')).toEqual({ scraped: 2, kept: 1, added: 1, failure: null })
    rows()
    await scrape(source, 'a 1\nb 2\n')
    expect(asked).toEqual(['a', 'b'])
    expect(rows()).toEqual(['b{added="yes",instance="a:1",job="j"} 2'])
  })
})

describe('over a limit the scrape fails', () => {
  const limits = rules.limits
  test.each<[string, Partial<SourceRules['limits']>, string]>([
    ['samples', { samplesMax: 1 }, '2 samples are left after relabelling; sample_limit is 1'],
    ['labels', { labelsMax: 3 }, '"b" has 4 labels; label_limit is 3'],
    ['names', { labelNameBytesMax: 9 }, '"b": label name "long_label" is longer than label_name_length_limit, 9 bytes'],
    ['values', { labelValueBytesMax: 3 }, '"b": the value of "long_label" is longer than label_value_length_limit, 3 bytes'],
  ])('%s', async (_name, changed, failure) => {
    const outcome = await scrape(open({ limits: { ...limits, ...changed } }), 'a 1\nb{long_label="long"} 2\n')
    expect(outcome.failure).toBe(failure)
    expect(rows()).toEqual([])
  })
})

test.each<[string, string, string]>([
  ['labels that cannot be read', 'a{b} 1\n', 'line 1: name and labels cannot be read'],
  ['a label twice', 'a{b="1",b="2"} 1\n', '"a": label "b" is there twice'],
])('%s', async (_name, body, failure) => {
  const outcome = await scrape(open(), body)
  expect(outcome.failure ?? '').toBe(failure)
})

test('labels that are not UTF-8', async () => {
  expect((await scrape(open(), Buffer.from('a{b="\xff"} 1\n', 'latin1'))).failure).toBe('line 1: name and labels cannot be read')
})

test('the limit of series refuses, counts and goes on', async () => {
  it.metrics.seriesMax = 1
  const outcome = await scrape(open(), 'a 1\nb 2\n')
  expect(outcome.failure).toBeNull()
  expect(rows()).toEqual([`a${ours}} 1`])
  expect(it.conservation.counts.get('refused series_limit')).toBeUndefined()
  expect(it.refusedSamples[0]).toContain('series_limit')
})

test('OpenMetrics: descriptions, a zero where a counter began, an exemplar once', async () => {
  const source = open()
  const created = (testNowMs - 60_000) / 1000
  const body = `# TYPE c counter
# UNIT c things
# HELP c How many.
c_total{x="y"} 5 # {trace_id="ABC",k="v"} 1.5 ${created}
c_created{x="y"} ${created}
# EOF
`
  await scrape(source, body, 'openmetrics')
  expect(rows()).toEqual([
    `c_total${ours},x="y"} 5`,
    `c_created${ours},x="y"} ${created}`,
    `c_total${ours},x="y"} 0 @${testNowMs - 60_000}`,
  ])
  expect(it.metrics.metadata.slice(0, 1)).toEqual([{ name: 'c_total', type: 'counter', unit: 'things', help: 'How many.' }])
  expect(it.metrics.exemplars).toHaveLength(1)
  await scrape(source, body, 'openmetrics')
  expect(rows()).toHaveLength(2)
  expect(it.metrics.exemplars).toHaveLength(1)
})

test('series are found in whatever order they come, as if nothing was expected', async () => {
  let state = 5
  const random = (below: number): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below
  const names = ['a', 'a {x="1"}', 'a{x="1"}', 'a{x="12"}', 'ab', 'b{x="a b"}', 'b{x="a"}', 'c{y="\\"}"}', 'c']
  let lines = names.map((name, value) => `${name} ${value}`)
  const [expecting, fresh] = [it, createTestDoor({ expositionLineBytesMax: 0 })]
  const [source, other] = [open(), fresh.door.exposition.sources.open(rules)]
  for (let round = 0; round < 200; round++) {
    const change = random(4)
    const at = random(lines.length + 1)
    if (change === 0) lines = lines.toSpliced(at, 0, `${names[random(names.length)] ?? ''} ${round}`)
    else if (change === 1 && lines.length > 3) lines = lines.toSpliced(at, 1 + random(3))
    else if (change === 2) lines = [...lines.slice(at), ...lines.slice(0, at)]
    const body = lines.join('\n')
    it = expecting
    await scrape(source, body)
    const found = rows()
    it = fresh
    timeMs -= 1000
    await scrape(other, body)
    expect(found, body).toEqual(rows())
  }
  expect(expecting.metrics.lookups).toBeLessThan(fresh.metrics.lookups / 2)
})

test('an expected series whose ref is gone is found anew', async () => {
  const source = open()
  await scrape(source, 'a 1\nb 1\n')
  const { lookups } = it.metrics
  await scrape(source, 'a 2\nb 2\n')
  expect(it.metrics.lookups).toBe(lookups)
  it.door.exposition.sources.unlearn((ref) => it.metrics.labels[ref]?.some(([, value]) => value === 'a') === true)
  await scrape(source, 'a 3\nb 3\n')
  expect(it.metrics.lookups).toBe(lookups + 1)
  expect(
    rows()
      .filter((row) => row.startsWith('a{'))
      .map((row) => row.replace(/^\S+ /, '').replace(/ @.*/, '')),
  ).toEqual(['1', '2', '3'])
})

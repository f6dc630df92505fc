/** The detectors on traces, on the labelled set: precision and recall of each, printed; and what the views of broken traces are. */
import { expect, test } from 'vitest'
import type { FindingKind, SampledSpan, SampledTrace, Sighting } from '../ports.ts'
import { labelledTraces } from '../testing/labelled-traces.ts'
import { TraceJudge } from './judge-traces.ts'
import { normalizedUrl, viewOf } from './trace-view.ts'

const kinds: readonly FindingKind[] = ['n_plus_one', 'slow_query', 'sequential_calls', 'large_payload']

function judgeTraces(traces: readonly SampledTrace[]): Sighting[] {
  const judge = new TraceJudge()
  for (const trace of traces) judge.add(trace)
  return judge.sightings()
}

test('precision and recall on the labelled set are at least 0.9 for each detector', () => {
  const cases = labelledTraces(8).map((made) => ({ ...made, found: new Set(judgeTraces(made.traces).map(({ finding }) => finding)) }))
  const otherwise = new Map<string, number>()
  const lines = kinds.map((kind) => {
    let [hit, missed, falseAlarms] = [0, 0, 0]
    for (const { scenario, label, found } of cases) {
      if (found.has(kind) && label === kind) hit++
      else if (label === kind) missed++
      else if (found.has(kind)) falseAlarms++
      else continue
      if (!found.has(kind) || label !== kind) otherwise.set(`${kind}: ${scenario}`, (otherwise.get(`${kind}: ${scenario}`) ?? 0) + 1)
    }
    return {
      kind,
      findings: hit + missed,
      others: cases.length - hit - missed,
      precision: hit / (hit + falseAlarms),
      recall: hit / (hit + missed),
    }
  })
  console.table(lines)
  console.log('judged otherwise than labelled:', Object.fromEntries(otherwise))
  for (const { kind, precision, recall } of lines) {
    expect([kind, precision >= 0.9, recall >= 0.9]).toEqual([kind, true, true])
  }
})

test('a sighting says where, how much, and which spans to look at', () => {
  const [made] = labelledTraces(1)
  const [sighting] = judgeTraces(made?.traces ?? [])
  expect(sighting).toMatchObject({
    finding: 'n_plus_one',
    service: 'shop',
    kind: 2,
    subject: 'SELECT * FROM customers WHERE id = ?',
    cause: null,
  })
  const trace = made?.traces.find(({ traceId }) => traceId === sighting?.example?.traceId)
  const named = trace?.spans.filter(({ spanId }) => sighting?.example?.spanIds.includes(spanId))
  expect(named?.length).toBeGreaterThan(5)
  expect(new Set(named?.map(({ attributes }) => attributes.get('db.query.text') ?? attributes.get('db.statement')))).toEqual(
    new Set(['SELECT * FROM customers WHERE id = $1']),
  )
  expect(sighting?.facts.find(({ name }) => name === 'Traces that show it')?.value).toBe(made?.traces.length)
})

function span(spanId: string, parentId: string, more: Partial<SampledSpan> = {}): SampledSpan {
  return {
    spanId,
    parentId,
    service: 's',
    name: spanId,
    kind: 1,
    startMs: 0,
    durationMs: 1,
    isError: false,
    attributes: new Map(),
    ...more,
  }
}

test('a span that is its own parent, circles, orphans and doubles all have their place', () => {
  const spans = [
    span('a', 'a'),
    span('b', 'c'),
    span('c', 'b'),
    span('d', 'gone'),
    span('e', 'd', { kind: 2 }),
    span('f', 'e'),
    span('f', 'a'),
  ]
  const view = viewOf({ traceId: 't', isWhole: true, spans })
  expect(view.nodes.map(({ span: { spanId }, entry }) => [spanId, entry.spanId])).toEqual([
    ['a', 'a'],
    ['d', 'd'],
    ['e', 'e'],
    ['f', 'e'],
    ['b', 'b'],
    ['c', 'b'],
  ])
})

test('a chain as deep as a trace may be is walked', () => {
  const spans = Array.from({ length: 20_000 }, (_, i) => span(`${i}`, i === 0 ? '' : `${i - 1}`))
  expect(viewOf({ traceId: 't', isWhole: false, spans }).nodes).toHaveLength(20_000)
})

test.each([
  ['http://a.example:8080/users/42/orders/9f86d081-884c-7d65-9a2f-eaa0c55ad015?x=1#y', 'a.example:8080/users/*/orders/*'],
  ['https://user:pass@host/v2/items/00ff00ff00ff00ff', 'host/v2/items/*'],
  ['/relative/7', '/relative/*'],
  ['', ''],
])('address %s', (url, wanted) => {
  expect(normalizedUrl(url)).toBe(wanted)
})

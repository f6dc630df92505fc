/** The bodies hold what the workload says: the server's own decoders read them, and every sample is counted and added up. */
import { expect, test } from 'vitest'
import { createTestDoor, testNowMs } from '../../apps/server/src/protocols/testing/door.ts'
import { prepare } from './workloads.mjs'

const small = { intervalMs: 10_000, warmSteps: 0 }
const cases = [
  { name: 'one sample', kind: 'remoteWrite', fleet: { hosts: 7, apps: 2 }, steps: 5, bodies: { pack: 1, seriesPerBody: 30 }, ...small },
  { name: 'packed', kind: 'remoteWrite', fleet: { hosts: 7, apps: 2 }, steps: 13, bodies: { pack: 5, seriesPerBody: 30 }, ...small },
  {
    name: 'groups',
    kind: 'remoteWrite',
    fleet: { hosts: 9, hostsPerGroup: 2 },
    steps: 2,
    bodies: { pack: 1, seriesPerBody: 40 },
    ...small,
  },
  { name: 'otlp', kind: 'otlp', fleet: { hosts: 7, apps: 2 }, steps: 5, bodies: { hostsPerBody: 3 }, ...small },
]
const formats = { remoteWrite: ['remoteWrite1', 'snappy'], otlp: ['otlpProtobuf', 'identity'] }

/**
 * `{ series, metric, value, timeMs }` of each row that the door let through, but for what it adds to OTLP: `target_info`, and a zero at
 * the start of a cumulative series, which here is before the first step.
 */
async function decoded(workload) {
  const door = createTestDoor()
  const rows = []
  for (const { bytes, samples } of workload.bodies) {
    const [format, encoding] = formats[workload.kind]
    const outcome = await door.send(format, bytes, encoding)
    expect(outcome.pointsRefused).toBe(0)
    const taken = door.metrics
      .take()
      .map(parseRow)
      .filter(({ metric, timeMs }) => metric !== 'target_info' && timeMs >= workload.startMs)
    expect(taken).toHaveLength(samples)
    rows.push(...taken)
  }
  return rows
}

function parseRow(row) {
  const [, series, value, timeMs] = /^(.*) (\S+) @(\d+)$/.exec(row)
  return { series, metric: series.replace(/\{.*/, ''), value: Number(value), timeMs: Number(timeMs) }
}

/** OTLP names get units; what is left is the name in the workload. */
const plainName = (metric) => metric.replace(/_percent$/, '')

test.each(cases)('$name: as many samples with the same sums as were put in', async (workload) => {
  const prepared = prepare({ ...workload, name: 'test' }, { endMs: testNowMs })
  const rows = await decoded(prepared)
  const sums = new Map()
  for (const { metric, value } of rows) {
    const sum = sums.get(plainName(metric)) ?? { samples: 0, sum: 0 }
    sums.set(plainName(metric), { samples: sum.samples + 1, sum: sum.sum + value })
  }
  const expected = prepared.truth.metrics()
  expect([...sums.keys()].sort()).toEqual(expected.map(({ metric }) => metric).sort())
  for (const { metric, samples, sum } of expected) {
    expect(sums.get(metric).samples, metric).toBe(samples)
    expect(sums.get(metric).sum, metric).toBeCloseTo(sum, 6)
  }
  expect(rows).toHaveLength(prepared.samples)
  expect(new Set(rows.map(({ series }) => series)).size).toBe(prepared.series)
  expect([...new Set(rows.map(({ timeMs }) => timeMs))].sort()).toEqual(
    Array.from({ length: workload.steps }, (_, step) => prepared.startMs + step * workload.intervalMs),
  )
  expect(prepared.endMs).toBe(testNowMs)
})

test.each(cases)('$name: a series stays in its lane, and its times only grow', async (workload) => {
  const prepared = prepare({ ...workload, name: 'test' }, { endMs: testNowMs })
  const seen = new Map()
  for (const body of prepared.bodies) {
    for (const { series, timeMs } of await decoded({ ...prepared, bodies: [body] })) {
      const last = seen.get(series) ?? { lane: body.lane, timeMs: -1, bodyStep: body.step }
      expect(body.lane).toBe(last.lane)
      if (body.step > last.bodyStep) expect(timeMs).toBeGreaterThan(last.timeMs)
      seen.set(series, { lane: body.lane, timeMs: Math.max(timeMs, last.timeMs), bodyStep: body.step })
    }
  }
})

test('the same seed gives the same bytes, another one does not', () => {
  const bytesOf = (seed) =>
    Buffer.concat(prepare({ ...cases[0], name: 'test' }, { endMs: testNowMs, seed }).bodies.map(({ bytes }) => bytes))
  expect(bytesOf(1).equals(bytesOf(1))).toBe(true)
  expect(bytesOf(1).equals(bytesOf(2))).toBe(false)
})

test('counters and buckets never fall, and a bucket holds what those below it hold', async () => {
  const prepared = prepare({ ...cases[0], steps: 40, name: 'test' }, { endMs: testNowMs })
  const rows = await decoded(prepared)
  const last = new Map()
  for (const { series, metric, value } of rows) {
    if (metric.startsWith('http_')) expect(value).toBeGreaterThanOrEqual(last.get(series) ?? 0)
    last.set(series, value)
  }
  for (const [series, value] of last) {
    if (!series.startsWith('http_request_duration_seconds_bucket') || !series.includes('le="10"')) continue
    expect(value).toBeGreaterThanOrEqual(last.get(series.replace('le="10"', 'le="0.1"')))
    expect(last.get(series.replace('le="10"', 'le="+Inf"'))).toBeGreaterThanOrEqual(value)
  }
})

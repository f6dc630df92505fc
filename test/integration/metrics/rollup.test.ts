import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { STALE } from '../../../apps/server/src/metrics/index.ts'
import { rollupStatement, rollupTables } from '../../../apps/server/src/metrics/samples/rollup.ts'
import { batchOf, openEngine, openStack, type EngineHome, type TestSample } from './metrics-stack.ts'

let home: EngineHome
const startMs = Date.UTC(2026, 10, 20, 10)

beforeAll(async () => {
  home = await openEngine()
})

afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

interface Bucket {
  count: number
  sum: number
  min: number
  max: number
  first: number
  last: number
  increase: number
}

/** One pass over the samples of a series, as the rows are meant. */
function naive(samples: readonly TestSample[], bucketMs: number): Map<number, Bucket> {
  const out = new Map<number, Bucket>()
  for (const { timeMs, value } of [...samples].sort((a, b) => a.timeMs - b.timeMs)) {
    if (value === STALE) continue
    const start = Math.floor(timeMs / bucketMs) * bucketMs
    const bucket = out.get(start)
    if (bucket === undefined) out.set(start, { count: 1, sum: value, min: value, max: value, first: value, last: value, increase: 0 })
    else {
      bucket.increase += value < bucket.last ? value : value - bucket.last
      bucket.count++
      bucket.sum += value
      bucket.min = Math.min(bucket.min, value)
      bucket.max = Math.max(bucket.max, value)
      bucket.last = value
    }
  }
  return out
}

async function read(table: string): Promise<Map<number, Bucket>> {
  const out = new Map<number, Bucket>()
  const sql = `SELECT toFloat64(ts), toFloat64(count), sum, min, max, first, last, increase FROM ${table} FINAL ORDER BY ts`
  for await (const block of home.engine.queryNative({ sql, class: 'internal' })) {
    const column = (i: number, row: number): number => {
      const one = block.columns[i]
      return one?.kind === 'f64' ? one.data[row]! : NaN
    }
    for (let row = 0; row < block.rows; row++) {
      const [count, sum, min, max, first, last, increase] = [1, 2, 3, 4, 5, 6, 7].map((i) => column(i, row))
      out.set(column(0, row), { count: count!, sum: sum!, min: min!, max: max!, first: first!, last: last!, increase: increase! })
    }
  }
  return out
}

test('closed buckets hold what one pass over the samples gives; made again they count once, with late data', async () => {
  await using stack = await openStack({ engine: home.engine, logDir: join(home.dataDir, 'log') })
  const values = [0, 5, 9, 2, STALE, 4, 4.5, 0.25, 7]
  const samples = Array.from({ length: 300 }, (_, i): TestSample => ({
    labels: { __name__: 'c' },
    timeMs: startMs + i * 17_000,
    value: values[i % values.length]!,
  }))
  await stack.ingest.accept(batchOf(stack.ingest, samples), 10)
  await stack.drain()
  const range = { fromMs: startMs, toMs: startMs + 2 * 3_600_000 }
  for (const rollup of rollupTables) {
    for (let round = 0; round < 2; round++) await home.engine.command(rollupStatement(rollup, { ...range, version: 1 }))
    expect(await read(rollup.table)).toEqual(naive(samples, rollup.bucketMs))
  }
  const late: TestSample = { labels: { __name__: 'c' }, timeMs: startMs + 1, value: 100 }
  await stack.ingest.accept(batchOf(stack.ingest, [late]), 10)
  await stack.drain()
  for (const rollup of rollupTables) {
    await home.engine.command(rollupStatement(rollup, { ...range, version: 2 }))
    expect(await read(rollup.table)).toEqual(naive([...samples, late], rollup.bucketMs))
  }
})

test('only whole buckets are made', () => {
  for (const rollup of rollupTables)
    expect(() => rollupStatement(rollup, { fromMs: 1, toMs: 3_600_000, version: 1 })).toThrow(/whole buckets/)
})

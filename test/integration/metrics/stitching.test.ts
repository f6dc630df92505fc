import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createMetricsStore, GridStore, SampleStore, warmHead } from '../../../apps/server/src/metrics/index.ts'
import { fileEngine } from './file-engine.ts'
import {
  batchOf,
  budget,
  live,
  openStack,
  readAll,
  scope,
  someSamples,
  startMs,
  toRecord,
  toText,
  up,
  type Stack,
  type TestSample,
} from './metrics-stack.ts'

const home = fileEngine()

describe('head and engine', () => {
  test('stitched at every boundary, with late and repeated samples, equal to a plain model', async () => {
    const logDir = home.freshLog()
    const hosts = ['a', 'b', 'c']
    const model = new Map<string, Map<number, number>>()
    const put = async (stack: Stack, samples: readonly TestSample[]): Promise<void> => {
      await stack.ingest.accept(batchOf(stack.ingest, samples), 10)
      for (const { labels, timeMs, value } of samples) {
        const series = model.get(labels['host']!) ?? new Map<number, number>()
        model.set(labels['host']!, series)
        if (!series.has(timeMs)) series.set(timeMs, value)
      }
    }
    const sample = (host: string, i: number, value = i): TestSample => ({
      labels: { __name__: 'up', host },
      timeMs: startMs + i * 15_000,
      value,
    })
    const expectSame = async (stack: Stack): Promise<void> => {
      for (const [from, to] of [
        [0, 900],
        [0, 0],
        [100, 400],
        [299, 301],
        [300, 300],
        [450, 900],
        [599, 601],
        [601, 800],
      ] as const) {
        const want: Record<string, [number, number][]> = {}
        for (const [host, series] of model) {
          const rows = [...series]
            .filter(([time]) => time >= startMs + from * 15_000 && time <= startMs + to * 15_000)
            .sort((x, y) => x[0] - y[0])
          if (rows.length > 0) want[`__name__=up,host=${host}`] = rows
        }
        expect(await readAll(stack, startMs + from * 15_000, startMs + to * 15_000), `${from}..${to}`).toEqual(want)
      }
    }
    {
      await using first = await openStack({ engine: home.engine, logDir })
      for (let i = 0; i < 300; i += 10)
        await put(
          first,
          hosts.flatMap((host) => Array.from({ length: 10 }, (_, k) => sample(host, i + k))),
        )
      await first.drain()
      await put(first, [sample('a', 5, 99), sample('a', 6, 6), sample('b', 7.5)])
      await expectSame(first)
    }
    await using second = await openStack({ engine: home.engine, logDir })
    expect(second.head.coversFromMs).toBe(startMs + 299 * 15_000 + 1)
    await expectSame(second)
    for (let i = 300; i < 600; i += 50)
      await put(
        second,
        hosts.map((host) => sample(host, i)),
      )
    // Late data below the watermark: visible at once, and after insertion not twice.
    await put(second, [sample('a', 20.5), sample('c', 298.5), sample('a', 299), sample('d', 3)])
    await expectSame(second)
    await second.drain()
    await expectSame(second)
  })

  test('a small head gives up old samples and nothing is missing or doubled', async () => {
    await using stack = await openStack({ engine: home.engine, logDir: home.freshLog(), headSizeBytesMax: 20_000 })
    const want: Record<string, [number, number][]> = {}
    for (let i = 0; i < 60; i++) {
      const some = Array.from({ length: 100 }, (_, k): TestSample => ({
        labels: { __name__: 'up', host: `h${k % 10}` },
        timeMs: startMs + i * 60_000 + Math.floor(k / 10) * 5_000,
        value: i * 100 + k,
      }))
      await stack.ingest.accept(batchOf(stack.ingest, some), 10)
      for (const { labels, timeMs, value } of some) (want[`__name__=up,host=${labels['host']}`] ??= []).push([timeMs, value])
      if (i % 10 === 9) await stack.drain()
    }
    await stack.drain()
    expect(stack.head.coversFromMs).toBeGreaterThan(startMs)
    expect(stack.head.sampleCount).toBeLessThan(6_000)
    expect(await readAll(stack)).toEqual(want)
  })

  test('a range the head covers needs no engine; an older one says what is wrong', async () => {
    const broken = {
      ...home,
      queryNative: () => {
        throw new Error('engine asked')
      },
    }
    await using stack = await openStack({ engine: home.engine, logDir: home.freshLog(), withoutWriter: true })
    await stack.ingest.accept(batchOf(stack.ingest, someSamples(10)), 10)
    const { past } = stack
    const parts = { past, samples: new SampleStore(broken, stack.registry), grids: [new GridStore(broken, stack.registry)] }
    const store = createMetricsStore({ registry: stack.registry, head: stack.head, histograms: stack.histograms, ...parts })
    expect(toText(await store.select(scope, { matchers: [...up], fromMs: 0, toMs: Infinity }, { ...budget, signal: live }))).toEqual(
      toRecord(someSamples(10)),
    )
    stack.head.coverFrom(startMs + 1)
    await expect(store.select(scope, { matchers: [...up], fromMs: 0, toMs: Infinity }, { ...budget, signal: live })).rejects.toThrow(
      'engine asked',
    )
    expect(
      toText(await store.select(scope, { matchers: [...up], fromMs: startMs + 1, toMs: Infinity }, { ...budget, signal: live })),
    ).toEqual(toRecord(someSamples(10).slice(1)))
  })

  test('after a start the last hours come back into memory, and answers are the same', async () => {
    const logDir = home.freshLog()
    const sample = (host: string, i: number): TestSample => ({ labels: { __name__: 'up', host }, timeMs: startMs + i * 60_000, value: i })
    const samples = ['a', 'b', 'c'].flatMap((host) => Array.from({ length: 300 }, (_, i) => sample(host, i)))
    {
      await using first = await openStack({ engine: home.engine, logDir })
      await first.ingest.accept(batchOf(first.ingest, samples), 10)
      await first.drain()
    }
    await using second = await openStack({ engine: home.engine, logDir })
    const newestMs = startMs + 299 * 60_000
    expect(second.head.coversFromMs).toBe(newestMs + 1)
    // What comes while it is filled: new, late in the middle of it, and a repetition.
    const more = [sample('a', 301), sample('b', 250.5), sample('c', 260)]
    await second.ingest.accept(batchOf(second.ingest, more), 10)
    await using warming = warmHead({ engine: home.engine, registry: second.registry, head: second.head, logger: silentLogger, hours: 2 })
    await warming.done
    const fromMs = startMs + 180 * 60_000
    expect(second.head.coversFromMs).toBe(fromMs)
    const want = toRecord([...samples, sample('a', 301), sample('b', 250.5)].filter(({ timeMs }) => timeMs >= fromMs))
    expect(await readAll(second, fromMs)).toEqual(want)
    const broken = {
      ...home,
      queryNative: () => {
        throw new Error('engine asked')
      },
    }
    const { registry, head, histograms, past } = second
    const store = createMetricsStore({ registry, head, histograms, past, samples: new SampleStore(broken, registry) })
    const request = { matchers: [...up], fromMs, toMs: Infinity }
    expect(toText(await store.select(scope, request, { ...budget, signal: live }))).toEqual(want)
  })
})

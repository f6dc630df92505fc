/** The forms over all windows of a series against the plain functions, window by window: equal to the last bit. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { QueryContext } from '../evaluator/context.ts'
import { SymbolTable } from '../evaluator/label-sets.ts'
import { applyOverRange, Window, type RangeFunction, type RangeInput, type RowKernel } from '../evaluator/range-input.ts'
import { overTimeKernels } from './over-time-kernels.ts'
import { overTimeFunctions } from './over-time.ts'
import { rateKernels } from './rate-kernels.ts'
import { rateFunctions } from './rate.ts'

const symbols = new SymbolTable()

function contextOf(): QueryContext {
  return new QueryContext({
    text: '',
    bounds: { startMs: 0, endMs: 0, stepMs: 1 },
    symbols,
    source: { select: () => Promise.reject(new Error('nothing is read')) },
    limits: { samplesMax: 1e7, seriesMax: 1e5, timeoutMs: 60_000, stepsMax: 11_000, lookbackMs: 300_000 },
    clock: systemClock,
    signal: new AbortController().signal,
    delayedNames: false,
  })
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 1000 }) },
  { weight: 4, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e6, max: 1e6 }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1.7e308, -1.7e308, 0) },
)
const series = fc.record({
  values: fc.array(value, { maxLength: 200 }),
  gaps: fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 20 }),
  startMs: fc.integer({ min: -100_000, max: 3_000_000 }),
  stepMs: fc.integer({ min: 1, max: 200_000 }),
  steps: fc.integer({ min: 1, max: 40 }),
  rangeMs: fc.integer({ min: 1, max: 4_000_000 }),
  quantile: fc.constantFrom(-1, 0, 0.3, 0.5, 0.99, 1, 2, NaN),
  lead: fc.integer({ min: 0, max: 3 }),
})

type Series = typeof series extends fc.Arbitrary<infer T> ? T : never

/** The same points, with `lead` foreign rows before them in the columns. */
async function cellsOf(
  { values, gaps, startMs, stepMs, steps, rangeMs, quantile, lead }: Series,
  func: RangeFunction,
  kernel: RowKernel | null,
): Promise<number[]> {
  const columns = { times: new Float64Array(lead + values.length + 2), values: new Float64Array(lead + values.length + 2).fill(7) }
  let timeMs = 0
  for (const [i, one] of values.entries()) {
    timeMs += gaps[i % gaps.length] ?? 1
    columns.times[lead + i] = timeMs
    columns.values[lead + i] = one
  }
  const input: RangeInput = {
    sets: [symbols.labelSet([])],
    dropName: new Uint8Array(1),
    points: () => ({ ...columns, start: lead, end: lead + values.length, histogramTimes: new Float64Array(0), histograms: [] }),
    reference: { startMs, stepMs },
    rangeMs,
    anchorMs: 0,
  }
  using ctx = contextOf()
  const window = new Window(ctx, 0, [new Float64Array(steps).fill(quantile)])
  const result = await applyOverRange(input, { startMs, stepMs, steps }, { func, kernel }, window)
  return Array.from(result.values)
}

const functions = new Map([...rateFunctions, ...overTimeFunctions])

describe('all windows at once', () => {
  for (const [name, kernel] of [...rateKernels, ...overTimeKernels]) {
    test(`${name} as window by window`, async () => {
      const func = functions.get(name)
      if (func === undefined) throw new Error('no plain form')
      await fc.assert(
        fc.asyncProperty(series, async (one) => {
          expect(await cellsOf(one, func, kernel)).toEqual(await cellsOf(one, func, null))
        }),
        { numRuns: 300 },
      )
    })
  }
})

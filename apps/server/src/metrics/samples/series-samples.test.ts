import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSamples, type SeriesSamples } from './series-samples.ts'

type Rows = readonly (readonly [timeMs: number, value: number])[]

function samplesOf(series: readonly Rows[]): SeriesSamples {
  const offsets = [0]
  for (const rows of series) offsets.push(offsets[offsets.length - 1]! + rows.length)
  const all = series.flat()
  return {
    offsets: Uint32Array.from(offsets),
    timesMs: Float64Array.from(all, (row) => row[0]),
    values: Float64Array.from(all, (row) => row[1]),
  }
}

/** Ascending times, some of them twice in a row, as the engine may give them. */
const rows = fc.array(fc.tuple(fc.nat(30), fc.nat(5)), { maxLength: 12 }).map((all): Rows => [...all].sort((a, b) => a[0] - b[0]))

test('two sources become one, each time once, the first source and the first of its neighbours kept', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(rows, rows), { maxLength: 5 }), (pairs) => {
      const merged = mergeSamples(samplesOf(pairs.map((pair) => pair[0])), samplesOf(pairs.map((pair) => pair[1])))
      const want = pairs.map(([first, second]) => {
        const byTime = new Map<number, number>()
        for (const [time, value] of [...first, ...second]) if (!byTime.has(time)) byTime.set(time, value)
        return [...byTime].sort((a, b) => a[0] - b[0])
      })
      expect(
        pairs.map((_, i) =>
          Array.from(merged.timesMs.subarray(merged.offsets[i], merged.offsets[i + 1]), (time, k) => [
            time,
            merged.values[merged.offsets[i]! + k],
          ]),
        ),
      ).toEqual(want)
    }),
  )
})

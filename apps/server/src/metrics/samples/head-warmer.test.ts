import { describe, expect, test } from 'vitest'
import type { NativeBlock } from '../../engines/index.ts'
import { silentLogger } from '../../kernel/log.ts'
import { chunkBytes } from './chunk-pool.ts'
import { warmHead } from './head-warmer.ts'
import { Head } from './head.ts'
import { putInt64, putValue } from './sample-value.ts'

const hourMs = 3_600_000
const newestMs = 100 * hourMs - 1

/** Rows of series 1, a second apart from the start of the hour. */
function blockOf(hour: number, rows: number): NativeBlock {
  const series = new Uint32Array(rows * 2)
  const ts = new Uint32Array(rows * 2)
  const i = new Uint32Array(rows * 2)
  const f = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    series[row * 2] = 1
    putInt64(ts, row, hour * hourMs + row * 1000)
    putValue(i, f, row, row)
  }
  const columns: NativeBlock['columns'] = [
    { kind: 'w64', signed: false, data: series },
    { kind: 'w64', signed: true, data: ts },
    { kind: 'w64', signed: true, data: i },
    { kind: 'f64', data: f },
  ]
  return { rows, names: ['series', 'ts', 'i', 'f'], columns }
}

/** Warms a head of so many chunks with a block of `rows` an hour; `meanwhile` runs after each block. */
async function warmed(
  chunks: number,
  rows: number,
  meanwhile: (head: Head) => void = () => undefined,
): Promise<{ head: Head; asked: number }> {
  const head = new Head({ sizeBytesMax: chunks * chunkBytes, clock: { monotonicMs: () => 1e9 }, pendingAgeMs: () => 0 })
  head.coverFrom(newestMs + 1)
  let asked = 0
  const engine = {
    async *queryNative({ sql }: { sql: string }): AsyncGenerator<NativeBlock> {
      asked++
      yield blockOf(Number(/hour = (\d+)/.exec(sql)?.[1]), rows)
      meanwhile(head)
    },
  }
  await using warming = warmHead({ engine, registry: { findId: (low) => low, loadedFromMinute: -1 }, head, logger: silentLogger })
  await warming.done
  return { head, asked }
}

describe('warming', () => {
  test('lowers the watermark hour by hour', async () => {
    const { head, asked } = await warmed(10_000, 100)
    expect([head.coversFromMs, head.sampleCount, asked]).toEqual([97 * hourMs, 300, 3])
  })

  test('stops behind an hour whose last block leaves too little room', async () => {
    const { head, asked } = await warmed(100, 60 * 16)
    expect([head.coversFromMs, asked]).toEqual([newestMs + 1, 1])
  })

  test('stops when something was given up below the watermark', async () => {
    // Late data in between fills the head up, and what was filled in is the oldest.
    const { head, asked } = await warmed(1000, 100, (filling) => {
      for (let i = 0; i < 1000 * 16 && filling.coverLosses < 2; i++) {
        filling.append(Uint32Array.of(2), Float64Array.of(newestMs - 40_000 + i), Float64Array.of(i), 1)
      }
    })
    expect([head.coversFromMs, asked]).toEqual([newestMs + 1, 1])
  })
})

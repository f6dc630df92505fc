/**
 * Rows of rollup tables as columns. A bucket of whole numbers is kept as small differences, which take a few bytes a row: `first_d` =
 * last - first, `low_d` = least of both ends - min, `high_d` = max - greatest of both ends, `mid_d` = 2 sum - count x (first + last).
 * Others are kept as they are, in the columns that end in `_f`. Format: docs/formats/rollups.md.
 */
import type { NativeColumn, NativeWriteColumn } from '../../engines/index.ts'
import { putInt64 } from '../samples/sample-value.ts'
import type { BucketRow } from './bucket.ts'
import type { RollupWidth } from './spans.ts'

export const staleFlag = 1
export const oddFlag = 2
export const wholeFlag = 4
/** `min_f` or `max_f` is 0 and stands for the lesser or the greater of both ends. */
export const lowEndFlag = 8
export const highEndFlag = 16
/**
 * Falls so often that it is no counter: what counters lost at resets, resets and changes are not kept, which would take a third of the
 * space. Functions that need them read samples.
 */
export const wavyFlag = 32

/** Rows of one insert: a few MB. */
export const rowsPerBlock = 65_536

/** Can the differences be kept as whole numbers that neither side rounds? */
function fitsWhole({ isWhole, count, first, last, min, max, sum, resetSum }: BucketRow): boolean {
  if (!isWhole) return false
  const middle = count * (first + last)
  return (
    Number.isSafeInteger(2 * sum) &&
    Number.isSafeInteger(middle) &&
    Number.isSafeInteger(2 * sum - middle) &&
    Number.isSafeInteger(max - min) &&
    Number.isSafeInteger(last - first) &&
    Number.isSafeInteger(resetSum)
  )
}

const u32s = (): Uint32Array<ArrayBuffer> => new Uint32Array(rowsPerBlock)
const w64s = (): Uint32Array<ArrayBuffer> => new Uint32Array(rowsPerBlock * 2)
const f64s = (): Float64Array<ArrayBuffer> => new Float64Array(rowsPerBlock)

/** Whose a row is, as its table has it. */
export interface RowKey {
  org: number
  project: number
  metric: number
  /** Halves of the series id. */
  low: number
  high: number
}

export class RowColumns {
  rows = 0
  #hasWhole = false
  #hasFloats = false
  readonly #width: RollupWidth
  readonly #key = { org: u32s(), project: u32s(), metric: u32s(), slot: u32s(), bucket: u32s(), seq: u32s() }
  readonly #series = w64s()
  readonly #facts = {
    count: u32s(),
    first_at: u32s(),
    last_at: u32s(),
    flags: new Uint8Array(rowsPerBlock),
    resets: u32s(),
    changes: u32s(),
  }
  readonly #whole = { last_i: w64s(), first_d: w64s(), low_d: w64s(), high_d: w64s(), mid_d: w64s(), fix_i: w64s() }
  readonly #float = { last_f: f64s(), first_f: f64s(), min_f: f64s(), max_f: f64s(), sum_f: f64s(), fix_f: f64s() }

  constructor(width: RollupWidth) {
    this.#width = width
  }

  get isFull(): boolean {
    return this.rows === rowsPerBlock
  }

  /** Adds a bucket of the series, made by round `seq`. Not when it is full. The objects may be used again afterwards. */
  push({ org, project, metric, low, high }: RowKey, bucket: number, seq: number, row: BucketRow): void {
    const at = this.rows++
    const key = this.#key
    key.org[at] = org
    key.project[at] = project
    key.metric[at] = metric
    key.slot[at] = bucket / this.#width.slotBuckets
    key.bucket[at] = bucket
    key.seq[at] = seq
    this.#series[at * 2] = low
    this.#series[at * 2 + 1] = high
    const isWhole = fitsWhole(row)
    const facts = this.#facts
    facts.count[at] = row.count
    facts.first_at[at] = row.firstAtMs
    facts.last_at[at] = row.lastAtMs
    facts.flags[at] = flagsOf(row, isWhole)
    facts.resets[at] = row.isWavy ? 0 : row.resets
    facts.changes[at] = row.isWavy ? 0 : row.changes
    if (row.count === 0) return
    if (isWhole) this.#putWhole(at, row)
    else this.#putFloat(at, row)
    if (!isWhole) this.#hasFloats = true
    else this.#hasWhole = true
  }

  /** The columns of all rows, without those that are all zero; `clear` before the next. */
  toColumns(): NativeWriteColumn[] {
    const of = (type: string, columns: Readonly<Record<string, NativeColumn>>): NativeWriteColumn[] =>
      Object.entries(columns).map(([name, values]) => ({ name, type, values }))
    const { flags, ...facts } = this.#facts
    return [
      ...of(
        'UInt32',
        mapped({ ...this.#key, ...facts }, (data) => ({ kind: 'u32', data })),
      ),
      ...of('UInt8', { flags: { kind: 'u8', data: flags } }),
      ...of('UInt64', { series: { kind: 'w64', signed: false, data: this.#series } }),
      ...(this.#hasWhole
        ? of(
            'Int64',
            mapped(this.#whole, (data) => ({ kind: 'w64', signed: true, data })),
          )
        : []),
      ...(this.#hasFloats
        ? of(
            'Float64',
            mapped(this.#float, (data) => ({ kind: 'f64', data })),
          )
        : []),
    ]
  }

  clear(): void {
    this.#hasWhole = this.#hasFloats = false
    for (const column of [...Object.values(this.#whole), ...Object.values(this.#float)]) column.fill(0)
    this.rows = 0
  }

  #putWhole(at: number, { count, first, last, min, max, sum, resetSum, isWavy }: BucketRow): void {
    const whole = this.#whole
    putInt64(whole.last_i, at, last)
    putInt64(whole.first_d, at, last - first)
    putInt64(whole.low_d, at, Math.min(first, last) - min)
    putInt64(whole.high_d, at, max - Math.max(first, last))
    putInt64(whole.mid_d, at, 2 * sum - count * (first + last))
    putInt64(whole.fix_i, at, isWavy ? 0 : resetSum)
  }

  #putFloat(at: number, row: BucketRow): void {
    const float = this.#float
    float.last_f[at] = row.last
    float.first_f[at] = row.first
    float.min_f[at] = isLowEnd(row) ? 0 : row.min
    float.max_f[at] = isHighEnd(row) ? 0 : row.max
    float.sum_f[at] = row.sum
    float.fix_f[at] = row.isWavy ? 0 : row.resetSum
  }
}

const isLowEnd = ({ min, first, last }: BucketRow): boolean => min === Math.min(first, last)
const isHighEnd = ({ max, first, last }: BucketRow): boolean => max === Math.max(first, last)

function flagsOf(row: BucketRow, isWhole: boolean): number {
  const ends = isWhole ? 0 : (isLowEnd(row) ? lowEndFlag : 0) | (isHighEnd(row) ? highEndFlag : 0)
  return (row.endsStale ? staleFlag : 0) | (row.isOdd ? oddFlag : 0) | (isWhole ? wholeFlag : 0) | (row.isWavy ? wavyFlag : 0) | ends
}

function mapped<T>(columns: Readonly<Record<string, T>>, map: (data: T) => NativeColumn): Record<string, NativeColumn> {
  return Object.fromEntries(Object.entries(columns).map(([name, data]) => [name, map(data)]))
}

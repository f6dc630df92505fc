/**
 * Hours of a series from its five-minute buckets, which come in the order of their table and their rounds: of two rows of one bucket the
 * second counts.
 */
import type { NativeBlock, NativeColumn } from '../../engines/index.ts'
import { Bucket } from './bucket.ts'
import { bucketSql } from './bucket-values.ts'
import { type RowKey, oddFlag, staleFlag, wavyFlag, wholeFlag } from './row-columns.ts'
import { bucketsPerHour, fiveMinutes } from './spans.ts'

const columnSql = [
  bucketSql.count,
  bucketSql.firstAt,
  bucketSql.lastAt,
  bucketSql.resets,
  bucketSql.changes,
  bucketSql.first,
  bucketSql.last,
  bucketSql.min,
  bucketSql.max,
  bucketSql.sum,
  bucketSql.resetSum,
]

/** What `HourBuilder` reads. */
export const hourRowSql = ['series', 'org', 'project', 'metric', 'bucket', 'flags', ...columnSql].join(', ')

/** Takes finished hours; the objects are used again. */
export type HourSink = (key: RowKey, hour: number, content: Bucket) => void

export class HourBuilder {
  readonly #emit: HourSink
  readonly #hour = new Bucket()
  readonly #part = new Bucket()
  /** The series, from the rows themselves: it may have left the index long ago. */
  readonly #key: RowKey = { org: 0, project: 0, metric: 0, low: -1, high: -1 }
  /** The hour; -1: none is open. */
  #open = -1
  /** The bucket in `#part`, which counts once its last row was seen; -1: none. */
  #pending = -1

  constructor(emit: HourSink) {
    this.#emit = emit
  }

  /** Adds rows of `hourRowSql`. */
  add({ rows, columns }: NativeBlock): void {
    const [series, org, project, metric, bucket, flags, ...rest] = columns
    if (org?.kind !== 'u32' || project?.kind !== 'u32' || metric?.kind !== 'u32') throw new Error('unexpected columns of rollups')
    if (series?.kind !== 'w64' || bucket?.kind !== 'u32' || flags?.kind !== 'u8') throw new Error('unexpected columns of rollups')
    const values = rest.map(numbersOf)
    const ids = series.data
    for (let row = 0; row < rows; row++) {
      const itsBucket = bucket.data[row]!
      const hour = Math.floor(itsBucket / bucketsPerHour)
      const key = this.#key
      const isSame = ids[row * 2] === key.low && ids[row * 2 + 1] === key.high
      if (!isSame || hour !== this.#open) {
        this.finish()
        key.org = org.data[row]!
        key.project = project.data[row]!
        key.metric = metric.data[row]!
        key.low = ids[row * 2]!
        key.high = ids[row * 2 + 1]!
        this.#open = hour
        this.#hour.reset()
      } else if (itsBucket !== this.#pending) this.#settle()
      this.#restore(values, row, flags.data[row]!)
      this.#pending = itsBucket
    }
  }

  finish(): void {
    this.#settle()
    if (this.#open !== -1) this.#emit(this.#key, this.#open, this.#hour)
    this.#open = -1
  }

  #settle(): void {
    if (this.#pending !== -1) this.#hour.append(this.#part, (this.#pending % bucketsPerHour) * fiveMinutes.bucketMs)
    this.#pending = -1
  }

  #restore(values: readonly ArrayLike<number>[], row: number, flags: number): void {
    const at = (column: number): number => values[column]![row]!
    this.#part.restore({
      count: at(0),
      firstAtMs: at(1),
      lastAtMs: at(2),
      resets: at(3),
      changes: at(4),
      first: at(5),
      last: at(6),
      // A bucket of stale markers has no values; what is stored in their place must not be taken for any.
      min: at(0) === 0 ? NaN : at(7),
      max: at(0) === 0 ? NaN : at(8),
      sum: at(9),
      resetSum: at(10),
      endsStale: (flags & staleFlag) !== 0,
      isOdd: (flags & oddFlag) !== 0,
      isWavy: (flags & wavyFlag) !== 0,
      isWhole: (flags & wholeFlag) !== 0 || at(0) === 0,
    })
  }
}

function numbersOf(column: NativeColumn): ArrayLike<number> {
  if (column.kind !== 'u32' && column.kind !== 'f64') throw new Error('unexpected columns of rollups')
  return column.data
}

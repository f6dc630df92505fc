/**
 * The members of sets in a metrics record: one section that says its own counts. Words: rows, members, then times (f64[rows]), four columns of
 * u32[rows] (series id low, high, metric, end of its members) and the members (low and high half in turn). See docs/formats/metrics-record.md.
 */
import { AppError } from '../../kernel/errors.ts'
import { recordDamaged } from '../errors.ts'
import type { SetRows } from '../sets/set-rows.ts'
import type { SeriesRegistry } from '../series/registry.ts'

/** Sets as they lie in a record; columns are views of it. */
export interface RecordSets {
  readonly count: number
  readonly idLow: Uint32Array
  readonly idHigh: Uint32Array
  readonly metric: Uint32Array
  /** Start of the minute, ms since 1970. */
  readonly timesMs: Float64Array
  /** Ends of each row's members, ascending. */
  readonly ends: Uint32Array
  /** Low and high half of each member in turn. */
  readonly members: Uint32Array
}

const rowWords = 6
const headWords = 2

/** Size of the section in 32-bit words; 0 when there are no sets. */
export function setWordsOf(sets: Pick<SetRows, 'count' | 'memberCount'>): number {
  return sets.count === 0 ? 0 : headWords + sets.count * rowWords + sets.memberCount * 2
}

/** Writes the section at `offset`, a multiple of 8. */
export function writeSets(
  buffer: ArrayBuffer,
  offset: number,
  sets: SetRows,
  series: Pick<SeriesRegistry, 'idLow' | 'idHigh' | 'metricHash'>,
): void {
  const { count, memberCount } = sets
  if (count === 0) return
  new Uint32Array(buffer, offset, headWords).set([count, memberCount])
  const timesAt = offset + headWords * 4
  new Float64Array(buffer, timesAt, count).set(sets.timesMs.subarray(0, count))
  const words = new Uint32Array(buffer, timesAt + count * 8, count * 4 + memberCount * 2)
  for (let row = 0; row < count; row++) {
    const ref = sets.refs[row]!
    words[row] = series.idLow(ref)
    words[count + row] = series.idHigh(ref)
    words[2 * count + row] = series.metricHash(ref)
    words[3 * count + row] = sets.ends[row]!
  }
  words.set(sets.members.subarray(0, memberCount * 2), count * 4)
}

const noWords = new Uint32Array(0)
const noSets: RecordSets = {
  count: 0,
  idLow: noWords,
  idHigh: noWords,
  metric: noWords,
  timesMs: new Float64Array(0),
  ends: noWords,
  members: noWords,
}

/** Reads a section of `words` words. Throws `metrics.record_damaged`. */
export function readSets(buffer: ArrayBufferLike, offset: number, words: number): RecordSets {
  if (words === 0) return noSets
  const [count = 0, memberCount = 0] = words < headWords ? [] : new Uint32Array(buffer, offset, headWords)
  if (count === 0 || words !== headWords + count * rowWords + memberCount * 2) {
    throw new AppError(recordDamaged, { detail: 'members of sets that are not there' })
  }
  const timesAt = offset + headWords * 4
  const columns = new Uint32Array(buffer, timesAt + count * 8, count * 4 + memberCount * 2)
  const ends = columns.subarray(3 * count, 4 * count)
  let start = 0
  for (const end of ends) {
    if (end < start || end > memberCount) throw new AppError(recordDamaged, { detail: 'ends of sets out of order' })
    start = end
  }
  return {
    count,
    idLow: columns.subarray(0, count),
    idHigh: columns.subarray(count, 2 * count),
    metric: columns.subarray(2 * count, 3 * count),
    timesMs: new Float64Array(buffer, timesAt, count),
    ends,
    members: columns.subarray(4 * count),
  }
}

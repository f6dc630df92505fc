/** SQL that gives the values of a stored bucket back, exactly as they were put in (row-columns.ts). Times in ms after its start. */
import { highEndFlag, lowEndFlag, wholeFlag } from './row-columns.ts'

/** `STALE` as an expression that does not depend on how decimal texts are read. */
export const staleSql = "reinterpretAsFloat64(unhex('FEFFFFFFFFFFEFFF'))"

const either = (whole: string, float: string): string => `if(bitAnd(flags, ${wholeFlag}) != 0, toFloat64(${whole}), ${float})`

const first = either('last_i - first_d', 'first_f')
const last = either('last_i', 'last_f')
const has = (flag: number): string => `bitAnd(flags, ${flag}) != 0`

export const bucketSql = {
  count: 'count',
  firstAt: 'first_at',
  lastAt: 'last_at',
  resets: 'resets',
  changes: 'changes',
  first,
  last,
  min: `multiIf(${has(wholeFlag)}, toFloat64(least(last_i, last_i - first_d) - low_d), ${has(lowEndFlag)}, least(first_f, last_f), min_f)`,
  max: `multiIf(${has(wholeFlag)}, toFloat64(greatest(last_i, last_i - first_d) + high_d), ${has(highEndFlag)}, greatest(first_f, last_f), max_f)`,
  sum: either('intDiv(mid_d + toInt64(count) * (2 * last_i - first_d), 2)', 'sum_f'),
  resetSum: either('fix_i', 'fix_f'),
} as const

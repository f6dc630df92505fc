/** SQL that gives the values of a stored bucket back, exactly as they were put in (row-columns.ts). Times in ms after its start. */
import { oddFlag, staleFlag, wholeFlag } from './row-columns.ts'

const either = (whole: string, float: string): string => `if(bitAnd(flags, ${wholeFlag}) != 0, toFloat64(${whole}), ${float})`

export const bucketSql = {
  count: 'count',
  firstAt: 'first_at',
  lastAt: 'last_at',
  resets: 'resets',
  changes: 'changes',
  isStale: `bitAnd(flags, ${staleFlag})`,
  isOdd: `bitAnd(flags, ${oddFlag})`,
  flags: 'flags',
  first: either('last_i - first_d', 'first_f'),
  last: either('last_i', 'last_f'),
  min: either('least(last_i, last_i - first_d) - low_d', 'min_f'),
  max: either('greatest(last_i, last_i - first_d) + high_d', 'max_f'),
  sum: either('intDiv(mid_d + toInt64(count) * (2 * last_i - first_d), 2)', 'sum_f'),
  resetSum: either('fix_i', 'fix_f'),
} as const

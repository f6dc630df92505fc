/** Functions and aggregation operators by name: what they take and give. The evaluator's tables are checked against this one. */
import type { ValueType } from './ast.ts'

export interface Signature {
  readonly name: string
  readonly args: readonly ValueType[]
  /** 0: exactly `args`; n: the last one is optional and may come up to n times; -1: any number of times. */
  readonly variadic: number
  readonly returns: ValueType
}

function group(names: string, args: readonly ValueType[], { returns = 'vector', variadic = 0 }: Partial<Signature> = {}): Signature[] {
  return names.split(' ').map((name) => ({ name, args, variadic, returns }))
}

const all: readonly Signature[] = [
  ...group(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_stddev ' +
      'histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp',
    ['vector'],
  ),
  ...group(
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time ' +
      'mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ' +
      'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
    ['matrix'],
  ),
  ...group('day_of_month day_of_week day_of_year days_in_month hour minute month year', ['vector'], { variadic: 1 }),
  ...group('clamp', ['vector', 'scalar', 'scalar']),
  ...group('clamp_max clamp_min', ['vector', 'scalar']),
  ...group('round', ['vector', 'scalar'], { variadic: 1 }),
  ...group('double_exponential_smoothing', ['matrix', 'scalar', 'scalar']),
  ...group('predict_linear', ['matrix', 'scalar']),
  ...group('quantile_over_time', ['scalar', 'matrix']),
  ...group('histogram_fraction', ['scalar', 'scalar', 'vector']),
  ...group('histogram_quantile', ['scalar', 'vector']),
  ...group('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], { variadic: 9 }),
  ...group('info', ['vector', 'vector'], { variadic: 1 }),
  ...group('label_join', ['vector', 'string', 'string', 'string'], { variadic: -1 }),
  ...group('label_replace', ['vector', 'string', 'string', 'string', 'string']),
  ...group('sort_by_label sort_by_label_desc', ['vector', 'string'], { variadic: -1 }),
  ...group('max_of min_of', ['scalar', 'scalar'], { returns: 'scalar' }),
  ...group('end pi range start step time', [], { returns: 'scalar' }),
  ...group('scalar', ['vector'], { returns: 'scalar' }),
  ...group('vector', ['scalar']),
]

export const signatures: ReadonlyMap<string, Signature> = new Map(all.map((signature) => [signature.name, signature]))

/** Aggregation operators and the type of their parameter, null when they take none. */
export const aggregationParams: ReadonlyMap<string, ValueType | null> = new Map<string, ValueType | null>([
  ['sum', null],
  ['avg', null],
  ['min', null],
  ['max', null],
  ['count', null],
  ['group', null],
  ['stddev', null],
  ['stdvar', null],
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
  ['count_values', 'string'],
  ['limitk', 'scalar'],
  ['limit_ratio', 'scalar'],
])

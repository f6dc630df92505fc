/**
 * Fields of the OTLP messages, for JSON (opentelemetry-proto 1.x: collector/metrics, metrics, common, resource). Those of traces are in
 * traces-json.ts.
 */

export type ScalarType =
  | 'string'
  | 'base64'
  | 'hex'
  | 'double'
  | 'fixed64'
  | 'sfixed64'
  | 'int64'
  | 'uint64'
  | 'sint32'
  | 'bool'
  | 'temporality'
  | 'span_kind'
  | 'status_code'
  | 'severity'

export interface Field {
  readonly number: number
  /** As in JSON. */
  readonly name: string
  /** As in the proto file; accepted too. */
  readonly snakeName: string
  /** A function for messages, which may contain themselves. */
  readonly type: ScalarType | (() => Message)
  readonly repeated: boolean
  /** A repeated number in one field. */
  readonly packed: boolean
}

export interface Message {
  readonly fields: readonly Field[]
}

type FieldShape = readonly [number: number, snakeName: string, type: ScalarType | (() => Message), shape?: 'repeated' | 'packed']

export function message(...fields: readonly FieldShape[]): Message {
  return {
    fields: fields.map(([number, snakeName, type, shape]) => ({
      number,
      name: snakeName.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      snakeName,
      type,
      repeated: shape !== undefined,
      packed: shape === 'packed',
    })),
  }
}

export const anyValue: Message = message(
  [1, 'string_value', 'string'],
  [2, 'bool_value', 'bool'],
  [3, 'int_value', 'int64'],
  [4, 'double_value', 'double'],
  [5, 'array_value', () => arrayValue],
  [6, 'kvlist_value', () => keyValueList],
  [7, 'bytes_value', 'base64'],
)
export const keyValue: Message = message([1, 'key', 'string'], [2, 'value', () => anyValue])
const arrayValue = message([1, 'values', () => anyValue, 'repeated'])
const keyValueList = message([1, 'values', () => keyValue, 'repeated'])

const exemplar = message(
  [7, 'filtered_attributes', () => keyValue, 'repeated'],
  [2, 'time_unix_nano', 'fixed64'],
  [3, 'as_double', 'double'],
  [6, 'as_int', 'sfixed64'],
  [4, 'span_id', 'hex'],
  [5, 'trace_id', 'hex'],
)

const numberDataPoint = message(
  [7, 'attributes', () => keyValue, 'repeated'],
  [2, 'start_time_unix_nano', 'fixed64'],
  [3, 'time_unix_nano', 'fixed64'],
  [4, 'as_double', 'double'],
  [6, 'as_int', 'sfixed64'],
  [5, 'exemplars', () => exemplar, 'repeated'],
  [8, 'flags', 'uint64'],
)

const histogramDataPoint = message(
  [9, 'attributes', () => keyValue, 'repeated'],
  [2, 'start_time_unix_nano', 'fixed64'],
  [3, 'time_unix_nano', 'fixed64'],
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double'],
  [6, 'bucket_counts', 'fixed64', 'packed'],
  [7, 'explicit_bounds', 'double', 'packed'],
  [8, 'exemplars', () => exemplar, 'repeated'],
  [10, 'flags', 'uint64'],
)

const buckets = message([1, 'offset', 'sint32'], [2, 'bucket_counts', 'uint64', 'packed'])

const exponentialHistogramDataPoint = message(
  [1, 'attributes', () => keyValue, 'repeated'],
  [2, 'start_time_unix_nano', 'fixed64'],
  [3, 'time_unix_nano', 'fixed64'],
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double'],
  [6, 'scale', 'sint32'],
  [7, 'zero_count', 'fixed64'],
  [8, 'positive', () => buckets],
  [9, 'negative', () => buckets],
  [10, 'flags', 'uint64'],
  [11, 'exemplars', () => exemplar, 'repeated'],
  [14, 'zero_threshold', 'double'],
)

const valueAtQuantile = message([1, 'quantile', 'double'], [2, 'value', 'double'])

const summaryDataPoint = message(
  [7, 'attributes', () => keyValue, 'repeated'],
  [2, 'start_time_unix_nano', 'fixed64'],
  [3, 'time_unix_nano', 'fixed64'],
  [4, 'count', 'fixed64'],
  [5, 'sum', 'double'],
  [6, 'quantile_values', () => valueAtQuantile, 'repeated'],
  [8, 'flags', 'uint64'],
)

const gauge = message([1, 'data_points', () => numberDataPoint, 'repeated'])
const sum = message(
  [1, 'data_points', () => numberDataPoint, 'repeated'],
  [2, 'aggregation_temporality', 'temporality'],
  [3, 'is_monotonic', 'bool'],
)
const histogram = message([1, 'data_points', () => histogramDataPoint, 'repeated'], [2, 'aggregation_temporality', 'temporality'])
const exponentialHistogram = message(
  [1, 'data_points', () => exponentialHistogramDataPoint, 'repeated'],
  [2, 'aggregation_temporality', 'temporality'],
)
const summary = message([1, 'data_points', () => summaryDataPoint, 'repeated'])

const metric = message(
  [1, 'name', 'string'],
  [2, 'description', 'string'],
  [3, 'unit', 'string'],
  [5, 'gauge', () => gauge],
  [7, 'sum', () => sum],
  [9, 'histogram', () => histogram],
  [10, 'exponential_histogram', () => exponentialHistogram],
  [11, 'summary', () => summary],
)

export const resource: Message = message([1, 'attributes', () => keyValue, 'repeated'])
export const scope: Message = message([1, 'name', 'string'], [2, 'version', 'string'], [3, 'attributes', () => keyValue, 'repeated'])
const scopeMetrics = message([1, 'scope', () => scope], [2, 'metrics', () => metric, 'repeated'])
const resourceMetrics = message([1, 'resource', () => resource], [2, 'scope_metrics', () => scopeMetrics, 'repeated'])

export const exportMetricsRequest: Message = message([1, 'resource_metrics', () => resourceMetrics, 'repeated'])

/** Names of OpenTelemetry as Prometheus has them. Input, then want. */
import { describe, expect, test } from 'vitest'
import { type MetricKind, boundText, labelName, metricName } from './names.ts'

describe('metric names', () => {
  const cases: [name: string, unit: string, kind: MetricKind, want: string][] = [
    ['http.server.request.duration', 's', 'histogram', 'http_server_request_duration_seconds'],
    ['http.server.requests', '', 'counter', 'http_server_requests_total'],
    ['http.server.requests', '{request}', 'counter', 'http_server_requests_total'],
    ['http.server.active_requests', '{request}', 'sum', 'http_server_active_requests'],
    ['requests_total', '', 'counter', 'requests_total'],
    ['requests.total.count', '', 'counter', 'requests_count_total'],
    ['process.memory.usage', 'By', 'sum', 'process_memory_usage_bytes'],
    ['memory_bytes', 'By', 'gauge', 'memory_bytes'],
    ['network.io', 'By/s', 'gauge', 'network_io_bytes_per_second'],
    ['network_bytes_per_second', 'By/s', 'gauge', 'network_bytes_per_second'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['rate', '{packet}/s', 'gauge', 'rate_per_second'],
    ['rate', '1/min', 'gauge', 'rate_per_minute'],
    ['cpu.utilization', '1', 'gauge', 'cpu_utilization_ratio'],
    ['cpu_ratio', '1', 'gauge', 'cpu_ratio'],
    ['cpu.utilization', '1', 'counter', 'cpu_utilization_total'],
    ['cpu.utilization', '1', 'sum', 'cpu_utilization'],
    ['battery', '%', 'gauge', 'battery_percent'],
    ['temperature', 'Cel', 'gauge', 'temperature_celsius'],
    ['queue.time', 'ms', 'histogram', 'queue_time_milliseconds'],
    ['cpu.time', 's', 'counter', 'cpu_time_seconds_total'],
    ['things', 'widgets', 'gauge', 'things_widgets'],
    ['things', 'foo bar', 'gauge', 'things_foo_bar'],
    ['size', 'MiBy', 'gauge', 'size_mebibytes'],
    ['disk', 'TiBy', 'gauge', 'disk_tebibytes'],
    ['(lambda).function.executions(#)', '', 'gauge', 'lambda_function_executions'],
    ['a..b__c', '', 'gauge', 'a_b_c'],
    ['_leading', '', 'gauge', 'leading'],
    ['1st.try', '', 'gauge', '_1st_try'],
    ['rule:sum', '', 'gauge', 'rule:sum'],
    ['größe', '', 'gauge', 'gr_e'],
    ['ß', 's', 'gauge', ''],
    ['constructor', 'constructor', 'gauge', 'constructor'],
    ['x', 's/{op}', 'gauge', 'x_seconds'],
    ['x', '', 'exponential', 'x'],
  ]
  test.each(cases)('%s [%s] %s → %s', (name, unit, kind, want) => expect(metricName(name, unit, kind)).toBe(want))
})

describe('label names', () => {
  const cases: [string, string][] = [
    ['service.name', 'service_name'],
    ['http.request.method', 'http_request_method'],
    ['a.-b', 'a_b'],
    ['a__b', 'a_b'],
    ['1st', 'key_1st'],
    ['_private', 'key_private'],
    ['__name__', 'key_name_'],
    ['.dot', 'key_dot'],
    ['ä', 'key_'],
    ['with:colon', 'with_colon'],
    ['', ''],
  ]
  test.each(cases)('%s → %s', (attribute, want) => expect(labelName(attribute)).toBe(want))
})

describe('bounds', () => {
  const cases: [number, string][] = [
    [0.005, '0.005'],
    [10, '10'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [1e-7, '0.0000001'],
    [-2.5e-9, '-0.0000000025'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [0, '0'],
  ]
  test.each(cases)('%d → %s', (bound, want) => expect(boundText(bound)).toBe(want))
})

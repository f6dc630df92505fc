import { describe, expect, it } from 'vitest'
import { unitOfQuery } from './query-unit.ts'

describe('unitOfQuery', () => {
  function f(text: string, base: string, perSecond = false, declared = ''): void {
    expect(
      unitOfQuery(text, () => declared),
      text,
    ).toEqual({ base, perSecond })
  }

  it('follows functions and names', () => {
    f('process_resident_memory_bytes', 'bytes')
    f('rate(net_bytes_total[5m])', 'bytes', true)
    f('sum(rate(http_requests_total[5m]))', 'none', true)
    f('rate(process_cpu_seconds_total[5m])', 'ratio')
    f('increase(net_bytes_total[1h])', 'bytes')
    f('count(net_bytes_total)', 'none')
    f('histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[5m])))', 'seconds')
    f('rate(d_seconds_bucket[5m])', 'none', true)
    f('latency', 'milliseconds', false, 'ms')
  })

  it('understands the usual divisions and gives up on the rest', () => {
    f('rate(d_seconds_sum[5m]) / rate(d_seconds_count[5m])', 'seconds')
    f('mem_used_bytes / mem_total_bytes', 'ratio')
    f('100 * mem_used_bytes / mem_total_bytes', 'percent')
    f('sum(rate(errors_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m]))', 'ratio')
    f('a_bytes / b_seconds', 'none')
    f('1 + 1', 'none')
    f('max by (job) (a_bytes) - min by (job) (a_bytes)', 'bytes')
    f('{{{', 'none')
  })
})

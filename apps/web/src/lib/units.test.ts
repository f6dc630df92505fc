import { describe, expect, it } from 'vitest'
import { formatAxisValue, formatCount, formatMs, formatValue, noUnit, threeDigits, unitOfMetric, type Unit } from './units.ts'

const plain = (base: Unit['base']): Unit => ({ base, perSecond: false })

describe('formatValue', () => {
  function f(value: number, unit: Unit, want: string): void {
    expect(formatValue(value, unit), `${value} ${unit.base}`).toBe(want)
  }

  it('writes three significant digits with the prefix that fits', () => {
    f(0, noUnit, '0')
    f(1234, noUnit, '1,234')
    f(1234.5, noUnit, '1.23 k')
    f(999.96, noUnit, '1 k')
    f(12_345, noUnit, '12.3 k')
    f(0.0123, noUnit, '0.0123')
    f(0.00001234, noUnit, '12.3 µ')
    f(-2_500_000, noUnit, '-2.5 M')
    f(1234, { base: 'none', perSecond: true }, '1,234/s')
    f(1230.4, { base: 'none', perSecond: true }, '1.23 k/s')
  })

  it('knows bytes, durations, ratios and special values', () => {
    f(1610612736, plain('bytes'), '1.5 GiB')
    f(1023.9, plain('bytes'), '1 KiB')
    f(1536, { base: 'bytes', perSecond: true }, '1.5 KiB/s')
    f(0.34, plain('seconds'), '340 ms')
    f(0.0000021, plain('seconds'), '2.1 µs')
    f(65, plain('seconds'), '1 min 5 s')
    f(7200, plain('seconds'), '2 h')
    f(100_000, plain('seconds'), '1 d 4 h')
    f(3599.9, plain('seconds'), '1 h')
    f(0.9995, plain('ratio'), '99.95 %')
    f(0.5, plain('ratio'), '50 %')
    f(1, plain('ratio'), '100 %')
    f(Number.NaN, plain('ratio'), 'NaN')
    f(Number.POSITIVE_INFINITY, plain('bytes'), '+∞')
  })

  it('never shows an exponent', () => {
    for (const value of [1e-20, 1e-7, 1e21, 123456789012345680000, 3e-9]) {
      expect(formatValue(value, noUnit)).not.toMatch(/e[+-]/)
      expect(threeDigits(value)).not.toMatch(/e-/)
    }
  })
})

describe('formatAxisValue', () => {
  it('tells neighbouring labels apart in a narrow band', () => {
    const labels = [890, 890.5, 891, 891.5, 892].map((value) => formatAxisValue(value, noUnit, 2))
    expect(labels).toEqual(['890', '890.5', '891', '891.5', '892'])
    expect(formatAxisValue(1_000_500, noUnit, 2000)).toBe('1.0005 M')
    expect(formatAxisValue(250, noUnit, 1000)).toBe('250')
    expect(formatAxisValue(0, noUnit, 0)).toBe('0')
  })
})

describe('formatCount and formatMs', () => {
  it('are exact while it matters', () => {
    expect(formatCount(9999)).toBe('9,999')
    expect(formatCount(10_000)).toBe('10 k')
    expect(formatMs(125_000)).toBe('2 min 5 s')
  })
})

describe('unitOfMetric', () => {
  function f(name: string, declared: string, want: Unit['base']): void {
    expect(unitOfMetric(name, declared).base, name).toBe(want)
  }

  it('reads the name first, then the declared unit', () => {
    f('process_resident_memory_bytes', '', 'bytes')
    f('http_request_duration_seconds_sum', '', 'seconds')
    f('http_request_duration_seconds_bucket', '', 'none')
    f('process_start_time_seconds', '', 'time')
    f('node_cpu_seconds_total', '', 'seconds')
    f('host_cpu_ratio', '', 'ratio')
    f('payload', 'By', 'bytes')
    f('latency', 'ms', 'milliseconds')
    f('things', '{request}', 'none')
  })
})

import { describe, expect, it } from 'vitest'
import { emptyBuilder, readQuery, suggestQuery, withoutRate, withoutUnfinished, writeQuery, type BuilderQuery } from './builder-model.ts'
import { fillIntervals } from './promql-text.ts'

describe('writeQuery and readQuery', () => {
  function f(change: Partial<BuilderQuery>, text: string): void {
    const query: BuilderQuery = { ...emptyBuilder, ...change }
    expect(writeQuery(query)).toBe(text)
    const back = readQuery(text)
    expect(back, text).not.toBeNull()
    expect(writeQuery(back ?? emptyBuilder)).toBe(text)
    expect(back).toMatchObject(change)
  }

  it('agree on every shape the builder has', () => {
    f({ metric: 'up' }, 'up')
    f({ metric: 'up', filters: [{ label: 'job', op: '=', value: 'a' }] }, 'up{job="a"}')
    f({ metric: 'http_requests_total', func: 'rate', window: '5m' }, 'rate(http_requests_total[5m])')
    f({ metric: 'x_total', func: 'rate', aggregation: 'sum' }, 'sum(rate(x_total[$__rate_interval]))')
    f(
      { metric: 'x_total', func: 'increase', window: '1h', aggregation: 'sum', by: ['job', 'code'] },
      'sum by (job, code) (increase(x_total[1h]))',
    )
    f({ metric: 'x', aggregation: 'topk', count: 3 }, 'topk(3, x)')
    f({ metric: 'x', aggregation: 'topk', count: 3, by: ['a'] }, 'topk by (a) (3, x)')
    f(
      { metric: 'd_bucket', func: 'rate', window: '5m', aggregation: 'sum', quantile: 0.95, by: ['job'] },
      'histogram_quantile(0.95, sum by (le, job) (rate(d_bucket[5m])))',
    )
    f({ metric: 'd', func: 'rate', window: '5m', aggregation: 'sum', quantile: 0.5 }, 'histogram_quantile(0.5, sum(rate(d[5m])))')
  })

  it('keep hostile names and values', () => {
    f(
      { metric: 'http.server.duration', filters: [{ label: 'service.name', op: '=~', value: 'a"b\\c\n.*' }] },
      '{"http.server.duration", "service.name"=~"a\\"b\\\\c\\n.*"}',
    )
    f({ metric: 'sum', filters: [{ label: 'by', op: '!=', value: '' }] }, 'sum{by!=""}')
  })

  it('read other ways of writing the same', () => {
    expect(readQuery('sum(rate(x[5m])) by (job)')).toMatchObject({ aggregation: 'sum', by: ['job'], func: 'rate', window: '5m' })
    expect(readQuery(" up { job = 'a', } # note")).toMatchObject({ metric: 'up', filters: [{ label: 'job', op: '=', value: 'a' }] })
    expect(readQuery('up{job=`a\\b`}')?.filters[0]?.value).toBe('a\\b')
  })

  it('leave everything else to the editor', () => {
    for (const text of [
      '',
      'a + b',
      'rate(x[5m]) / 2',
      'x offset 5m',
      'sum without (a) (x)',
      'rate(x[5m:1m])',
      'x{',
      'quantile_over_time(0.9, x[5m])',
      '1',
      'x > 0',
      '🙂',
    ]) {
      expect(readQuery(text), text).toBeNull()
    }
  })
})

describe('suggestQuery', () => {
  function f(name: string, type: string, want: string): void {
    expect(writeQuery(suggestQuery({ name, type }))).toBe(want)
  }

  it('shows a metric the way one wants to see it', () => {
    f('http_requests_total', 'counter', 'sum(rate(http_requests_total[$__rate_interval]))')
    f('memory_bytes', 'gauge', 'memory_bytes')
    f('d_seconds_bucket', 'histogram', 'histogram_quantile(0.95, sum by (le) (rate(d_seconds_bucket[$__rate_interval])))')
    f('d_seconds_count', 'histogram', 'sum(rate(d_seconds_count[$__rate_interval]))')
    f('d_seconds', 'histogram', 'histogram_quantile(0.95, sum(rate(d_seconds[$__rate_interval])))')
    f('things', 'unknown', 'things')
    f('host_cpu_count', 'gauge', 'host_cpu_count')
  })
})

describe('withoutUnfinished', () => {
  it('leaves out filters that are being filled in, and keeps an empty match that was written', () => {
    const before: BuilderQuery = { ...emptyBuilder, metric: 'up', filters: [{ label: 'a', op: '=', value: '' }] }
    const now: BuilderQuery = {
      ...before,
      filters: [
        ...before.filters,
        { label: '', op: '=', value: '' },
        { label: 'b', op: '=', value: '' },
        { label: 'c', op: '=', value: 'x' },
      ],
    }
    expect(writeQuery(withoutUnfinished(now, before))).toBe('up{a="", c="x"}')
  })
})

describe('withoutRate', () => {
  it('is the selector of what compares samples, and of nothing else', () => {
    expect(withoutRate('sum by (job) (rate(x_total{a="b"}[$__rate_interval]))')).toBe('x_total{a="b"}')
    expect(withoutRate('histogram_quantile(0.95, sum by (le) (rate(d_bucket[5m])))')).toBe('d_bucket')
    for (const text of ['', 'x', 'sum(x)', 'max_over_time(x[5m])', 'rate(a[5m]) / rate(b[5m])']) expect(withoutRate(text), text).toBeNull()
  })
})

describe('fillIntervals', () => {
  it('puts times in place of the names', () => {
    expect(fillIntervals('rate(x[$__rate_interval]) + y[$__interval] + z[$__range]', 15_000, 3_600_000)).toBe(
      'rate(x[300s]) + y[15s] + z[3600s]',
    )
    expect(fillIntervals('rate(x[$__rate_interval])', 3_600_000, 1)).toBe('rate(x[14400s])')
  })
})

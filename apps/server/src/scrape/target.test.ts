import { describe, expect, test } from 'vitest'
import { acceptHeader, formatOf } from './accept.ts'
import { formatDuration, parseDuration, parseSize } from './quantities.ts'
import { readScrapeConfig } from './read-config.ts'
import { ScrapeTimes } from './scrape-times.ts'
import { readGroups } from './target-groups.ts'
import { targetOf, targetsOf } from './target.ts'

function job(line = ''): Parameters<typeof targetOf>[0] {
  const [found] = readScrapeConfig(`scrape_configs:\n  - job_name: j\n    scrape_interval: 15s\n    ${line}\n`, '/').jobs
  if (found === undefined) throw new Error('no job')
  return found
}

const none = { targets: [], labels: {} }

describe('a target', () => {
  test('has an address, and job and instance on its series', () => {
    expect(targetOf(job(), 'a:1', { targets: [], labels: { zone: 'eu', __meta_x: 'y' } })).toMatchObject({
      url: 'http://a:1/metrics',
      labels: [
        ['instance', 'a:1'],
        ['job', 'j'],
        ['zone', 'eu'],
      ],
      intervalMs: 15_000,
      timeoutMs: 10_000,
    })
  })

  test.each([
    [
      'relabel_configs: [{ target_label: __metrics_path__, replacement: /p }, { target_label: __scheme__, replacement: https }]',
      'https://a:1/p',
    ],
    ['params: { m: [x, y], n: [z] }', 'http://a:1/metrics?m=x&n=z&m=y'],
    [
      'relabel_configs: [{ source_labels: [__address__], target_label: __param_target }, { target_label: __address__, replacement: "prober:9" }]',
      'http://prober:9/metrics?target=a%3A1',
    ],
    ['metrics_path: "/m?a=b"', 'http://a:1/m?a=b'],
  ])('%s', (line, url) => {
    expect(targetOf(job(line), 'a:1', none)).toMatchObject({ url })
  })

  test.each([
    ['relabel_configs: [{ action: drop, source_labels: [__address__], regex: a.* }]', 'a:1', 'Relabelling drops it.'],
    ['', '', 'It has no __address__.'],
    ['', 'http://a:1/metrics', "__address__ 'http://a:1/metrics' is not a host with a port."],
    ['', 'a:99999', "'http://a:99999' is not an address."],
    ['relabel_configs: [{ target_label: __scheme__, replacement: ftp }]', 'a:1', "__scheme__ 'ftp' is neither http nor https."],
    [
      'relabel_configs: [{ target_label: __scrape_interval__, replacement: x }]',
      'a:1',
      '__scrape_interval__ is not a duration of at least 100ms.',
    ],
    [
      'relabel_configs: [{ target_label: __scrape_timeout__, replacement: 1h }]',
      'a:1',
      '__scrape_timeout__ is not a duration up to that of __scrape_interval__.',
    ],
  ])('%s %s', (line, address, reason) => {
    expect(targetOf(job(line), address, none)).toMatchObject({ reason })
  })

  test('is there once, however often it is named; what is dropped is counted beyond what is kept', () => {
    const groups = [{ targets: ['a:1', 'a:1', 'b:1', 'x y', 'y z'], labels: {} }]
    const found = targetsOf(job(), groups, 1)
    expect([found.targets.length, found.dropped.length, found.droppedCount]).toEqual([2, 1, 2])
  })
})

test('times lie on a grid, spread by the key, and the same each time', () => {
  const nowMs = 1_700_000_000_123
  const one = new ScrapeTimes('one', 15_000)
  const next = one.next(nowMs)
  expect(next).toBeGreaterThan(nowMs)
  expect(next - nowMs).toBeLessThanOrEqual(15_000)
  expect(one.next(next)).toBe(next + 15_000)
  expect(new ScrapeTimes('one', 15_000).next(nowMs)).toBe(next)
  const offsets = new Set(Array.from({ length: 1000 }, (_, index) => Math.floor(new ScrapeTimes(`t${index}`, 15_000).next(0) / 1500)))
  expect(offsets.size).toBeGreaterThanOrEqual(10)
  expect([one.steady(next, next + 20), one.steady(next, next + 21), one.steady(next, next - 3)]).toEqual([next, next + 21, next])
  expect(new ScrapeTimes('x', 500).steady(1000, 1006)).toBe(1006)
})

test('durations and sizes', () => {
  expect(['15s', '1m30s', '1d2h', '500ms', '0', '1y'].map(parseDuration)).toEqual([15_000, 90_000, 93_600_000, 500, 0, 31_536_000_000])
  expect(['', '15', 's', '30s1m', '-1s'].map(parseDuration)).toEqual([null, null, null, null, null])
  expect([90_000, 500, 0].map(formatDuration)).toEqual(['1m30s', '500ms', '0s'])
  expect(['10MB', '1KiB', '0', '5', 'x'].map(parseSize)).toEqual([10 * 1024 ** 2, 1024, 0, null, null])
})

test('what is asked for, and what came', () => {
  expect(acceptHeader(['OpenMetricsText1.0.0', 'PrometheusText0.0.4'])).toBe(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  )
  expect(formatOf('application/openmetrics-text; version=1.0.0; charset=utf-8', null)).toBe('openmetrics')
  expect(formatOf('text/plain; version=0.0.4', null)).toBe('text')
  expect(formatOf('application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited', null)).toBe('protobuf')
  expect([formatOf('text/html', null), formatOf('', 'PrometheusText0.0.4')]).toEqual([null, 'text'])
})

describe('groups of targets', () => {
  test.each([
    ['[{"targets": ["a:1"], "labels": {"x": "y"}}]', [{ targets: ['a:1'], labels: { x: 'y' } }]],
    ['- targets: [a:1]\n', [{ targets: ['a:1'], labels: {} }]],
    ['', []],
  ])('%j', (text, groups) => {
    expect(readGroups(text)).toEqual(groups)
  })

  test.each([
    ['[{"targets": [1]}]', 'Group 1: targets must be a list of texts.'],
    ['[{"targets": [], "labels": {"a": 1}}]', 'Group 1: labels must be texts by name.'],
    ['{}', 'must be a list'],
    ['[{]', 'Line 1'],
  ])('%j is wrong', (text, what) => {
    expect(() => readGroups(text)).toThrow(expect.objectContaining({ publicText: expect.stringContaining(what) as string }))
  })
})

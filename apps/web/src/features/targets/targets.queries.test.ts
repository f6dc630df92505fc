import type { ScrapeTarget } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { exampleConfig, labelsText, narrowed, sentence, summary } from './targets.queries.ts'

function target(changes: Partial<ScrapeTarget>): ScrapeTarget {
  return {
    job: 'node',
    url: 'http://a:9100/metrics',
    labels: { instance: 'a:9100', job: 'node', zone: 'eu' },
    discoveredLabels: {},
    health: 'up',
    lastError: null,
    lastScrapeAt: null,
    lastDurationMs: 0,
    samplesScraped: 0,
    samplesKept: 0,
    seriesAdded: 0,
    nextScrapeAt: null,
    intervalMs: 15_000,
    timeoutMs: 10_000,
    ...changes,
  }
}

const up = target({})
const down = target({ url: 'http://b:9100/metrics', health: 'down', lastError: 'the connection was refused' })
const waiting = target({ url: 'http://c:9100/metrics', health: 'unknown' })

describe('narrowing', () => {
  it.each([
    ['all', '', [up, down, waiting]],
    ['down', '', [down]],
    ['all', 'REFUSED b:9100', [down]],
    ['up', 'refused', []],
    ['all', 'zone="eu" a:', [up]],
  ] as const)('%s, "%s"', (state, find, wanted) => {
    expect(
      narrowed(
        [up, down, waiting].map((one) => (one === up ? up : { ...one, labels: {} })),
        state,
        find,
      ).map(({ url }) => url),
    ).toEqual(wanted.map(({ url }) => url))
  })
})

it('sums up in one sentence', () => {
  expect(summary([up])).toBe('1 of 1 target up.')
  expect(summary([up, down, waiting])).toBe('1 of 3 targets up, 1 down, 1 not scraped yet.')
})

it('shows labels without those that have a column', () => {
  expect(labelsText(up.labels, ['job', 'instance'])).toBe('zone="eu"')
})

it('makes a sentence of half a one', () => {
  expect(sentence('it took longer than 10s')).toBe('It took longer than 10s.')
})

it('the example scrapes into the project that is open', () => {
  expect(exampleConfig('7')).toContain('\n    project: 7\n')
})

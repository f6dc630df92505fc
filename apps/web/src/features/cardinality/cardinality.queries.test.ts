/** Words of the cardinality page. */
import type { MetricMatch, RuleAction, RulePreview } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { actionText, effectText, labelsOfText, labelValuesOf, limitText, matchText } from './cardinality.queries.ts'

const matches: [MetricMatch, string][] = [
  [{ kind: 'exact', value: 'http_total' }, 'http_total'],
  [{ kind: 'prefix', value: 'http_' }, 'http_…'],
  [{ kind: 'pattern', value: 'a|b' }, '/a|b/'],
]
test.each(matches)('%j is %s', (match, text) => expect(matchText(match)).toBe(text))

const actions: [RuleAction, string][] = [
  [{ kind: 'drop_metric' }, 'drop the metric'],
  [{ kind: 'drop_labels', labels: ['user'], gauges: 'last' }, 'drop label user'],
  [{ kind: 'keep_labels', labels: ['job', 'zone'], gauges: 'sum' }, 'keep only labels job, zone'],
  [{ kind: 'keep_labels', labels: [], gauges: 'sum' }, 'drop all labels'],
  [{ kind: 'aggregate', labels: ['pod'], gauges: 'avg' }, 'aggregate label pod away (gauges: avg)'],
]
test.each(actions)('%j is %s', (action, text) => expect(actionText(action)).toBe(text))

test('limits in words', () => {
  expect(limitText('metric', 200_000)).toBe('the metric has all the 200,000 series that fit within an hour')
})

const preview: RulePreview = {
  metrics: [],
  metricCount: 0,
  seriesBefore: 0,
  seriesAfter: 0,
  samplesBefore: null,
  samplesAfter: null,
  labelsGone: [],
  overruledBy: null,
}
test.each([
  [0, 0, 'No series of the last day matches.'],
  [12, 12, '12 series of the last day become 12.'],
  [12, 8, '12 series of the last day become 8 (1.5 times fewer).'],
  [50_000, 5, '50 k series of the last day become 5 (10 k times fewer).'],
  [7, 0, '7 series of the last day become 0.'],
])('%d to %d', (seriesBefore, seriesAfter, text) => expect(effectText({ ...preview, seriesBefore, seriesAfter })).toBe(text))

test('labels with commas and blanks', () => expect(labelsOfText(' a, b  c,,a ')).toEqual(['a', 'b', 'c']))

test('a label never has more values than there are series', () => {
  expect(labelValuesOf({ labelValues: 431, refusedSeries: 400 })).toBe(400)
  expect(labelValuesOf({ labelValues: 3, refusedSeries: 400 })).toBe(3)
})

/** Equal answers are equal, and each way of being different is seen. */
import { expect, test } from 'vitest'
import { compareAnswers, summarize } from './answers.mjs'

const matrix = (...series) => ({
  resultType: 'matrix',
  result: series.map(([metric, ...values]) => ({ metric, values: values.map((value, index) => [index, String(value)]) })),
})
const reference = matrix([{ job: 'a' }, 1, 2], [{ job: 'b' }, 3, 'NaN'])

test('order of series and rounding within the tolerance do not matter', () => {
  const other = matrix([{ job: 'b' }, 3 + 1e-10, 'NaN'], [{ job: 'a' }, 1, 2])
  expect(compareAnswers(reference, other)).toMatchObject({ equal: true, compared: 4, different: 0 })
  expect(summarize(other).checksum).toBe(summarize(reference).checksum)
})

test.each([
  ['a value', matrix([{ job: 'a' }, 1, 2.00001], [{ job: 'b' }, 3, 'NaN']), { different: 1 }],
  ['a number for none', matrix([{ job: 'a' }, 1, 2], [{ job: 'b' }, 3, 4]), { different: 1, worst: Infinity }],
  ['a point', matrix([{ job: 'a' }, 1], [{ job: 'b' }, 3, 'NaN']), { missingPoints: 1 }],
  ['a point more', matrix([{ job: 'a' }, 1, 2, 3], [{ job: 'b' }, 3, 'NaN']), { extraPoints: 1 }],
  ['a series', matrix([{ job: 'a' }, 1, 2]), { missingSeries: 1 }],
  ['a label', matrix([{ job: 'a' }, 1, 2], [{ job: 'c' }, 3, 'NaN']), { missingSeries: 1, extraSeries: 1 }],
])('%s that differs is seen', (_, other, expected) => {
  expect(compareAnswers(reference, other)).toMatchObject({ equal: false, ...expected })
  expect(summarize(other).checksum).not.toBe(summarize(reference).checksum)
})

test('names that one side keeps are noted and left out', () => {
  const named = matrix([{ __name__: 'up', job: 'a' }, 1, 2], [{ __name__: 'up', job: 'b' }, 3, 'NaN'])
  expect(compareAnswers(reference, named)).toMatchObject({ equal: true, keepsNames: true })
  expect(compareAnswers(named, reference)).toMatchObject({ equal: true, keepsNames: false })
})

test('lists and instant answers', () => {
  expect(compareAnswers(['a', 'b'], ['b', 'c'])).toMatchObject({ equal: false, missingSeries: 1, extraSeries: 1 })
  const vector = (value) => ({ resultType: 'vector', result: [{ metric: {}, value: [7, value] }] })
  expect(compareAnswers(vector('5'), vector('5'))).toMatchObject({ equal: true, compared: 1 })
  expect(compareAnswers(vector('5'), vector('6'))).toMatchObject({ equal: false, different: 1 })
})

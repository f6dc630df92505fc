import { expect, test } from 'vitest'
import { queryBounds } from './query-class.ts'

test('a caller may narrow a class and never widen it', () => {
  expect(queryBounds({ class: 'interactive', timeoutMs: 500, rowsMax: 10 }, 1000)).toMatchObject({
    timeoutMs: 500,
    settings: { max_execution_time: 0.5, max_result_rows: '10' },
  })
  const wide = queryBounds({ class: 'interactive', timeoutMs: 1e9, rowsMax: 1e12 }, 1000)
  expect(wide).toEqual(queryBounds({ class: 'interactive' }, 1000))
})

test.each(['interactive', 'background', 'internal'] as const)('%s is bounded in time, memory, threads and rows', (queryClass) => {
  const { timeoutMs, settings } = queryBounds({ class: queryClass }, 1000)
  expect(timeoutMs).toBeGreaterThan(0)
  expect(Number(settings.max_memory_usage)).toBeLessThanOrEqual(1000)
  for (const name of ['max_execution_time', 'max_threads', 'max_memory_usage', 'max_result_rows'] as const) {
    expect(Number(settings[name]), name).toBeGreaterThan(0)
  }
})

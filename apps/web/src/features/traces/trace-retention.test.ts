import { expect, it } from 'vitest'
import { readDays } from './TraceRetention.tsx'

it('takes whole days from 1 to ten years', () => {
  expect(['1', ' 30 ', '3650'].map(readDays)).toEqual([1, 30, 3650])
  expect(['0', '', '-1', '1.5', '3651', '99999', 'x'].map(readDays)).toEqual([null, null, null, null, null, null, null])
})

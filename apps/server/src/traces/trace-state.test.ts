import { expect, test } from 'vitest'
import { weightOfTraceState } from './trace-state.ts'

test.each([
  ['', 1],
  ['vendor=x', 1],
  ['ot=th:0', 1],
  ['ot=th:8', 2],
  ['ot=th:c', 4],
  ['ot=th:fd70a3d70a3d7', 99.99999999999], // one of a hundred
  ['other=1,ot=rv:1234;th:8;x:y', 2],
  ['ot=p:3;r:5', 8],
  ['ot=p:63', 1],
  ['ot=th:zz', 1],
  ['ot=th:ffffffffffffff', 1],
  ['ot=th:000000000000000', 1],
])('%s stands for %d', (state, weight) => expect(weightOfTraceState(state)).toBeCloseTo(weight, 6))

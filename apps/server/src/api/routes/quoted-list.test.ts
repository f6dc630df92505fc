import { expect, test } from 'vitest'
import { listOf } from './quoted-list.ts'

test.each([
  ['', []],
  ['a', ['a']],
  ['a,b c', ['a', 'b c']],
  ['"power, kW",host', ['power, kW', 'host']],
  ['a,"b, ""c"""', ['a', 'b, "c"']],
  ['5" pipe,b', ['5" pipe', 'b']],
  ['"open,b', ['"open', 'b']],
  ['a,,b,', ['a', '', 'b', '']],
])('%s', (text, items) => expect(listOf(text)).toEqual(items))

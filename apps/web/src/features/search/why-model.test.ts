import { expect, it } from 'vitest'
import type { SearchPartBody } from '@bellwether/protocol'
import { whyNothing } from './why-model.ts'

const part = (text: string, found: boolean | null, restFound: boolean | null): SearchPartBody => ({
  text,
  found,
  rest: `all but ${text}`,
  restFound,
})

/** What is offered to be left out, and the beginning of what is said. */
function says(parts: readonly SearchPartBody[]): readonly string[] | null {
  const why = whyNothing(parts, 'row')
  return why === null ? null : [why.sentence.slice(0, 25), ...why.drops.map(({ rest }) => rest)]
}

it('blames the parts that find nothing', () => {
  expect(says([part('a', true, null), part('b', false, null)])).toEqual(['No row of this range meet', 'all but b'])
  expect(says([part('a', false, null), part('b', false, null)])).toEqual(['No row of this range meet'])
})

it('blames parts that go with none of the others', () => {
  expect(says([part('a', true, false), part('b', true, true), part('c', true, true)])).toEqual([
    'Each part finds rows, but',
    'all but b',
    'all but c',
  ])
  expect(says([part('a', true, false), part('b', true, false), part('c', true, false)])).toEqual(['Each part finds rows alon'])
})

it('says nothing of what it does not know', () => {
  expect(says([])).toBeNull()
  expect(says([part('a', null, null), part('b', true, null)])).toBeNull()
})

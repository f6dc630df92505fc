import { expect, it } from 'vitest'
import { differenceSentence } from './difference-words.ts'
import { flameGraph } from './flame-model.ts'
import { drawnTrace } from './testing/drawn-trace.ts'
import { mostChanged, openAtFirst, shownNodes, traceDifference, type TraceDifference } from './trace-difference.ts'
import { modelOf, type TraceModel } from './trace-model.ts'

const before = `
  a  .  web   GET     0-100
  b  a  cart  load    10-40
  c  b  db    SELECT  20-30
  d  a  cart  save    50-60
`
const after = `
  a  .  web   GET     0-300
  b  a  cart  load    10-240
  c  b  db    SELECT  20-120
  e  b  db    SELECT  120-220  error
  f  a  mail  send    250-280
`

function between(left: string, right: string): { difference: TraceDifference; models: { left: TraceModel; right: TraceModel } } {
  const models = { left: modelOf(drawnTrace(left)), right: modelOf(drawnTrace(right)) }
  const graphOf = ({ tree, selfNs }: TraceModel) => flameGraph(tree, selfNs)
  return { difference: traceDifference(graphOf(models.left), graphOf(models.right)), models }
}

it('joins operations by their place in the tree, those that explain most first', () => {
  const { difference } = between(before, after)
  const all = new Set(difference.nodes.map(({ id }) => id))
  expect(
    shownNodes(difference, all, 100).map((node) => [
      `${'.'.repeat(node.depth)}${node.name}`,
      node.left?.count ?? 0,
      node.right?.count ?? 0,
      node.changeNs,
      node.movedNs,
    ]),
  ).toEqual([
    ['GET', 1, 1, -20, 260],
    ['.load', 1, 1, 10, 200],
    ['..SELECT', 1, 2, 190, 190],
    ['.send', 0, 1, 30, 30],
    ['.save', 1, 0, -10, 10],
  ])
  const [, load] = shownNodes(difference, all, 2)
  expect([load?.left?.durationNs, load?.right?.durationNs]).toEqual([30, 230])
  expect(mostChanged(difference)?.name).toBe('SELECT')
  expect(shownNodes(difference, all, 2)).toHaveLength(2)
})

it('is open on the way to what differs', () => {
  const { difference } = between(before, after)
  expect(shownNodes(difference, openAtFirst(difference), 100).map(({ name }) => name)).toEqual(['GET', 'load', 'SELECT', 'send', 'save'])
  const wide = after.replace('250-280', '250-251').replace('mail  send', 'cart  save')
  const quiet = `${wide}\n g f x y 250-251`
  const { difference: other } = between(before.replace('50-60', '50-55'), quiet)
  expect(shownNodes(other, openAtFirst(other), 100).map(({ name }) => name)).toEqual(['GET', 'load', 'SELECT', 'save'])
})

it('says what changed most', () => {
  const { difference, models } = between(before, after)
  expect(differenceSentence(difference, models)).toBe(
    'The right trace takes 200 ns longer (100 ns → 300 ns). The largest change: db SELECT, 190 ns more of its own time, 1× → 2×.',
  )
  const same = between(before, before)
  expect(differenceSentence(same.difference, same.models)).toBe('Both take about as long. No operation differs.')
  expect(same.difference.movedNs).toBe(0)
})

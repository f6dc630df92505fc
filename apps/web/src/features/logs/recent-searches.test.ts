import { expect, test } from 'vitest'
import { keepSearch, recentMax, recentSearches, withRecent, type Shelf } from './recent-searches.ts'

function shelf(): Shelf & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }
}

test('the latest first, each once, no more than a few, by project', () => {
  const own = shelf()
  for (const text of ['a', 'b', 'a', '', 'x'.repeat(1000)]) keepSearch(own, '/1', text)
  expect(recentSearches(own, '/1')).toEqual(['a', 'b'])
  expect(recentSearches(own, '/2')).toEqual([])
  for (let i = 0; i < 20; i += 1) keepSearch(own, '/1', `s${i}`)
  expect(recentSearches(own, '/1')).toHaveLength(recentMax)
  expect(recentSearches(own, '/1')[0]).toBe('s19')
})

test.each(['', 'not json', '{"a":1}', '[1,null]'])('a shelf with %j is an empty one', (text) => {
  const own = shelf()
  own.kept.set('bellwether-log-searches /1', text)
  expect(recentSearches(own, '/1')).toEqual([])
})

test('offered only while nothing is typed', async () => {
  const own = shelf()
  keepSearch(own, '/1', 'severity:error')
  const complete = withRecent(
    () => Promise.resolve({ from: 0, to: 0, items: [{ kind: 'field' as const, label: 'service', insert: 'service:' }] }),
    own,
    '/1',
  )
  const signal = new AbortController().signal
  expect((await complete('', 0, signal))?.items.map(({ label }) => label)).toEqual(['severity:error', 'service'])
  expect((await complete('s', 1, signal))?.items.map(({ label }) => label)).toEqual(['service'])
})

test('a forbidden shelf costs nothing but the memory', () => {
  const broken: Shelf = {
    getItem: () => {
      throw new Error('forbidden')
    },
    setItem: () => {
      throw new Error('forbidden')
    },
  }
  keepSearch(broken, '/1', 'a')
  expect(recentSearches(broken, '/1')).toEqual([])
})

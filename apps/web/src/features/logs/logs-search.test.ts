import { expect, test } from 'vitest'
import { parseSearch, writeSearch } from '../../lib/search-params.ts'
import { readLogsSearch } from './logs-search.ts'

const addresses: [string, object][] = [
  ['', {}],
  ['?q=service:cart&view=patterns', { q: 'service:cart', view: 'patterns' }],
  ['?view=nothing&live=yes&facets=off', { facets: 'off' }],
  ['?col=a&col=b&col=a&col=', { col: ['a', 'b'] }],
  ['?col=k8s.pod', { col: ['k8s.pod'] }],
  ['?against=before&fresh=on&around=on&open=1-2-3', { against: 'before', fresh: 'on', around: 'on', open: '1-2-3' }],
]
test.each(addresses)('%s', (address, wanted) => {
  const read = readLogsSearch(parseSearch(address.replace('?', '')))
  expect(read).toEqual(wanted)
  expect(readLogsSearch(parseSearch(writeSearch({ ...read }).replace('?', '')))).toEqual(wanted)
})

test('no more columns than fit', () => {
  expect(readLogsSearch({ col: Array.from({ length: 20 }, (_, i) => `c${i}`) }).col).toHaveLength(8)
})

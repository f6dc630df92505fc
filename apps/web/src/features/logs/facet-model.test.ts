import type { LogsFacet } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { findFacets, leftOutValues, rowsCounted } from './facet-model.ts'

function facet(field: string, ...values: string[]): LogsFacet {
  return { field, kind: 'field', values: values.map((value) => ({ value, count: 1 })), rows: values.length, isCut: false }
}

const facets = [facet('service', 'cart', 'checkout'), facet('http.route', '/cart', '/pay')]

test.each([
  ['', 'service(cart checkout) http.route(/cart /pay)'],
  ['CART', 'service(cart) http.route(/cart)'],
  ['route', 'http.route(/cart /pay)'],
  ['nothing', ''],
])('finding %j', (text, wanted) => {
  const found = findFacets(facets, text)
  expect(found.map(({ field, values }) => `${field}(${values.map(({ value }) => value).join(' ')})`).join(' ')).toBe(wanted)
})

test('what is left out is shown so that it can come back', () => {
  expect(leftOutValues('-service:cart -service:"a b" -host:x', 'service', [{ value: 'checkout' }])).toEqual(['cart', 'a b'])
  expect(leftOutValues('-service:cart', 'service', [{ value: 'cart' }])).toEqual([])
})

test('shares of a sample are of the sample', () => {
  const facet = { field: 'severity', kind: 'field' as const, values: [], rows: 200, isCut: false }
  const items = [facet, { ...facet, field: 'host', rows: 120 }]
  expect(rowsCounted({ basis: 'sample', items, rows: 900 })).toBe(200)
  expect(rowsCounted({ basis: 'rows', items, rows: 900 })).toBe(900)
  expect(rowsCounted({ basis: 'sample', items: [], rows: 900 })).toBe(0)
})

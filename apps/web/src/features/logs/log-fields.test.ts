import { expect, test } from 'vitest'
import { attributesOf, columnValue, fieldLabel, resourceOf, rowFields } from './log-fields.ts'
import { logRow } from './testing/row.ts'

const row = logRow({
  severity: 18,
  attributes: { 'http.status_code': '503', service: 'inner', b: '2' },
  resource: { 'k8s.pod.name': 'checkout-7d', b: 'of the resource' },
})

test('only what the row has', () => {
  expect(rowFields(row).map(({ name, value }) => `${name}=${value}`)).toEqual([
    'severity=error',
    'service=checkout',
    'host=web-1',
    'environment=production',
    'release=1.4.2',
    'source=otlp',
  ])
})

test('an attribute is asked for as one, whatever its name', () => {
  expect(attributesOf(row).map(({ field }) => field)).toEqual(['@b', '@http.status_code', '@service'])
  expect(attributesOf(row).map(({ field }) => fieldLabel(field ?? ''))).toEqual(['b', 'http.status_code', 'service'])
  expect(resourceOf(row).map(({ field }) => field)).toEqual(['resource.b', 'resource.k8s.pod.name'])
})

test.each([
  ['service', 'checkout'],
  ['@service', 'inner'],
  ['b', '2'],
  ['resource.b', 'of the resource'],
  ['k8s.pod.name', 'checkout-7d'],
  ['severity', 'error'],
  ['nothing', ''],
])('column %s', (field, value) => expect(columnValue(row, field)).toBe(value))

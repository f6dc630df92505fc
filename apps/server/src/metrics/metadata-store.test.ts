import { expect, test } from 'vitest'

import { createScope } from '../kernel/scope.ts'
import { MetadataStore } from './metadata-store.ts'

const tenant = { organizationId: 1, projectId: 1 }
const scope = createScope(1, [1])

function storeWith(type: 'histogram' | 'gauge'): MetadataStore {
  const store = new MetadataStore()
  store.put(tenant, [{ name: 'latency_seconds', type, unit: 'seconds', help: 'How long it took.' }])
  return store
}

test.each([
  ['latency_seconds', 'seconds'],
  ['latency_seconds_bucket', 'seconds'],
  ['latency_seconds_sum', 'seconds'],
  ['latency_seconds_count', ''],
])('%s is described by its family, unit %j', (name, unit) => {
  expect(storeWith('histogram').find(scope, name)).toEqual({ name, type: 'histogram', unit, help: 'How long it took.' })
})

test('a name that only looks like a part is not described', () => {
  expect(storeWith('gauge').find(scope, 'latency_seconds_sum')).toBeNull()
  expect(storeWith('histogram').find(scope, 'latency_seconds_total')).toBeNull()
})

test('nothing is seen from another project', () => {
  expect(storeWith('histogram').find(createScope(1, [2]), 'latency_seconds')).toBeNull()
})

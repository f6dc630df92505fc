import { describe, expect, test } from 'vitest'
import { createScope } from '../kernel/scope.ts'
import { helpLengthMax } from './limits.ts'
import { MetadataStore } from './metadata-store.ts'
import type { MetricMetadata } from './model.ts'

const tenant = { organizationId: 1, projectId: 1 }
const one: MetricMetadata = { name: 'up', type: 'gauge', unit: '', help: 'h' }

describe('MetadataStore', () => {
  test('news are what is unknown or changed, the last of a batch, cut to bounds', () => {
    const store = new MetadataStore()
    expect(store.news(tenant, [one, { ...one, help: 'later' }, { ...one, name: '' }])).toEqual([{ ...one, help: 'later' }])
    store.put(tenant, [one])
    expect(store.news(tenant, [one])).toEqual([])
    expect(store.news(tenant, [{ ...one, type: 'counter' }, one])).toEqual([])
    expect(store.news(tenant, [{ ...one, help: 'x'.repeat(helpLengthMax + 1) }])[0]?.help.length).toBe(helpLengthMax)
    expect(store.news({ ...tenant, projectId: 2 }, [one])).toEqual([one])
  })

  test('a scope sees its projects only, sorted by name', () => {
    const store = new MetadataStore()
    store.put(tenant, [one, { ...one, name: 'a' }])
    store.put({ organizationId: 1, projectId: 2 }, [{ ...one, name: 'm' }])
    store.put({ organizationId: 2, projectId: 1 }, [{ ...one, name: 'secret' }])
    expect(store.list(createScope(1, [1, 2]), 10).map(({ name }) => name)).toEqual(['a', 'm', 'up'])
    expect(store.list(createScope(1, [1]), 1).map(({ name }) => name)).toEqual(['a'])
    expect(store.find(createScope(1, [2, 1]), 'up')).toEqual(one)
    expect(store.find(createScope(1, [1]), 'secret')).toBeNull()
  })
})

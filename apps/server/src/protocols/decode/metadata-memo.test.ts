import { expect, test } from 'vitest'
import { MetricsBatch } from '../../metrics/index.ts'
import { MetadataMemo } from './metadata-memo.ts'

const described = (name: string) => ({ name, type: 'gauge', unit: '', help: 'h' }) as const

function batchOf(projectId: number): MetricsBatch {
  const batch = new MetricsBatch()
  batch.reset({ organizationId: 1, projectId })
  return batch
}

test('a description enters a batch when it is new or has changed', () => {
  const memo = new MetadataMemo(10)
  const batch = batchOf(1)
  memo.describe(batch, described('a'))
  memo.describe(batch, described('a'))
  memo.describe(batch, { ...described('a'), help: 'other' })
  expect(batch.metadata.map(({ help }) => help)).toEqual(['h', 'other'])
})

test('what was said in a batch that was not stored comes with the next one of its tenant, once, whatever others lost', () => {
  const memo = new MetadataMemo(1_000_000)
  const noisy = batchOf(2)
  for (let i = 0; i < 50_000; i++) memo.describe(noisy, described(`m${i}`))
  memo.forget(noisy)
  const lost = batchOf(1)
  memo.describe(lost, described('a'))
  memo.forget(lost)
  const next = batchOf(1)
  memo.repeat(next)
  expect(next.metadata.map(({ name }) => name)).toEqual(['a'])
  const after = batchOf(1)
  memo.repeat(after)
  expect(after.metadata).toEqual([])
})

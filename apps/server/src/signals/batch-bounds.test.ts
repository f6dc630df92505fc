/** No request makes more of a batch than it should, whichever decoder fills it. */
import { describe, expect, test } from 'vitest'
import { LogsBatch } from '../logs/index.ts'
import { SpansBatch } from '../traces/index.ts'
import type { SignalBatch } from './batch.ts'
import {
  attributeNamesMax,
  attributesMax,
  batchBytesMax,
  resourceBytesMax,
  resourcesBytesMax,
  partRowsMax,
  resourcesMax,
  rowsPerBatchMax,
} from './limits.ts'
import { makeResource } from './resources.ts'

const nowMs = 1_790_000_000_000

function begun<T extends SignalBatch>(batch: T): T {
  batch.begin({ organizationId: 1, projectId: 1 }, nowMs)
  return batch
}

/** As decoders do; false: the row was refused. */
function row(batch: SignalBatch, fill: () => void = () => undefined): boolean {
  if (!batch.time(nowMs / 1000, 0)) {
    batch.dropRow()
    return false
  }
  fill()
  batch.endRow()
  return true
}

describe('rows', () => {
  test('beyond the bound they are refused, counted', () => {
    const batch = begun(new SpansBatch())
    for (let i = 0; i < rowsPerBatchMax; i++) row(batch)
    expect(batch.isFull).toBe(true)
    for (let i = 0; i < 3; i++) expect(row(batch)).toBe(false)
    expect([batch.rows, batch.received, Object.fromEntries(batch.refused)]).toEqual([
      rowsPerBatchMax,
      rowsPerBatchMax + 3,
      { too_many_rows: 3 },
    ])
    expect(row(begun(batch))).toBe(true)
  })

  test('refused ones count too: to refuse is work', () => {
    const batch = begun(new LogsBatch())
    batch.refuse('malformed', 'x', rowsPerBatchMax)
    // Without asking for a time first.
    batch.endRow()
    expect([batch.rows, batch.refused.get('too_many_rows'), batch.attributes.rows]).toEqual([0, 1, 0])
  })

  test('what they hold is bounded', () => {
    const batch = begun(new LogsBatch())
    const value = 'x'.repeat(32_000)
    let taken = 0
    const fill = (): void => {
      for (let i = 0; i < 100; i++) batch.attribute(`a${i}`, value)
    }
    while (taken < 1000 && row(batch, fill)) taken++
    expect(taken).toBeLessThan(40)
    expect(batch.sizeBytes).toBeGreaterThan(batchBytesMax)
    expect(batch.sizeBytes).toBeLessThan(batchBytesMax + 200 * 32_000)
    expect(batch.refused.get('too_many_rows')).toBe(1)
  })

  test('pairs count with what they take beside their texts', () => {
    const batch = begun(new LogsBatch())
    const word = batch.attributes.keys.words.internString('a')
    const fill = (): void => {
      for (let i = 0; i < 200; i++) batch.attributes.pairWord(word, '')
    }
    let taken = 0
    while (taken < 100_000 && row(batch, fill)) taken++
    expect(taken).toBeLessThan(45_000)
  })
})

test('distinct names of attributes are bounded; pairs of the others are left out, counted', () => {
  const batch = begun(new LogsBatch())
  for (let i = 0; i < attributeNamesMax + 500; i += 100) {
    row(batch, () => {
      for (let k = i; k < i + 100; k++) batch.attribute(`name${k}`, 'x')
    })
  }
  row(batch, () => batch.attribute('name7', 'again'))
  const { attributes, rows } = batch
  expect([attributes.keys.words.size - 1, [...batch.leftOut()]]).toEqual([attributeNamesMax, [['attribute_names_limit', 500]]])
  expect(attributes.values.text(attributes.first(rows - 1))).toBe('again')
  expect(attributes.last(rows - 2) - attributes.first(rows - 2)).toBe(0)
})

describe('parts that rows are kept without', () => {
  const overfull = (batch: SignalBatch): void => {
    for (let i = 0; i < attributesMax + 4; i++) batch.attribute(`k${i}`, 'x')
    batch.leaveOut('attribute_unreadable', 2)
    batch.leaveOut('attribute_names_limit')
  }

  test('are counted with their rows, and not of rows that are dropped or refused', () => {
    const batch = begun(new LogsBatch())
    batch.attribute('', 'a name without room counts as one of none')
    overfull(batch)
    expect([...batch.leftOut()]).toEqual([])
    batch.dropRow()
    row(batch)
    expect([...batch.leftOut()]).toEqual([])
    row(batch, () => {
      batch.attribute('', 'x')
      overfull(batch)
    })
    const counted = { attributes_limit: 4, attribute_unreadable: 2, attribute_names_limit: 2 }
    expect(Object.fromEntries(batch.leftOut())).toEqual(counted)
    batch.refuse('malformed', 'x', rowsPerBatchMax)
    batch.attribute('', 'x')
    overfull(batch)
    batch.endRow()
    expect([batch.rows, Object.fromEntries(batch.leftOut())]).toEqual([2, counted])
  })

  test('of an open row are forgotten with the batch', () => {
    const batch = begun(new LogsBatch())
    batch.attribute('', 'x')
    overfull(batch)
    row(begun(batch))
    expect([...batch.leftOut()]).toEqual([])
  })
})

describe('resources', () => {
  test('the attributes of one are bounded', () => {
    const resource = makeResource([
      ...Array.from({ length: 10 }, (_, i) => [`k${i}`, 'x'.repeat(30_000)] as const),
      ['service.name', 'shop'],
    ])
    expect(resource.service).toBe('shop')
    expect(JSON.stringify(resource.attributes).length).toBeLessThan(resourceBytesMax + 200)
  })

  test.each([
    ['many', 3],
    ['large', 60_000],
  ])('%s ones are bounded; those beyond are attributes of their rows', (_name, size) => {
    const batch = begun(new SpansBatch())
    const count = size === 3 ? resourcesMax + 10 : Math.ceil(resourcesBytesMax / size) + 10
    for (let i = 0; i < count; i++) row(batch, () => batch.from(makeResource([['k', `${i}`.padEnd(size, 'x')]])))
    expect(batch.resources.length).toBeLessThan(count - 5)
    const { attributes, rows } = batch
    expect(attributes.last(rows - 1) - attributes.first(rows - 1)).toBe(1)
    expect([batch.resource.isZero(0), batch.resource.isZero(rows - 1)]).toEqual([false, true])
  })
})

test('the bounds of a body hold for all of its parts together, and rows are numbered through', () => {
  const first = new LogsBatch()
  first.begin({ organizationId: 1, projectId: 1 }, nowMs, 7)
  for (let i = 0; i < 3; i++) row(first)
  first.refuse('malformed', 'x', rowsPerBatchMax - 5)
  const second = new LogsBatch()
  second.continue(first)
  for (let i = 0; i < 4; i++) row(second)
  expect([second.rows, second.receivedInBody, second.isFull]).toEqual([2, rowsPerBatchMax + 2, true])
  expect([second.fixed('row').u32(0), second.fixed('row').u32(1), second.fixed('batch').u32(0)]).toEqual([3, 4, 7])
  expect(Object.fromEntries(second.refused)).toEqual({ too_many_rows: 2 })
  const large = begun(new LogsBatch())
  for (let i = 0; i < partRowsMax - 1; i++) row(large)
  expect(large.isPartFull).toBe(false)
  row(large)
  expect(large.isPartFull).toBe(true)
})

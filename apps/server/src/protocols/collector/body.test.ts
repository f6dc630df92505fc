import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchExtentMax, batchItemsMax, batchValuesMax, parseBatch } from './body.ts'

const parse = (body: unknown) => parseBatch(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))

describe('parseBatch', () => {
  const rows: [unknown, unknown][] = [
    [[], []],
    [[{ name: 'a', value: 1 }], [{ type: 'ok', observations: [{ name: 'a', value: 1, tags: {} }] }]],
    [
      { metrics: [{ mri: 'c:custom/a@none', values: [1, 2], tags: { x: 'y' } }] },
      [{ type: 'ok', observations: [1, 2].map((value) => ({ name: 'c:custom/a@none', value, tags: { x: 'y' } })) }],
    ],
    [
      [{ name: 'a', value: 1, type: 'gauge', unit: 'byte', timestamp: '2026-01-01T00:00:00Z' }],
      [{ type: 'ok', observations: [{ name: 'a', value: 1, tags: {}, type: 'gauge', unit: 'byte', timeMs: 1767225600000 }] }],
    ],
    [[{ name: 'a', value: 1, timestamp: 5 }], [{ type: 'ok', observations: [{ name: 'a', value: 1, tags: {}, timeMs: 5 }] }]],
    [[{ name: 'a', value: 1, timestamp: '2026-01-01' }], [{ type: 'ok', observations: [{ name: 'a', value: 1, tags: {}, timeMs: NaN }] }]],
    ['[{"name":"a","value":1e999}]', [{ type: 'ok', observations: [{ name: 'a', value: Infinity, tags: {} }] }]],
    [[{ name: 'a', values: [] }], [{ type: 'reject', reason: 'value_missing', detail: 'a: there is no value', values: 1 }]],
    [[{ name: 'a', values: [1, null, 3] }], [{ type: 'reject', reason: 'value_not_finite', detail: 'a: a value is null', values: 3 }]],
    [
      [{ mri: 'zz', values: [1, 2] }],
      [{ type: 'reject', reason: 'mri_invalid', detail: 'zz is no MRI (type:namespace/name@unit)', values: 2 }],
    ],
    [[null], [{ type: 'reject', reason: 'item_invalid', detail: 'an item is no object', values: 1 }]],
  ]
  test.each(rows)('%j', (body, want) => expect(parse(body)).toEqual(want))

  const wrong: [string, string | Buffer][] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['no list', '7'],
    ['no UTF-8', Buffer.from([0x5b, 0xff, 0x5d])],
    ['too many items', JSON.stringify(Array.from({ length: batchItemsMax + 1 }, () => ({})))],
    ['too many values', JSON.stringify([{ name: 'a', values: Array.from({ length: batchValuesMax + 1 }, () => 1) }])],
  ]
  test.each(wrong)('%s is no batch', (_why, body) => {
    expect(() => parseBatch(Buffer.from(body))).toThrow(expect.objectContaining({ code: 'body.malformed' }))
  })

  test.each(['{},', '[],', '{"a":{}},', '[[[[[]]]]],'])('many times %s is refused before anything is made of it', (unit) => {
    const body = `[${unit.repeat(batchExtentMax)}1]`
    expect(() => parse(body)).toThrow(expect.objectContaining({ publicText: expect.stringContaining('objects, lists and members') }))
  })

  test('a batch as large as may be is taken', () => {
    const tags = Object.fromEntries(Array.from({ length: 20 }, (_unused, tag) => [`tag${tag}`, '[{:}]']))
    const items = Array.from({ length: batchItemsMax }, () => ({ name: 'm', values: Array.from({ length: 10 }, () => 1.5), tags }))
    expect(parse(items)).toHaveLength(batchItemsMax)
  })

  test('whatever JSON comes, it is items or a refusal of all of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(fc.object()).map((all) => JSON.stringify(all)),
        ),
        (body) => {
          try {
            for (const item of parse(body)) expect(['ok', 'reject']).toContain(item.type)
          } catch (error) {
            expect(error).toMatchObject({ code: 'body.malformed' })
          }
        },
      ),
    )
  })
})

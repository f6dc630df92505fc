import { expect, test } from 'vitest'
import { csvOf, joinRows, jsonLinesOf } from './rows-model.ts'
import { logRow } from './testing/row.ts'

const row = (id: string) => logRow({ id })

test('each row once, those of the tail first', () => {
  expect(joinRows([row('c'), row('b')], [row('b'), row('a')]).map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  expect(joinRows([], [row('a')]).map(({ id }) => id)).toEqual(['a'])
})

test('as files', () => {
  const rows = [logRow({ body: 'said "no", twice', attributes: { code: '7' } })]
  expect(csvOf(rows, ['code'])).toBe(
    'time,severity,service,code,message\r\n2026-11-21T09:04:05.123456789Z,INFO,checkout,7,"said ""no"", twice"\r\n',
  )
  expect(JSON.parse(jsonLinesOf(rows))).toEqual(rows[0])
})

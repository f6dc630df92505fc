/** Queries without their values: what is sent, and what is left. */
import { expect, test } from 'vitest'
import { subjectLengthMax } from '../limits.ts'
import { dialectOf, normalizedQuery } from './normalized-query.ts'

const sql = (text: string): string => normalizedQuery(text, 'sql')

test.each([
  ["select * from users where id = 42 and name = 'Ada'", 'SELECT * FROM users WHERE id = ? AND name = ?'],
  ['SELECT *\n  FROM users  WHERE id=$1', 'SELECT * FROM users WHERE id = ?'],
  ['SELECT * FROM users WHERE id = :id AND b = @p1 AND c = ? AND d = %s', 'SELECT * FROM users WHERE id = ? AND b = ? AND c = ? AND d = ?'],
  ['SELECT a FROM t WHERE id IN (1, 2, 3)', 'SELECT a FROM t WHERE id IN (?)'],
  ['SELECT a FROM t WHERE id IN ($1,$2,$3,$4)', 'SELECT a FROM t WHERE id IN (?)'],
  ["INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')", 'INSERT INTO t(a, b) VALUES (?)'],
  ["SELECT 'it''s' , E'a\\'b', $tag$ any 'thing' $tag$", 'SELECT ?, ?, ?'],
  [
    'SELECT "order"."total" FROM "order" -- the caller\nWHERE /* why */ total > -1.5e3',
    'SELECT "order"."total" FROM "order" WHERE total > ?',
  ],
  ['SELECT `a` FROM `b` WHERE c = 0x1F;', 'SELECT `a` FROM `b` WHERE c = ?'],
  ['SELECT a - 1, b::int, count(*) FROM t LIMIT 10 OFFSET 20', 'SELECT a - ?, b::int, count(*) FROM t LIMIT ? OFFSET ?'],
  ['SELECT * FROM t WHERE tags @> ARRAY[1,2,3]', 'SELECT * FROM t WHERE tags @> ARRAY[?]'],
  ['SELECT * FROM users2 WHERE address1 = 5', 'SELECT * FROM users2 WHERE address1 = ?'],
  ["SELECT 'unclosed", 'SELECT ?'],
  ['', ''],
])('%s', (text, wanted) => {
  expect(sql(text)).toBe(wanted)
})

test.each([
  ['GET user:1234:name', 'GET user:?:name'],
  ['set session:9f86d081884c7d65 a b c', 'SET session:? ?'],
])('command %s', (text, wanted) => {
  expect(normalizedQuery(text, dialectOf('redis', text))).toBe(wanted)
})

test('documents keep their names and their collection', () => {
  const text = '{"find":"users","filter":{"id":17,"name":"Ada","in":[1,2,3]}}'
  expect(normalizedQuery(text, dialectOf('mongodb', text))).toBe('{"find":"users","filter":{"id":?,"name":?,"in":[?]}}')
})

test('it is its own normal form', () => {
  for (const text of ['SELECT a FROM t WHERE id IN (?) AND b = ?', 'INSERT INTO t(a, b) VALUES (?)']) expect(sql(text)).toBe(text)
})

test('texts of any length and shape end, within the bound', () => {
  const pieces = ["'", '"', '$', '$$', '(', '?', ',', '--', '/*', '\\', '1e', ' ', 'IN', '%(', ':', '\u{1F600}', '\0']
  let state = 7
  const next = (count: number): number => {
    state = (state * 48271) % 2147483647
    return state % count
  }
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: 200 }, () => pieces[next(pieces.length)] ?? '').join('')
    for (const dialect of ['sql', 'json', 'command'] as const)
      expect(normalizedQuery(text, dialect).length).toBeLessThanOrEqual(subjectLengthMax)
  }
  expect(sql(`SELECT ${'(((('.repeat(5_000)}`).length).toBeLessThanOrEqual(subjectLengthMax)
  expect(sql(`SELECT * FROM t WHERE id IN (${'1,'.repeat(1_000_000)}1)`).length).toBeLessThanOrEqual(subjectLengthMax)
})

import { expect, test } from 'vitest'
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import { type IdLists, StringTexts } from './string-texts.ts'

const live = new AbortController().signal

/** An engine whose mirror has a text for every id below 200,000; it keeps the statements. */
function openEngine(): { statements: string[]; engine: Pick<ClickHouse, 'queryNative'> } {
  const statements: string[] = []
  async function* queryNative({ sql }: { sql: string }): AsyncGenerator<NativeBlock> {
    statements.push(sql)
    await Promise.resolve()
    const ids = (/IN \(([\d,]+)\)/.exec(sql)?.[1] ?? '')
      .split(',')
      .map(Number)
      .filter((id) => id < 200_000)
    yield {
      rows: ids.length,
      names: ['id', 'string'],
      columns: [
        { kind: 'w64', signed: false, data: Uint32Array.from(ids.flatMap((id) => [id, 0])) },
        { kind: 'string', data: ids.map((id) => `text ${id}`) },
      ],
    }
  }
  return { statements, engine: { queryNative } }
}

const list = (...ids: number[]): IdLists => ({ offsets: Float64Array.of(ids.length), ids: Uint32Array.from(ids.flatMap((id) => [id, 0])) })

test('known and shared ids are not asked for, and one that nobody knows is null', async () => {
  const { statements, engine } = openEngine()
  const texts = new StringTexts(engine)
  const first = await texts.bring([list(70_001, 1), list(70_002, 70_001)], live)
  expect([70_001, 70_002, 1, 300_000].map(first)).toEqual(['text 70001', 'text 70002', '__name__', null])
  await texts.bring([list(70_001, 70_002)], live)
  expect(statements).toHaveLength(1)
  const second = await texts.bring([list(300_000)], live)
  expect(second(300_000)).toBeNull()
})

test('beyond the bound the next reading begins anew, and readings under way keep what they have', async () => {
  const { statements, engine } = openEngine()
  const texts = new StringTexts(engine, 2)
  const first = await texts.bring([list(70_001, 70_002, 70_003)], live)
  const second = await texts.bring([list(70_001)], live)
  expect(statements).toHaveLength(2)
  expect(first(70_003)).toBe('text 70003')
  expect([second(70_001), second(70_003)]).toEqual(['text 70001', null])
})

test('long lists go in several statements', async () => {
  const { statements, engine } = openEngine()
  const ids = Array.from({ length: 20_000 }, (_, i) => 70_000 + i)
  const textOf = await new StringTexts(engine).bring([list(...ids)], live)
  expect(statements.map((sql) => sql.length < 200_000)).toEqual([true, true, true])
  expect(ids.every((id) => textOf(id) === `text ${id}`)).toBe(true)
})

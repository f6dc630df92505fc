/** Lines coloured for a terminal: as text, in objects, and what only looks like a code. */
import { expect, test } from 'vitest'
import { LogsBatch } from '../../logs/index.ts'
import { LineWriter } from './line-writer.ts'
import { SeverityMemo } from './severity.ts'
import { textWithoutTerminalCodes } from './terminal-codes.ts'

const esc = '\u001B'

test.each<[string, string]>([
  ['nothing here', 'nothing here'],
  [`${esc}[32mINFO${esc}[0m started`, 'INFO started'],
  [`${esc}[1;38;5;208mhot${esc}[m`, 'hot'],
  [`${esc}[2K${esc}[1Gdone`, 'done'],
  [`${esc}(B${esc}[mplain${esc}7`, 'plain'],
  [`${esc}]8;;https://shop.example/a${esc}\\link${esc}]8;;${esc}\\ end`, 'link end'],
  [`${esc}]0;title\u0007text`, 'text'],
  [`ünï${esc}[31mcödé${esc}[0m`, 'ünïcödé'],
  // Cut off, or none.
  [`text${esc}`, `text${esc}`],
  [`text${esc}[`, `text${esc}[`],
  [`text${esc}[31`, `text${esc}[31`],
  [`text${esc}[31é`, `text${esc}[31é`],
  [`${esc}]0;no end`, `${esc}]0;no end`],
  [`${esc}]a${esc}]b${esc}[0mc`, `${esc}]a${esc}]bc`],
  ['[32mINFO', '[32mINFO'],
])('%j', (text, plain) => {
  expect(textWithoutTerminalCodes(text)).toBe(plain)
})

test('many beginnings without an end take time by their length', () => {
  const text = `${esc}]`.repeat(500_000)
  expect(textWithoutTerminalCodes(text)).toBe(text)
})

/** Lines of one body: severity, body and attributes. */
function rowsOf(lines: readonly string[]): [number, string, Record<string, string>][] {
  const batch = new LogsBatch()
  batch.begin({ organizationId: 1, projectId: 1 }, Date.UTC(2026, 10, 22))
  const writer = new LineWriter(batch)
  const bytes = new Uint8Array(Buffer.from(lines.join('\n')))
  writer.begin(batch, 'test', true)
  let start = 0
  for (const line of lines) {
    const end = start + Buffer.byteLength(line)
    writer.open()
    writer.line(bytes, start, end)
    writer.row.close()
    start = end + 1
  }
  writer.end()
  const { keys, values } = batch.attributes
  return lines.map((_, row) => {
    const attributes: Record<string, string> = {}
    for (let at = batch.attributes.first(row); at < batch.attributes.last(row); at++) attributes[keys.text(at)] = values.text(at)
    return [batch.severity.u8(row), batch.body.text(row), attributes]
  })
}

test('lines with codes are as those without, between others', () => {
  const coloured = `{"log":"${String.raw`\u001b[31mERROR\u001b[0m gone`}","stream":"stderr"}`
  const levels = `{"level":"${String.raw`\u001b[33mwarn\u001b[39m`}","message":"slow","cart":"${String.raw`\u001B[1ma\u001B[0mb`}"}`
  const rows = rowsOf([
    'INFO plain',
    `2026-11-22 10:00:00 ${esc}[31merror${esc}[39m: no route`,
    'plain again',
    `${esc}[36mlevel${esc}[0m=debug msg="found it" took=3`,
    coloured,
    levels,
    `${esc}[32mdebug${esc}[0m: last`,
  ])
  expect(rows).toEqual([
    [9, 'INFO plain', {}],
    [17, '2026-11-22 10:00:00 error: no route', {}],
    [0, 'plain again', {}],
    [5, 'found it', { took: '3' }],
    [17, 'ERROR gone', { stream: 'stderr' }],
    [13, 'slow', { cart: 'ab' }],
    [5, 'debug: last', {}],
  ])
})

test('a level in colours is a level', () => {
  const level = Buffer.from(`${esc}[1;32minfo${esc}[39m`)
  expect(new SeverityMemo().of(level, 0, level.length)).toBe(9)
})

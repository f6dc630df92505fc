import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { LogsBatch } from '../../logs/index.ts'
import { decodedBatch, rowsOf, type LogRowShape } from '../testing/log-rows.ts'
import { Scratch } from './json-text.ts'
import { LineWriter } from './line-writer.ts'
import { isLogfmt } from './logfmt.ts'

const lines = new LineWriter(new LogsBatch())
const decoder = {
  // oxlint-disable-next-line require-yield -- one row
  *decode(plain: Uint8Array, session: EventSession): Steps {
    lines.begin(session.logs, 'test', false)
    lines.open()
    lines.line(plain, 0, plain.length)
    lines.row.close()
    lines.end()
  },
}

function row(line: string | Uint8Array): LogRowShape {
  const [first] = rowsOf(decodedBatch(decoder, line))
  if (first === undefined) throw new Error('no row')
  return first
}

describe('pairs mean what members of an object mean', () => {
  test.each<[string, Partial<LogRowShape>]>([
    ['level=error msg="no money" took=3ms', { severity: 17, body: 'no money', attributes: { took: '3ms' } }],
    ['lvl=warn a=1', { severity: 13, body: 'lvl=warn a=1', attributes: { a: '1' } }],
    ['ts=2026-11-21T07:59:59.123Z msg=hello', { time: '2026-11-21T07:59:59.123Z', body: 'hello', attributes: {} }],
    [
      'time="2026-11-21T07:59:59Z" level=info msg="said \\"no\\"\\n\\u00e9" service=shop http.status=200 @id=a-b',
      {
        time: '2026-11-21T07:59:59.000Z',
        severity: 9,
        body: 'said "no"\né',
        service: 'shop',
        attributes: { 'http.status': '200', '@id': 'a-b' },
      },
    ],
    [`msg=x trace_id=${'ab'.repeat(16)} span_id=${'cd'.repeat(8)}`, { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), body: 'x' }],
    ['level=info empty= msg="" last=', { severity: 9, body: '', attributes: { empty: '', last: '' } }],
    ['msg=é token=YQ== url=/x?a=b\r\n', { body: 'é', attributes: { token: 'YQ==', url: '/x?a=b' } }],
    ['level=info   msg=a  b=c  ', { body: 'a', attributes: { b: 'c' } }],
    ['level=info msg="{\\"msg\\":\\"inner\\",\\"k\\":1}"', { body: 'inner', attributes: { k: '1' } }],
    [
      '{"message":"level=error msg=\\"in the text\\" k=1","host":"h"}',
      { severity: 17, body: 'in the text', host: 'h', attributes: { k: '1' } },
    ],
    ['{"level":"info","message":"msg=x a=1"}', { body: 'msg=x a=1', severity: 9, attributes: {} }],
    ['{"message":"level=error msg=\\"not twice a=1 level=2\\""}', { body: 'not twice a=1 level=2', severity: 17 }],
  ])('%s', (line, want) => {
    const made = row(line)
    expect(made).toMatchObject(want)
    if (want.attributes !== undefined) expect(made.attributes).toEqual(want.attributes)
  })
})

test.each([
  ['a name alone', 'level=info msg'],
  ['one pair', 'level=info'],
  ['no name of a log line', 'a=1 b=2'],
  ['text behind', 'level=info msg=x and more'],
  ['text before', 'INFO level=info msg=x'],
  ['a quote that does not end', 'level=info msg="x'],
  ['text behind a quote', 'level=info msg="x"y'],
  ['a quote in a value', 'level=info msg=x"y"'],
  ['an escape that is none', 'level=info msg="\\q"'],
  ['two signs', 'level==info msg=x'],
  ['a name that begins with a digit', '1level=info msg=x'],
  ['blanks before the sign', 'level =info msg=x'],
  ['several lines', 'level=info msg=x\n\tat f'],
  ['tabs', 'level=info\tmsg=x'],
  ['commas between', 'level=info, msg=x'],
  ['an address', 'http://h/?level=info&msg=x'],
  ['a key of Prometheus', 'up{level="info",msg="x"} 1'],
])('%s stays text: %s', (_name, line) => {
  expect(row(line)).toMatchObject({ body: line, attributes: {} })
})

const name = fc.stringMatching(/^[A-Za-z_@][\w@.-]{0,12}$/)
const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.stringMatching(/^[\w/.:-]{0,20}$/))

/** As loggers print it: quoted where it has to be. */
function printed(text: string): string {
  return /^[^\s"=\\\p{Cc}]*(?<!,)$/u.test(text) ? text : JSON.stringify(text)
}

test('what is printed is read again, whatever names and values it has', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 8 }), (pairs) => {
      const unknown = pairs.map(([key, text], i) => [`x${i}.${key}`, text] as const)
      const line = `level=debug ${unknown.map(([key, text]) => `${key}=${printed(text)}`).join(' ')}`
      expect(row(line)).toMatchObject({ severity: 5, body: line, attributes: Object.fromEntries(unknown) })
    }),
  )
})

test('a line is taken apart exactly when all of it is pairs, and otherwise kept as it is', () => {
  const grammar = /^[A-Za-z_@][\w@.-]*=(?:"(?:[^"\\]|\\["\\/bfnrt])*"|(?![="])[^\s"]*(?<!,))(?: +|$)/
  const piece = fc.constantFrom('level=', 'msg=', 'a=', 'x', '=', '"', '\\', '\\n', ' ', '  ', '"b c"', 'é', '7', ',', '{', '\n', '.', '-')
  const scratch = new Scratch()
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const line = pieces.join('')
      let rest = line.replace(/[ \n]+$/, '')
      const names: string[] = []
      for (let found = grammar.exec(rest); rest !== '' && found !== null; found = grammar.exec(rest)) {
        names.push(found[0].slice(0, found[0].indexOf('=')))
        rest = rest.slice(found[0].length)
      }
      const isPairs = rest === '' && names.length > 1 && names.some((each) => each === 'level' || each === 'msg')
      const bytes = Buffer.from(line.replace(/[ \n]+$/, ''))
      expect([line, isLogfmt(bytes, 0, bytes.length, scratch)]).toEqual([line, isPairs])
      if (!isPairs && !line.startsWith('{')) expect(row(line)).toMatchObject({ body: line.replace(/\n+$/, ''), attributes: {} })
    }),
    { numRuns: 500 },
  )
})

test('broken bytes, and every piece of a line, give a row', () => {
  const whole = Buffer.from('level=info msg="é \\u00e9 x" took=3ms a=')
  for (let end = 0; end <= whole.length; end++) expect(row(whole.subarray(0, end)).source).toBe('test')
  expect(row(Buffer.from([...Buffer.from('level=info msg=a'), 0xff, 0xfe])).body).toBe('a\ufffd\ufffd')
})

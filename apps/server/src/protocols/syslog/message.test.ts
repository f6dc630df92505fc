/** Messages of syslog, old and new, and what is neither. */
import { expect, test } from 'vitest'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { LogsBatch } from '../../logs/index.ts'
import { LineWriter } from '../log-lines/line-writer.ts'
import { testNowMs } from '../testing/door.ts'
import { decodedBatch, type LogRowShape, rowsOf } from '../testing/log-rows.ts'
import { keyOf, SyslogReader } from './message.ts'

const lines = new LineWriter(new LogsBatch())
const reader = new SyslogReader(lines)
const decoder = {
  // oxlint-disable-next-line require-yield -- one row
  *decode(plain: Uint8Array, session: EventSession): Steps {
    lines.begin(session.logs, 'syslog', false)
    reader.read(plain, { nowMs: testNowMs, address: '192.0.2.7' })
    lines.end()
  },
}

function row(message: string | Uint8Array): LogRowShape {
  const [first] = rowsOf(decodedBatch(decoder, message))
  if (first === undefined) throw new Error('no row')
  return first
}

const localTime = (text: string): string => new Date(text).toISOString()

test.each<[string, string, Partial<LogRowShape>]>([
  [
    'RFC 5424, all of it',
    '<165>1 2026-11-21T07:59:59.003Z mymachine.example.com evntslog 8710 ID47 [exampleSDID@32473 iut="3" eventSource="App\\"lication" x="a\\]b"][other y="z"] \ufeffAn event',
    {
      time: '2026-11-21T07:59:59.003Z',
      severity: 10,
      host: 'mymachine.example.com',
      service: 'evntslog',
      source: 'syslog',
      body: 'An event',
      attributes: {
        'syslog.facility': 'local4',
        'process.pid': '8710',
        'syslog.msgid': 'ID47',
        'exampleSDID@32473.iut': '3',
        'exampleSDID@32473.eventSource': 'App"lication',
        'exampleSDID@32473.x': 'a]b',
        'other.y': 'z',
      },
    },
  ],
  [
    'nothing of it',
    '<34>1 - - - - - -',
    { severity: 21, host: '192.0.2.7', service: '', body: '', attributes: { 'syslog.facility': 'auth' } },
  ],
  ['text behind nothing', '<34>1 - - su - - - failed', { body: 'failed', service: 'su' }],
  ['a process that is no number', '<14>1 - h a main - - x', { attributes: { 'syslog.facility': 'user', 'syslog.procid': 'main' } }],
  [
    'JSON as text',
    '<14>1 - h a - - - {"msg":"m","level":"error","k":1}',
    { body: 'm', severity: 17, attributes: { 'syslog.facility': 'user', k: '1' } },
  ],
  ['the severity of the header counts more than words', '<14>1 - h a - - - ERROR x', { severity: 9 }],
  [
    'a key is not kept',
    `<14>1 - h a - - [bellwether key="${'a'.repeat(32)}" team="x"] m`,
    { attributes: { 'syslog.facility': 'user', 'bellwether.team': 'x' } },
  ],
  ['structured data that does not end', '<14>1 - h a - - [id k="v', { attributes: { 'syslog.facility': 'user', 'id.k': 'v' } }],
  [
    'RFC 3164',
    '<34>Nov 20 22:14:15 mymachine su[99]: failed for lonvick',
    {
      time: localTime('2026-11-20T22:14:15'),
      severity: 21,
      host: 'mymachine',
      service: 'su',
      body: 'failed for lonvick',
      attributes: { 'syslog.facility': 'auth', 'process.pid': '99' },
    },
  ],
  [
    'without a host',
    '<13>Nov  1 08:00:00 cron: started',
    { time: localTime('2026-11-01T08:00:00'), host: '192.0.2.7', service: 'cron', body: 'started' },
  ],
  ['a time in RFC 3339', '<13>2026-11-21T07:00:00Z h app: x', { time: '2026-11-21T07:00:00.000Z', host: 'h', service: 'app', body: 'x' }],
  ['without anything but a priority', '<13>just text', { severity: 10, body: 'just text', service: '' }],
  ['no priority', 'ERROR plain', { severity: 17, body: 'ERROR plain', attributes: {} }],
  ['a priority that is none', '<999>x', { severity: 0, body: '<999>x', attributes: {} }],
])('%s', (_name, message, expected) => {
  const made = row(message)
  expect(made).toMatchObject(expected)
  if (expected.attributes !== undefined) expect(made.attributes).toEqual(expected.attributes)
})

test.each<[string, received: Date, date: string, Date | 'received' | 'too old']>([
  [
    'of December, received in January, is of the year before',
    new Date(2026, 0, 1, 12),
    'Dec 31 23:59:59',
    new Date(2025, 11, 31, 23, 59, 59),
  ],
  [
    'of a clock ahead of the end of a year is of the next',
    new Date(2026, 11, 31, 23, 59, 59),
    'Jan  1 00:00:02',
    new Date(2027, 0, 1, 0, 0, 2),
  ],
  ['a day ahead is as it is', new Date(2026, 10, 21, 12), 'Nov 22 12:00:00', new Date(2026, 10, 22, 12)],
  ['two days ahead is a year old', new Date(2026, 10, 21, 12), 'Nov 23 12:00:00', 'too old'],
  ['of 29 February is that day', new Date(2028, 2, 1), 'Feb 29 12:59:59', new Date(2028, 1, 29, 12, 59, 59)],
  ['of 29 February is of a year that has one', new Date(2029, 2, 2), 'Feb 29 12:59:59', 'too old'],
  ['that no year has is none', new Date(2026, 5, 1), 'Feb 30 12:00:00', 'received'],
])('a date %s', (_name, received, date, expected) => {
  const nowMs = received.getTime()
  const batch = decodedBatch(
    {
      // oxlint-disable-next-line require-yield -- one row
      *decode(plain, session): Steps {
        session.logs.nowMs = nowMs
        lines.begin(session.logs, 'syslog', false)
        reader.read(plain, { nowMs, address: '' })
      },
    },
    `<13>${date} h a: x`,
  )
  const times = expected === 'too old' ? [] : [expected === 'received' ? received : expected]
  expect(rowsOf(batch).map(({ time }) => time)).toEqual(times.map((time) => time.toISOString()))
})

test('broken bytes and every piece of a message give a row', () => {
  const whole = Buffer.from('<165>1 2026-11-21T07:59:59.003Z h a 8710 ID47 [e@1 i="3" s="A"] \ufeffé text')
  for (let end = 0; end <= whole.length; end++) expect(row(whole.subarray(0, end)).source).toBe('syslog')
  expect(row(Buffer.from([0x3c, 0x31, 0x3e, 0xff, 0x00, 0x80])).body).toBe('\ufffd\0\ufffd')
})

test('keys', () => {
  const key = '0123456789abcdef0123456789abcdef'
  expect(keyOf(Buffer.from(`<14>1 - h a - - [bellwether@32473 key="${key}"] m`))).toBe(key)
  expect(keyOf(Buffer.from(`<14>1 - h a - - [x y="z"][bellwether a="b" key="${key}"] m`))).toBe(key)
  expect(keyOf(Buffer.from('<14>1 - h a - - [bellwether key="short"] m'))).toBe(null)
  expect(keyOf(Buffer.from('<14>Nov 21 08:00:00 h a: m'))).toBe(null)
})

/** Lines of files as they are sent. */
import { expect, test } from 'vitest'
import { lineBody } from './line-body.ts'

const origin = { service: 'shop', host: 'h', path: null }

function timeIn(line: string): unknown {
  const sent: unknown = JSON.parse(lineBody(Buffer.from(line), origin))
  return typeof sent === 'object' && sent !== null && 'time' in sent ? sent.time : undefined
}

test.each([
  ['1.2.3.4 - - [22/Nov/2026:02:50:00 +0100] "GET / HTTP/1.1" 200 1', '2026-11-22T01:50:00.000Z'],
  ['2026-11-22T01:50:00.123456789Z up', '2026-11-22T01:50:00.123456789Z'],
  ['2026/11/22 01:50:00.123456 up', iso(new Date(2026, 10, 22, 1, 50)).replace('.000Z', '.123456Z')],
  ['INFO  2026-11-22 01:50:00,123 up', iso(new Date(2026, 10, 22, 1, 50, 0, 123))],
  ['[Sun Nov 22 01:50:00 2026] up', iso(new Date(2026, 10, 22, 1, 50))],
  ['up since 2026-11-22 01:50:00', undefined],
])('the time of %s', (line, time) => {
  expect(timeIn(line)).toBe(time)
})

function iso(at: Date): string {
  return at.toISOString()
}

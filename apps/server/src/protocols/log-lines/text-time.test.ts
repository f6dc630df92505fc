/** Times at the beginnings of lines of text. */
import { expect, test } from 'vitest'
import { readTextTime, textTime } from './text-time.ts'

const nowMs = Date.UTC(2026, 10, 22, 2)
const at = '2026-11-22T01:50:00.000'

test.each<[string, string | null]>([
  ['2026-11-22T01:50:00Z up', `${at}Z`],
  ['2026-11-22 01:50:00,123 INFO up', '2026-11-22T01:50:00.123'],
  ['2026-11-22 01:50:00', at],
  ['[2026-11-22 01:50:00] up', at],
  ['2026-11-22 02:50:00+01:00 up', `${at}Z`],
  ['2026-11-22 02:50:00.000+01 up', `${at}Z`],
  ['[2026-11-22 02:50:00 +0100] up', `${at}Z`],
  ['2026-11-22 01:50:00 UTC [12] LOG: up', `${at}Z`],
  ['2026-11-22 01:50:00 - root - INFO - up', at],
  ['1.2.3.4 - - [22/Nov/2026:01:50:00 +0000] "GET / HTTP/1.1" 200 1', `${at}Z`],
  ['::1 - frank [22/Nov/2026:02:50:00 +0100] "GET / HTTP/1.1" 200 1', `${at}Z`],
  ['shop.example.com:443 1.2.3.4 - - [22/Nov/2026:01:50:00 +0000] "GET / HTTP/1.1"', `${at}Z`],
  ['localhost - - [22/Nov/2026:01:50:00 +0000] "GET / HTTP/1.1"', `${at}Z`],
  ['1.2.3.4 [22/Nov/2026:01:50:00 +0000] "GET / HTTP/1.1"', `${at}Z`],
  ['2026/11/22 01:50:00 [error] 12#0: no', at],
  ['2026/11/22 01:50:00.123456 main.go:7: no', '2026-11-22T01:50:00.123'],
  ['Nov 22 01:50:00 host app[1]: up', at],
  ['Nov  2 01:50:00 host app[1]: up', '2026-11-02T01:50:00.000'],
  ['Nov 23 01:50:00 host app[1]: up', '2026-11-23T01:50:00.000'],
  ['Dec 31 23:59:59 host app[1]: up', '2025-12-31T23:59:59.000'],
  ['Feb 29 01:50:00 host app[1]: up', '2024-02-29T01:50:00.000'],
  ['Nov 22 2026 01:50:00 host app: up', at],
  ['[Sun Nov 22 01:50:00.123456 2026] [core:error] no', '2026-11-22T01:50:00.123'],
  ['[Sun Nov 22 01:50:00 2026] no', at],
  ['Sun, 22 Nov 2026 01:50:00 GMT up', `${at}Z`],
  ['I1122 01:50:00.123456       1 main.go:10] up', '2026-11-22T01:50:00.123'],
  ['E20261122 01:50:00.123456 1 main.cc:10] up', '2026-11-22T01:50:00.123'],
  ['22 Nov 2026 01:50:00.5 up', '2026-11-22T01:50:00.500'],
  ['22-Nov-2026 01:50:00.123 INFO [main] up', '2026-11-22T01:50:00.123'],
  ['[22-Nov-2026 01:50:00] NOTICE: up', at],
  ['1:M 22 Nov 2026 01:50:00.123 # up', '2026-11-22T01:50:00.123'],
  ['INFO  2026-11-22 01:50:00,123 up', '2026-11-22T01:50:00.123'],
  [' WARN [2026-11-22 01:50:00,123] up', '2026-11-22T01:50:00.123'],
  ['[INFO] 2026-11-22 01:50:00 up', at],
  ['[main] [2026-11-22 01:50:00] up', at],
  ['INFO:2026-11-22 01:50:00:up', at],
  ['2026-11-22 01:50:00: up', at],
  // No such day, month or time of day.
  ['2026-13-22 01:50:00 up', null],
  ['2026-02-29 01:50:00 up', null],
  ['2026-11-31 01:50:00 up', null],
  ['2026-11-22 24:50:00 up', null],
  ['2026/11-22 01:50:00 up', null],
  ['Nov 31 01:50:00 host app: up', null],
  ['Nov 22 01:60:00 host app: up', null],
  ['I1322 01:50:00.123456 1 main.go:10] up', null],
  ['X1122 01:50:00.123456 1 main.go:10] up', null],
  ['1.2.3.4 - - [32/Nov/2026:01:50:00 +0000] "GET /"', null],
  ['0001-01-01T00:00:00Z up', null],
  // Days and months in any order, numbers alone, days without a time of day.
  ['11/22/2026 01:50:00 up', null],
  ['22/11/2026 01:50:00 up', null],
  ['1795312200 up and running', null],
  ['2026-11-22 is the day', null],
  ['2026-11-22 01:50:00x up', null],
  // Prose.
  ['paid at 2026-11-22 01:50:00 by card', null],
  ['Payment due 22 Nov 2026 01:50:00 and on', null],
  ['May 22 people come to us?', null],
  ['Sunday Nov 22 01:50:00 2026', null],
  ['proxy said [22/Nov/2026:01:50:00 +0000]', null],
  ['proxy: it was said "1.2.3.4 - - [22/Nov/2026:01:50:00 +0000]"', null],
  ['ERROR in 2026-11-22 01:50:00', null],
  ['[a] [b] 2026-11-22 01:50:00', null],
  ['1.2.3.4 connected from somewhere', null],
  ['a - b', null],
  ['who - you said [22/Nov/2026:01:50:00] so', null],
  ['[', null],
  ['', null],
])('%s', (text, expected) => {
  const bytes = Buffer.from(text)
  const isTime = readTextTime(bytes, 0, bytes.length, nowMs)
  const { seconds, nanos, hasZone } = textTime
  const shown = new Date(seconds * 1000 + Math.floor(nanos / 1e6)).toISOString()
  expect(isTime ? (hasZone ? shown : shown.slice(0, -1)) : null).toBe(expected)
  // What is cut off in the middle is read without harm.
  for (let end = 0; end < bytes.length; end++) readTextTime(bytes.subarray(0, end), 0, end, nowMs)
})

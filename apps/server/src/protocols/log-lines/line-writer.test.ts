/** Lines that come without a time of their own have that which their text says. */
import { expect, test } from 'vitest'
import type { Steps } from '../../kernel/steps.ts'
import { LogsBatch } from '../../logs/index.ts'
import type { EventSession } from '../event-session.ts'
import { testNowMs } from '../testing/door.ts'
import { decodedBatch, rowsOf } from '../testing/log-rows.ts'
import { LineWriter } from './line-writer.ts'

const lines = new LineWriter(new LogsBatch())

function timeOf(line: string, givenSec?: number): string | undefined {
  const decoder = {
    // oxlint-disable-next-line require-yield -- one row
    *decode(plain: Uint8Array, session: EventSession): Steps {
      lines.begin(session.logs, 'test', false)
      lines.open()
      if (givenSec !== undefined) lines.row.at(givenSec, 0)
      lines.line(plain, 0, plain.length)
      lines.row.close()
      lines.end()
    },
  }
  return rowsOf(decodedBatch(decoder, line))[0]?.time
}

const beforeMs = Math.floor(testNowMs / 1000) * 1000 - 600_000
const before = new Date(beforeMs).toISOString()
const day = before.slice(0, 10).replaceAll('-', '/')
const clock = before.slice(11, 19)

test('a time in the text is that of the row, also behind codes that colour it', () => {
  expect(timeOf(`${day} ${clock} [error] no`)).toBe(before)
  expect(timeOf(`\u001b[2m${before}\u001b[0m up`)).toBe(before)
})

test('a time that the protocol gives counts more; prose says none', () => {
  const given = new Date(beforeMs + 60_000).toISOString()
  expect(timeOf(`${day} ${clock} [error] no`, beforeMs / 1000 + 60)).toBe(given)
  expect(timeOf(`up since ${day} ${clock}`)).toBe(new Date(testNowMs).toISOString())
})

test('a time too far away refuses the row', () => {
  expect(timeOf('1999/11/22 01:50:00 [error] no')).toBeUndefined()
})

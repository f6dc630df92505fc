/** Sessions number their batches so that rows of one time are read in the order in which they came. */
import { expect, test } from 'vitest'
import { logsSchema } from '../logs/index.ts'
import { encodeSignalRecord } from '../signals/record/encode.ts'
import { decodeSignalRecord } from '../signals/record/decode.ts'
import { u32At } from '../signals/record/views.ts'
import { SessionPool } from './event-session.ts'
import { testNowMs, testTenant } from './testing/door.ts'

test('batches of one pool count up, those of two do not count alike', () => {
  const numbers = [0, 1].map(() => {
    const pool = new SessionPool({ prepare: () => undefined })
    return Array.from({ length: 300 }, () => {
      const session = pool.take(testTenant, 'test', testNowMs)
      session.logs.time(testNowMs / 1000, 0)
      session.logs.endRow()
      const record = decodeSignalRecord(logsSchema, encodeSignalRecord(session.logs))
      pool.give(session)
      return u32At(record.fixed('batch'), 0)
    })
  })
  for (const own of numbers) expect(own.every((number, i) => i === 0 || number === (own[i - 1]! + 1) % 0x1_0000_0000)).toBe(true)
  expect(numbers[0]?.[0]).not.toBe(numbers[1]?.[0])
})

import { expect, test } from 'vitest'
import { LogsBatch, logsSchema } from '../logs/index.ts'
import { makeResource, type OwnedSignal } from '../signals/index.ts'
import { decodeSignalRecord } from '../signals/record/decode.ts'
import { encodeSignalRecord } from '../signals/record/encode.ts'
import { deriveProblems } from './problem-rows.ts'
import { ProblemStage } from './problem-stage.ts'
import { keyOfException, keyOnSpan, keysInLogs } from './told-twice.ts'

const nowMs = Date.UTC(2026, 10, 21, 12, 30)

/** Records of one tenant: errors at these minutes before now, of these users and releases. */
function recordOf(
  rows: readonly { readonly agoMin: number; readonly user: string; readonly release: string; readonly type?: string }[],
): OwnedSignal {
  const logs = new LogsBatch()
  const tenant = { organizationId: 3, projectId: 4 }
  logs.begin(tenant, nowMs, 7)
  for (const { agoMin, user, release, type = 'Error' } of rows) {
    logs.time(nowMs / 1000 - agoMin * 60, 0)
    logs.from(makeResource([['service.version', release]]))
    logs.severity.pushU8(17)
    logs.body.pushString('failed')
    if (type !== '') logs.attribute('exception.type', type)
    logs.attribute('user.id', user)
    logs.weight.pushF32(2)
    logs.endRow()
  }
  new ProblemStage().apply(logs)
  return { tenant, record: decodeSignalRecord(logsSchema, encodeSignalRecord(logs)) }
}

const bytes = (owned: readonly OwnedSignal[]): string =>
  Buffer.concat(deriveProblems(owned, 'marker').flatMap(({ body }) => body.map((part) => Buffer.from(part)))).toString('base64')

test('errors are one row a problem, hour and release, beside the marker; the same records give the same bytes', () => {
  const rows = [
    { agoMin: 1, user: 'a', release: '1' },
    { agoMin: 2, user: 'b', release: '1' },
    { agoMin: 2, user: 'b', release: '2' },
    { agoMin: 50, user: 'b', release: '1' },
    { agoMin: 1, user: 'a', release: '1', type: 'RangeError' },
    { agoMin: 1, user: 'a', release: '1', type: '' },
  ]
  const owned = recordOf(rows)
  const [insert, ...more] = deriveProblems([owned], 'marker')
  expect([insert?.table, insert?.rows, more]).toEqual(['problem_hours', 4 + 1, []])
  expect(insert?.probe.sql).toContain("release = 'marker'")
  expect(bytes([owned])).toBe(bytes([recordOf(rows)]))
})

test('records without an error cost no insert', () => {
  expect(deriveProblems([recordOf([{ agoMin: 1, user: 'a', release: '1', type: '' }])], 'marker')).toEqual([])
  expect(deriveProblems([], 'marker')).toEqual([])
})

test.each([
  [{}, '4/01/02/Refused/no money'],
  [{ type: 'com.shop.Cart$Refused', message: ' no money\n' }, '4/01/02/Refused/no money'],
  [{ type: '', message: '' }, '4/01/02//'],
  [{ spanId: '00' }, null],
  [{ traceId: '' }, null],
])('%j is told as %s', (change, want) => {
  expect(keyOfException({ projectId: 4, traceId: '01', spanId: '02', type: 'Refused', message: 'no money', ...change })).toBe(want)
})

test('of several alike on a span, logs tell the one of their time', () => {
  const told = { projectId: 4, traceId: '01', spanId: '02', type: 'Refused', message: 'no money' }
  const tells = (atMs: number, isOneOfSeveral: boolean): boolean =>
    keysInLogs(told, nowMs).includes(keyOnSpan(told, atMs, isOneOfSeveral) ?? '')
  expect([tells(nowMs - 3_600_000, false), tells(nowMs, true), tells(nowMs - 24, true), tells(nowMs + 24, true)]).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect([tells(nowMs - 100, true), tells(nowMs + 100, true)]).toEqual([false, false])
  expect(keysInLogs({ ...told, spanId: '' }, nowMs)).toEqual([])
})

import { expect, test } from 'vitest'
import { decodeSignalRecord } from '../../signals/record/decode.ts'
import { encodeSignalRecord } from '../../signals/record/encode.ts'
import { noResource } from '../../signals/index.ts'
import { operationsPerSegmentMax, otherName } from '../limits.ts'
import { SpansBatch, spansSchema } from '../schema.ts'
import { countedSpans } from './index.ts'

const nowMs = Date.UTC(2026, 10, 21)

/** One span for each name and minute, as inserts of the counts by minute. */
function countedNames(names: readonly string[], minutes: number): string {
  const batch = new SpansBatch()
  batch.begin({ organizationId: 1, projectId: 1 }, nowMs)
  for (let minute = 0; minute < minutes; minute++) {
    for (const name of names) {
      batch.time(nowMs / 1000 - minute * 60, 0)
      batch.from({ ...noResource, service: 'api', release: '1.2' })
      batch.name.pushString(name)
      batch.endRow()
    }
  }
  const record = decodeSignalRecord(spansSchema, encodeSignalRecord(batch))
  const inserts = [...countedSpans([{ tenant: batch.tenant, record }], 'marker')].filter((insert) => insert !== null)
  return Buffer.concat(inserts.flatMap(({ table, body }) => (table === 'operations' ? body : []))).toString('latin1')
}

test('hours of what comes late keep the names of their operations and releases', () => {
  const names = Array.from({ length: 40 }, (_, i) => `operation ${i};`)
  const body = countedNames(names, 180)
  expect(body).not.toContain(otherName)
  expect(body.split('operation 39;')).toHaveLength(181)
})

test('names without end are counted together beyond the bound', () => {
  const names = Array.from({ length: operationsPerSegmentMax + 50 }, (_, i) => `operation ${i};`)
  const body = countedNames(names, 1)
  expect(body.split('operation ')).toHaveLength(operationsPerSegmentMax + 1)
  expect(body.split(otherName)).toHaveLength(2)
})

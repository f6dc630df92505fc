/** Which rows are noted and counted of a segment's records: in steps, whatever the order of times. */
import { describe, expect, test } from 'vitest'
import { NativeBlockReader } from '../engines/clickhouse/native/reader.ts'
import type { TableInsert } from '../ingest/index.ts'
import { decodeSignalRecord } from '../signals/record/decode.ts'
import { encodeSignalRecord } from '../signals/record/encode.ts'
import type { OwnedSignal } from '../signals/index.ts'
import { countRows } from './count-rows.ts'
import { facetRows } from './facet-rows.ts'
import { LogsBatch, logsSchema } from './schema.ts'

const tenant = { organizationId: 1, projectId: 2 }
const nowSec = Date.UTC(2026, 10, 21, 12) / 1000

interface Row {
  /** Seconds before now. */
  readonly ago: number
  readonly service: string
  readonly severity: number
}

function recordOf(rows: readonly Row[]): OwnedSignal {
  const batch = new LogsBatch()
  batch.begin(tenant, nowSec * 1000, 7)
  for (const { ago, service, severity } of rows) {
    expect(batch.time(nowSec - ago, 0)).toBe(true)
    batch.severity.pushU8(severity)
    batch.service.pushString(service)
    batch.body.pushString('message')
    batch.attribute('route', `/${service}`)
    batch.endRow()
  }
  return { tenant, record: decodeSignalRecord(logsSchema, encodeSignalRecord(batch)) }
}

/** Rows of the inserts as texts, markers left out. */
function rowsIn(inserts: readonly TableInsert[]): string[] {
  return inserts.flatMap(({ body, columns }) => {
    const reader = new NativeBlockReader()
    return body
      .flatMap((piece) => reader.push(piece))
      .flatMap((block) => {
        const values = block.columns.map((column) => ('data' in column ? column.data : []))
        const lines = Array.from({ length: block.rows }, (_, row) =>
          columns.map((name, i) => (name === 'rows' ? values[i]![row * 2] : values[i]![row])).join(' '),
        )
        return lines.filter((line) => line.startsWith('1 2 ')).map((line) => line.slice(4))
      })
  })
}

const rows: readonly Row[] = [
  { ago: 1500, service: 'shop', severity: 9 },
  { ago: 10, service: 'shop', severity: 17 },
  { ago: 12, service: 'api', severity: 9 },
  { ago: 1490, service: '', severity: 9 },
  { ago: 1480, service: 'shop', severity: 9 },
  { ago: 11, service: 'api', severity: 9 },
]
const owned = [recordOf(rows.slice(0, 4)), recordOf(rows.slice(4)), recordOf([])]
const [older, newer] = [1500, 10].map((ago) => Math.floor((nowSec - ago) / 600))

describe('of rows whose times go back and forth', () => {
  test('values are noted in steps of ten minutes', () => {
    const noted = rowsIn(facetRows(owned, 'marker')).filter((line) => / (service|severity) /.test(line))
    const want = [
      `${older} severity  30 3`,
      `${older} severity info 30 3`,
      `${older} service  30 2`,
      `${older} service shop 30 2`,
      `${newer} severity  30 3`,
      `${newer} severity error 30 1`,
      `${newer} severity info 30 2`,
      `${newer} service  30 3`,
      `${newer} service api 30 2`,
      `${newer} service shop 30 1`,
    ]
    expect(noted.sort()).toEqual(want.sort())
    expect(rowsIn(facetRows(owned, 'marker'))).toContain(`${newer} @route /api 30 2`)
  })

  test('they are counted by minute, service and severity', () => {
    const minute = (ago: number): number => Math.floor((nowSec - ago) / 60)
    const want = [
      `${minute(1500)} shop  9 30 2 2`,
      `${minute(1490)}   9 30 1 1`,
      `${minute(10)} shop  17 30 1 1`,
      `${minute(10)} api  9 30 2 2`,
    ]
    expect(rowsIn(countRows(owned, 'marker')).sort()).toEqual(want.sort())
  })
})

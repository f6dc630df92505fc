/** Members of sets of a segment's records → inserts. Rows of one series and minute become one row; a pure function of the records. */
import { encodeNativePieces, type NativeWriteColumn } from '../../engines/index.ts'
import type { InsertProbe, TableInsert } from '../../ingest/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { setMembersPerInsertMax } from '../limits.ts'
import { KeyColumns, hourOf, splitRows } from '../record/key-columns.ts'
import type { RecordSets } from '../record/set-section.ts'
import { setsTable } from './table.ts'

/** What of a record is needed here. */
export interface OwnedSets {
  readonly tenant: Tenant
  readonly record: { readonly sets: RecordSets }
}

interface SetRow {
  readonly tenant: Tenant
  readonly metric: number
  readonly idLow: number
  readonly idHigh: number
  readonly timeMs: number
  /** Low and high halves in turn. */
  readonly parts: Uint32Array[]
  memberCount: number
}

/** In the order in which the records have them. */
function gather(records: readonly OwnedSets[]): SetRow[] {
  const rows = new Map<string, SetRow>()
  for (const { tenant, record } of records) {
    const { sets } = record
    for (let i = 0; i < sets.count; i++) {
      const [idLow, idHigh, timeMs] = [sets.idLow[i]!, sets.idHigh[i]!, sets.timesMs[i]!]
      const key = `${tenant.organizationId}/${tenant.projectId}/${idHigh}/${idLow}/${timeMs}`
      let row = rows.get(key)
      if (row === undefined) rows.set(key, (row = { tenant, metric: sets.metric[i]!, idLow, idHigh, timeMs, parts: [], memberCount: 0 }))
      const start = i === 0 ? 0 : sets.ends[i - 1]!
      const end = sets.ends[i]!
      row.parts.push(sets.members.subarray(start * 2, end * 2))
      row.memberCount += end - start
    }
  }
  return [...rows.values()]
}

/** Two 32-bit hashes of the members of a row: rows that differ have different ones, as far as it matters. */
function pieceOf({ parts, memberCount }: SetRow): [low: number, high: number] {
  let low = memberCount
  let high = 0x9e3779b9
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      low = Math.imul(low ^ part[i]!, 0x85ebca6b)
      low ^= low >>> 15
      high = Math.imul(high ^ part[i]!, 0xc2b2ae35)
      high ^= high >>> 13
    }
  }
  return [low >>> 0, high >>> 0]
}

function hex(low: number, high: number): string {
  return `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}

/** Asks for the first and last row of each partition by their pieces. */
function probeOf(rows: readonly SetRow[], pieces: Uint32Array): InsertProbe {
  const ends = new Map<number, [number, number]>()
  rows.forEach(({ timeMs }, row) => {
    const partition = Math.floor(hourOf(timeMs) / 168)
    const known = ends.get(partition)
    if (known === undefined) ends.set(partition, [row, row])
    else known[1] = row
  })
  const tuples = new Set<string>()
  for (const at of new Set([...ends.values()].flat())) {
    const row = rows[at]
    if (row === undefined) continue
    const { organizationId, projectId } = row.tenant
    const key = [organizationId, projectId, row.metric, hourOf(row.timeMs), hex(row.idLow, row.idHigh), row.timeMs]
    tuples.add(`(${key.join(',')},${hex(pieces[at * 2]!, pieces[at * 2 + 1]!)})`)
  }
  const list = 'org, project, metric, hour, series, ts, piece'
  return {
    sql: `SELECT uniqExact(${list}) FROM ${setsTable} ARRAY JOIN pieces AS piece WHERE (${list}) IN (${[...tuples].join(',')})`,
    rows: tuples.size,
  }
}

function wideArray(name: string, offsets: Float64Array, data: Uint32Array): NativeWriteColumn {
  return { name, type: 'Array(UInt64)', values: { kind: 'array', offsets, inner: { kind: 'w64', signed: false, data } } }
}

function insertOf(rows: readonly SetRow[]): TableInsert {
  const key = new KeyColumns(rows.length)
  const offsets = new Float64Array(rows.length)
  const members = new Uint32Array(rows.reduce((sum, { memberCount }) => sum + memberCount, 0) * 2)
  const pieces = new Uint32Array(rows.length * 2)
  let at = 0
  rows.forEach((one, row) => {
    key.put(row, one.tenant, one.metric, one.idLow, one.idHigh, one.timeMs)
    for (const part of one.parts) {
      members.set(part, at)
      at += part.length
    }
    offsets[row] = at / 2
    pieces.set(pieceOf(one), row * 2)
  })
  const columns = [
    ...key.columns(),
    wideArray('members', offsets, members),
    wideArray(
      'pieces',
      Float64Array.from(rows, (_, row) => row + 1),
      pieces,
    ),
  ]
  return {
    table: setsTable,
    columns: columns.map(({ name }) => name),
    rows: rows.length,
    body: encodeNativePieces(rows.length, columns),
    probe: probeOf(rows, pieces),
  }
}

/** Inserts within the bounds of partitions and members. */
export function setInserts(records: readonly OwnedSets[]): TableInsert[] {
  const all = gather(records)
  if (all.length === 0) return []
  const out: TableInsert[] = []
  for (const positions of splitRows(Uint32Array.from(all, ({ timeMs }) => hourOf(timeMs)))) {
    let rows: SetRow[] = []
    let members = 0
    for (const at of positions) {
      const row = all[at]!
      if (rows.length > 0 && members + row.memberCount > setMembersPerInsertMax) {
        out.push(insertOf(rows))
        rows = []
        members = 0
      }
      rows.push(row)
      members += row.memberCount
    }
    out.push(insertOf(rows))
  }
  return out
}

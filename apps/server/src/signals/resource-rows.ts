/** The table of resources: their attributes, once a day and fingerprint. */
import { encodeNativePieces } from '../engines/index.ts'
import type { TableInsert } from '../ingest/index.ts'
import type { OwnedSignal } from './record/join.ts'
import type { RecordResource } from './record/decode.ts'
import { secondsOf } from './time.ts'
import { u32At } from './record/views.ts'

export const resourcesTable = 'resources'

const dedup = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

export const signalsMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  {
    id: 'signals-0001-resources',
    up: [
      `CREATE TABLE IF NOT EXISTS ${resourcesTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  fingerprint UInt64 CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  last_day UInt32 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(last_day)
ORDER BY (org, project, fingerprint)
SETTINGS ${dedup}`,
    ],
  },
]

/** Each resource of the records once. */
export function resourceInserts(owned: readonly OwnedSignal[]): TableInsert[] {
  const found = new Map<string, { organizationId: number; projectId: number; resource: RecordResource; day: number }>()
  for (const { tenant, record } of owned) {
    if (record.rows === 0) continue
    const ts = record.fixed('ts')
    const day = Math.floor(secondsOf(u32At(ts, 0), u32At(ts, 0, 4)) / 86_400)
    for (const resource of record.resources) {
      const key = `${tenant.organizationId}/${tenant.projectId}/${resource.high}/${resource.low}`
      const known = found.get(key)
      if (known === undefined || known.day < day) found.set(key, { ...tenant, resource, day })
    }
  }
  const rows = [...found.values()]
  if (rows.length === 0) return []
  const names: string[] = []
  const values: string[] = []
  const offsets = new Float64Array(rows.length)
  rows.forEach(({ resource }, i) => {
    names.push(...resource.names)
    values.push(...resource.values)
    offsets[i] = names.length
  })
  const fingerprints = new Uint32Array(rows.length * 2)
  rows.forEach(({ resource }, i) => {
    fingerprints[i * 2] = resource.low
    fingerprints[i * 2 + 1] = resource.high
  })
  const columns = [
    { name: 'org', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (row) => row.organizationId) } },
    { name: 'project', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (row) => row.projectId) } },
    { name: 'fingerprint', type: 'UInt64', values: { kind: 'w64', signed: false, data: fingerprints } },
    {
      name: 'attributes',
      type: 'Map(String, String)',
      values: { kind: 'map', offsets, keys: { kind: 'string', data: names }, values: { kind: 'string', data: values } },
    },
    { name: 'last_day', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (row) => row.day) } },
  ] as const
  const keys = new Set(
    rows.map(
      ({ organizationId, projectId, resource: { low, high } }) =>
        `(${organizationId},${projectId},0x${high.toString(16)}${low.toString(16).padStart(8, '0')})`,
    ),
  )
  return [
    {
      table: resourcesTable,
      columns: columns.map(({ name }) => name),
      rows: rows.length,
      body: encodeNativePieces(rows.length, columns),
      probe: {
        sql: `SELECT uniqExact(org, project, fingerprint) FROM ${resourcesTable} WHERE (org, project, fingerprint) IN (${[...keys].join(',')})`,
        rows: keys.size,
      },
    },
  ]
}

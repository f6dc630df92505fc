/** Operations and spans put straight into the engine's tables: how they come there is the business of other tests. */
import type { ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import type { SampledTrace } from '../../../apps/server/src/performance/ports.ts'
import type { Row } from '../../../apps/server/src/performance/testing/simulated-operation.ts'

export interface StoredOperation {
  readonly tenant: Tenant
  readonly service: string
  readonly operation: string
  readonly kind: number
  /** By time. */
  readonly release: (timeMs: number) => string
  readonly traceId: string
  readonly spanId: string
}

const hex16 = (value: number): string => Math.floor(value).toString(16).padStart(16, '0')

/** `rows` of whole minutes; into both tables of counts. */
export async function storeOperation(engine: ClickHouseEngine, what: StoredOperation, rows: readonly Row[]): Promise<void> {
  for (const [table, stepMs] of [
    ['operations', 60_000],
    ['operations_1h', 3_600_000],
  ] as const) {
    const values = rows.map(({ timeMs, count, errors, totalMs, uppersMs, counts }) => {
      const durations = uppersMs.map((upperMs, i) => `${Math.max(0, Math.round(Math.log2(upperMs * 1000) * 8))}, ${counts[i] ?? 0}`)
      const longest = Math.max(0, ...uppersMs)
      const example = `${hex16(longest * 1e6)}${hex16(timeMs * 1e6)}${what.traceId}${what.spanId}`
      const { organizationId, projectId } = what.tenant
      return `(${organizationId}, ${projectId}, '${what.service}', '${what.operation}', ${what.kind}, '', '${what.release(timeMs)}', ${Math.floor(timeMs / stepMs)}, 30,
        ${count}, ${errors}, ${totalMs}, map(${durations.join(', ')}), '${example}', '${errors > 0 ? example : ''}')`
    })
    for (let from = 0; from < values.length; from += 500)
      await engine.command(
        `INSERT INTO ${table} (org, project, service, name, kind, environment, release, step, keep, count, errors, total_ms, durations, slowest, failed)
          VALUES ${values.slice(from, from + 500).join(', ')}`,
      )
  }
}

export async function storeTraces(engine: ClickHouseEngine, tenant: Tenant, traces: readonly SampledTrace[]): Promise<void> {
  const values = traces.flatMap(({ traceId, spans }) =>
    spans.map((span, row) => {
      const pairs = Array.from(span.attributes, ([name, value]) => `'${name}', '${value.replaceAll("'", "''")}'`)
      const parent = span.parentId === '' ? '0'.repeat(16) : span.parentId
      return `(${tenant.organizationId}, ${tenant.projectId}, ${Math.floor(span.startMs / 600_000)}, 30, toFixedString(unhex('${traceId}'), 16),
        ${Math.round(span.startMs * 1000)} * 1000, ${Math.round(span.durationMs * 1e6)}, toFixedString(unhex('${span.spanId}'), 8),
        toFixedString(unhex('${parent}'), 8), '${span.service}', '${span.name}', ${span.kind}, ${span.isError ? 2 : 0},
        ${pairs.length === 0 ? "CAST(map(), 'Map(LowCardinality(String), String)')" : `map(${pairs.join(', ')})`}, 1, 7, ${row})`
    }),
  )
  for (let from = 0; from < values.length; from += 200)
    await engine.command(
      `INSERT INTO spans (org, project, bucket, keep, trace_id, ts, duration, span_id, parent_id, service, name, kind, status, attributes, weight, batch, row)
        VALUES ${values.slice(from, from + 200).join(', ')}`,
    )
}

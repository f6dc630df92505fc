/** Records of series that differ in their host, for tests. */
import { MetricsBatch } from '../../batch/metrics-batch.ts'
import { defaultSeriesLimits } from '../../limits.ts'
import { decodeMetricsRecord } from '../../record/decode.ts'
import { encodeMetricsRecord } from '../../record/encode.ts'
import type { OwnedRecord } from '../../record/sorted-samples.ts'
import { SeriesRegistry } from '../../series/registry.ts'

/** A record with one series for each host, of the organization's project of the same number. */
export function recordOf(organizationId: number, ...hosts: string[]): OwnedRecord {
  const tenant = { organizationId, projectId: organizationId }
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const batch = new MetricsBatch()
  batch.reset(tenant)
  const refs = hosts.map((host) =>
    registry.resolve(tenant, [
      ['__name__', 'up'],
      ['host', host],
    ]),
  )
  for (const ref of refs) batch.addSample(ref, 1_700_000_000_000, 1)
  return { tenant, record: decodeMetricsRecord(new Uint8Array(encodeMetricsRecord(batch, registry, refs, []))) }
}

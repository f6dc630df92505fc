/** Metrics collectors by project: over the aggregates for what is recorded, over operations for what is asked. */
import { operatorScope, type Accounts } from '../accounts/index.ts'
import type { IngestSources, RefusedSamples } from '../ingest/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import {
  createAggregatesBackend,
  createMetricsCollector,
  type Aggregates,
  type CollectedRange,
  type CollectedSeries,
  type DescriptionOf,
  type MetricsCollector,
} from '../metrics/index.ts'
import { defaultIngestConfigurations } from '../naming/index.ts'
import type { CollectorDoor } from '../protocols/index.ts'
import type { MetricOperations, MetricsQuery } from '../query/index.ts'

export interface CollectorsDeps {
  readonly accounts: Pick<Accounts, 'gatekeeper' | 'ingestKeys'>
  readonly metrics: { readonly aggregates: Aggregates; readonly descriptionOf: DescriptionOf }
  readonly operations: MetricOperations
  readonly query: Pick<MetricsQuery, 'allLabelNames'>
  readonly intake: { readonly sources: IngestSources; readonly refusedSamples: RefusedSamples }
  readonly clock: Clock
}

/** Collectors kept; one more makes all be made anew when they are needed, and loses nothing but what they remember to be faster. */
const collectorsMax = 10_000

/** What a type is read back as. */
const naturalOperations: Readonly<Record<string, string>> = { counter: 'sum', gauge: 'last', histogram: 'avg', set: 'count_unique' }

export function createCollectors(deps: CollectorsDeps): CollectorDoor {
  const { accounts, metrics, intake, clock } = deps
  const configurations = defaultIngestConfigurations()
  const collectors = new Map<string, MetricsCollector>()
  const made = (tenant: Tenant): MetricsCollector => {
    const backend = createAggregatesBackend({
      aggregates: metrics.aggregates.of(tenant),
      descriptionOf: (name) => metrics.descriptionOf(tenant, name),
      read: (name, range, tags) => readBack(deps, tenant, { name, range, tags }),
    })
    return createMetricsCollector({ backend, configurations, clock })
  }
  return {
    of(tenant) {
      const key = `${tenant.organizationId}/${tenant.projectId}`
      const known = collectors.get(key)
      if (known !== undefined) return known
      if (collectors.size >= collectorsMax) collectors.clear()
      const collector = made(tenant)
      collectors.set(key, collector)
      return collector
    },
    refuse: (tenant, reason, values) => metrics.aggregates.of(tenant).refuse(reason, values),
    keys: accounts.ingestKeys,
    gatekeeper: accounts.gatekeeper,
    sources: intake.sources,
    refusedSamples: intake.refusedSamples,
    clock,
  }
}

interface ReadBack {
  readonly name: string
  readonly range: CollectedRange
  readonly tags: Readonly<Record<string, string>>
}

/** For code of this program: requests of people read by the scope of their access. */
async function readBack({ operations, query, metrics }: CollectorsDeps, tenant: Tenant, asked: ReadBack): Promise<CollectedSeries[]> {
  const { name, range, tags } = asked
  const scope = operatorScope(tenant)
  const { signal } = new AbortController()
  const described = metrics.descriptionOf(tenant, name)
  if (described === null) return []
  const operation = naturalOperations[described.type] ?? 'last'
  const matchers = [[{ name: '__name__', op: '=' as const, value: name }]]
  const names = await query.allLabelNames(scope, { matchers, ...range, limit: 0 }, signal)
  const answer = await operations.query(
    scope,
    {
      metric: name,
      operation,
      groupBy: names.items.filter((label) => !label.startsWith('__')),
      where: Object.entries(tags).map(([tag, value]) => ({ tag, op: '=', values: [value] })),
      from: new Date(range.fromMs).toISOString(),
      to: new Date(range.toMs).toISOString(),
      interval: null,
      groupsMax: 1000,
      threshold: null,
      statusTag: null,
      okStatuses: [],
      buckets: 1,
    },
    signal,
  )
  return answer.groups
    .filter(({ isOther }) => !isOther)
    .map((group) => ({
      tags: Object.fromEntries(group.tags.filter(([, value]) => value !== '')),
      points: group.values.flatMap((value, i) =>
        typeof value === 'number' ? [{ timeMs: answer.fromMs + i * answer.intervalMs, value }] : [],
      ),
    }))
}

/** The gate of new series that keeps first-seen strings within their quotas: a series with a string over one is refused. */
import type { StringIndexer } from '../../indexer/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { isUseCaseId, metricIdOf, type UseCaseId } from '../../naming/index.ts'
import type { RefusedSeries, SeriesGate } from '../ports.ts'
import { nameLabel } from '../series/labels.ts'
import type { SeriesRegistry } from '../series/registry.ts'

export interface WritesGateDeps {
  readonly registry: Pick<SeriesRegistry, 'labels'>
  readonly indexer: Pick<StringIndexer, 'lookup' | 'admitNew' | 'admitNewNow'>
}

const reason = 'writes_limit'
const nothing: RefusedSeries = { reason, refs: [] }

/** Strings that this process does not know, and the series that hold them. */
interface Unknown {
  readonly strings: Map<UseCaseId, Set<string>>
  readonly series: { readonly ref: number; readonly useCaseId: UseCaseId; readonly strings: readonly string[] }[]
}

export class WritesGate implements SeriesGate {
  /** Windows move on by the minute. */
  readonly refusalSec = 60
  readonly #deps: WritesGateDeps

  constructor(deps: WritesGateDeps) {
    this.#deps = deps
  }

  judge(tenant: Tenant, refs: readonly number[]): RefusedSeries | Promise<RefusedSeries> {
    const unknown = this.#unknown(tenant, refs)
    return unknown.series.length === 0 ? nothing : this.#ask(tenant, unknown)
  }

  judgeNow(tenant: Tenant, refs: readonly number[]): RefusedSeries {
    const unknown = this.#unknown(tenant, refs)
    const refused = new Map<UseCaseId, ReadonlySet<string>>()
    for (const [useCaseId, strings] of unknown.strings) {
      refused.set(useCaseId, this.#deps.indexer.admitNewNow(useCaseId, tenant.organizationId, strings))
    }
    return refusedOf(unknown, refused)
  }

  async #ask(tenant: Tenant, unknown: Unknown): Promise<RefusedSeries> {
    const refused = new Map<UseCaseId, ReadonlySet<string>>()
    for (const [useCaseId, strings] of unknown.strings) {
      refused.set(useCaseId, await this.#deps.indexer.admitNew(useCaseId, tenant.organizationId, strings))
    }
    return refusedOf(unknown, refused)
  }

  #unknown({ organizationId }: Tenant, refs: readonly number[]): Unknown {
    const unknown: Unknown = { strings: new Map(), series: [] }
    for (const ref of refs) {
      const labels = this.#deps.registry.labels(ref)
      const { namespace } = metricIdOf(labels.find(([name]) => name === nameLabel)?.[1] ?? '')
      const useCaseId = isUseCaseId(namespace) ? namespace : 'custom'
      const strings = labels.flat().filter((string) => this.#deps.indexer.lookup(useCaseId, organizationId, string) === 0)
      if (strings.length === 0) continue
      unknown.series.push({ ref, useCaseId, strings })
      const all = unknown.strings.get(useCaseId) ?? new Set()
      for (const string of strings) all.add(string)
      unknown.strings.set(useCaseId, all)
    }
    return unknown
  }
}

function refusedOf({ series }: Unknown, refused: ReadonlyMap<UseCaseId, ReadonlySet<string>>): RefusedSeries {
  const refs = series
    .filter(({ useCaseId, strings }) => strings.some((string) => refused.get(useCaseId)?.has(string)))
    .map(({ ref }) => ref)
  return { reason, refs }
}

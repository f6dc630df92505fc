/**
 * The gate of new series that keeps first-seen strings within their quotas: a series with a string over one is refused. A label that many
 * series of a request share is looked up once.
 */
import type { StringIndexer } from '../../indexer/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { UseCaseId } from '../../naming/index.ts'
import type { RefusedSeries, SeriesGate } from '../ports.ts'
import { grownU32 } from '../series/growable.ts'
import { nameLabel } from '../series/labels.ts'
import type { TenantPostings } from '../series/postings.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { defaultUseCase, useCaseOfMetric } from './series-use-case.ts'

export interface WritesGateDeps {
  readonly registry: Pick<SeriesRegistry, 'labels' | 'eachPair' | 'tenantOf' | 'symbols'>
  readonly indexer: Pick<StringIndexer, 'lookup' | 'admitNew' | 'admitNewNow'>
  /** A sentence for the people of the project. */
  readonly onRefused?: (tenant: Tenant, text: string) => void
}

/** Of a string, in that sentence. */
const shownLengthMax = 100

const reason = 'writes_limit'
const nothing: RefusedSeries = { reason, refs: [] }

/** Strings that this process does not know, and the series that hold them. */
interface Unknown {
  readonly strings: Map<UseCaseId, Set<string>>
  readonly series: UnknownSeries[]
}

interface UnknownSeries {
  readonly ref: number
  readonly useCaseId: UseCaseId
  readonly strings: readonly string[]
}

/** States of a pair: both strings known, one is not, or the pair says that the series is of another use case. */
const known = 0
const missing = 1
const foreign = 2
const states = 3

export class WritesGate implements SeriesGate {
  /** Windows move on by minutes. */
  readonly refusalSec = 60
  readonly #deps: WritesGateDeps
  /** By pair of the tenant in hand: its state, on top of a number that goes up with every call and makes older ones worthless. */
  #states = new Uint32Array(1024)
  #firstState = 0

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
    return this.#refusedOf(tenant, unknown, refused)
  }

  async #ask(tenant: Tenant, unknown: Unknown): Promise<RefusedSeries> {
    const refused = new Map<UseCaseId, ReadonlySet<string>>()
    for (const [useCaseId, strings] of unknown.strings) {
      refused.set(useCaseId, await this.#deps.indexer.admitNew(useCaseId, tenant.organizationId, strings))
    }
    return this.#refusedOf(tenant, unknown, refused)
  }

  #refusedOf(tenant: Tenant, { series }: Unknown, refused: ReadonlyMap<UseCaseId, ReadonlySet<string>>): RefusedSeries {
    const out = series.filter(({ useCaseId, strings }) => strings.some((string) => refused.get(useCaseId)?.has(string)))
    const [first] = out
    if (first === undefined) return nothing
    const metric = this.#deps.registry.labels(first.ref).find(([name]) => name === nameLabel)?.[1] ?? ''
    const string = first.strings.find((one) => refused.get(first.useCaseId)?.has(one)) ?? ''
    const [shownMetric, shown] = [metric, string].map((text) => text.slice(0, shownLengthMax))
    this.#deps.onRefused?.(
      tenant,
      `${out.length} new series dropped, one of them of '${shownMetric}': with '${shown}' there would be more first-seen names, labels and values than the quota has (BELLWETHER_WRITES_LIMIT)`,
    )
    return { reason, refs: out.map(({ ref }) => ref) }
  }

  #unknown({ organizationId }: Tenant, refs: readonly number[]): Unknown {
    const { registry } = this.#deps
    const unknown: Unknown = { strings: new Map(), series: [] }
    const byPair = new Map<number, readonly string[]>()
    this.#firstState += states
    for (const ref of refs) {
      const { postings } = registry.tenantOf(ref)
      let strings: string[] | null = null
      let isForeign = false
      registry.eachPair(ref, (pair) => {
        const state = this.#stateOf(organizationId, postings, { pair, byPair })
        if (state === foreign) isForeign = true
        else if (state === missing) (strings ??= []).push(...(byPair.get(pair) ?? []))
      })
      if (isForeign) this.#look(organizationId, ref, unknown)
      else if (strings !== null) note(unknown, { ref, useCaseId: defaultUseCase, strings })
    }
    return unknown
  }

  /** What is known of a pair under the default use case, which nearly all series are of; looked up once a call. */
  #stateOf(
    organizationId: number,
    postings: TenantPostings,
    at: { readonly pair: number; readonly byPair: Map<number, readonly string[]> },
  ): number {
    const { pair, byPair } = at
    const before = (this.#states[pair] ?? 0) - this.#firstState
    if (before >= 0) return before
    const { registry, indexer } = this.#deps
    const name = registry.symbols.text(postings.nameOf(pair))
    const value = registry.symbols.text(postings.valueOf(pair))
    let state = known
    if (name === nameLabel && useCaseOfMetric(value) !== defaultUseCase) state = foreign
    else {
      const strings = [name, value].filter((string) => indexer.lookup(defaultUseCase, organizationId, string) === 0)
      if (strings.length > 0) {
        state = missing
        byPair.set(pair, strings)
      }
    }
    this.#states = grownU32(this.#states, pair + 1)
    this.#states[pair] = this.#firstState + state
    return state
  }

  /** A series of another use case. */
  #look(organizationId: number, ref: number, unknown: Unknown): void {
    const labels = this.#deps.registry.labels(ref)
    const useCaseId = useCaseOfMetric(labels.find(([name]) => name === nameLabel)?.[1] ?? '')
    const strings = labels.flat().filter((string) => this.#deps.indexer.lookup(useCaseId, organizationId, string) === 0)
    if (strings.length > 0) note(unknown, { ref, useCaseId, strings })
  }
}

function note(unknown: Unknown, series: UnknownSeries): void {
  unknown.series.push(series)
  const all = unknown.strings.get(series.useCaseId) ?? new Set()
  for (const string of series.strings) all.add(string)
  unknown.strings.set(series.useCaseId, all)
}

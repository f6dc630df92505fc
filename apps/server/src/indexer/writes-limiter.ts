/**
 * Quotas of first-seen strings, so that one that explodes fills neither the database nor everybody's patience: of an organization, of an
 * organization's use case, of a use case, of all together. What the guarded work did not store is given back.
 */
import { checkQuota, type AcquiredQuotas, type Quota, type RequestedQuota, type LocalSlidingWindowLimiter } from '../limiters/index.ts'
import type { UseCaseId } from '../naming/index.ts'
import { UseCaseKeyBuilder, type UseCaseKeyCollection } from './key-collection.ts'
import type { FetchTypeExt } from './key-results.ts'

export type WritesQuota = Omit<Quota, 'prefixOverride'>

/** Empty lists: no limit. */
export interface WritesLimits {
  /** All organizations and use cases together. */
  readonly global: readonly WritesQuota[]
  /** Each organization, all its use cases together. */
  readonly perOrganization: readonly WritesQuota[]
  /** A use case of all organizations together. */
  readonly perUseCase: Partial<Readonly<Record<UseCaseId, readonly WritesQuota[]>>>
  /** A use case of each organization. */
  readonly perUseCaseAndOrganization: Partial<Readonly<Record<UseCaseId, readonly WritesQuota[]>>>
}

export const unlimitedWrites: WritesLimits = { global: [], perOrganization: [], perUseCase: {}, perUseCaseAndOrganization: {} }

/** One string that may not be written. */
export interface DroppedString {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly string: string
  readonly ext: FetchTypeExt
}

/** Answer of the limiter; `settle` says what came of it. */
export interface LimitedWrites {
  readonly accepted: UseCaseKeyCollection
  readonly dropped: readonly DroppedString[]
  /** Gives back what was not stored; all of it when the work failed. */
  settle(stored: (useCaseId: UseCaseId, organizationId: number, string: string) => boolean): Promise<void>
}

/** What one use case of one organization asks for; no request without any quota. */
interface Asked {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly strings: ReadonlySet<string>
  readonly request: RequestedQuota | null
}

/** What one use case of one organization asked for and got. */
interface Share {
  readonly useCaseId: UseCaseId
  readonly organizationId: number
  readonly accepted: readonly string[]
}

const prefix = 'metrics-indexer'

export class WritesLimiter {
  readonly #limiter: LocalSlidingWindowLimiter
  readonly #limits: WritesLimits

  /** Throws `RangeError` for a quota that cannot be. */
  constructor(limiter: LocalSlidingWindowLimiter, limits: WritesLimits) {
    const lists = [
      limits.global,
      limits.perOrganization,
      ...Object.values(limits.perUseCase),
      ...Object.values(limits.perUseCaseAndOrganization),
    ]
    for (const quota of lists.flat()) checkQuota(quota)
    this.#limiter = limiter
    this.#limits = limits
  }

  /** Takes quota for as many of the strings as there is; which ones are dropped is not to be relied on. */
  async checkWriteLimits(keys: UseCaseKeyCollection): Promise<LimitedWrites> {
    const asked = this.#asked(keys)
    return this.#limited(asked, await this.#limiter.acquire(asked.flatMap(({ request }) => request ?? [])))
  }

  /** The same by what this process used, for who cannot wait. */
  checkNow(keys: UseCaseKeyCollection): LimitedWrites {
    const asked = this.#asked(keys)
    return this.#limited(asked, this.#limiter.acquireNow(asked.flatMap(({ request }) => request ?? [])))
  }

  #asked(keys: UseCaseKeyCollection): Asked[] {
    const asked: Asked[] = []
    for (const [useCaseId, collection] of keys.mapping) {
      for (const [organizationId, strings] of collection.mapping) {
        asked.push({ useCaseId, organizationId, strings, request: this.#request(useCaseId, organizationId, strings.size) })
      }
    }
    return asked
  }

  #limited(asked: readonly Asked[], acquired: AcquiredQuotas): LimitedWrites {
    const shares: Share[] = []
    const accepted = new UseCaseKeyBuilder()
    const dropped: DroppedString[] = []
    let at = 0
    for (const { useCaseId, organizationId, strings, request } of asked) {
      const grant = request === null ? undefined : acquired.grants[at++]
      const all = [...strings]
      const granted = grant === undefined ? all : all.slice(0, grant.granted)
      for (const string of granted) accepted.add(useCaseId, organizationId, string)
      const ext = { isGlobal: grant?.reachedQuotas.some(({ prefixOverride }) => isShared(prefixOverride)) ?? false }
      for (const string of all.slice(granted.length)) dropped.push({ useCaseId, organizationId, string, ext })
      if (grant !== undefined) shares.push({ useCaseId, organizationId, accepted: granted })
    }
    return { accepted: accepted.build(), dropped, settle: (stored) => this.#settle(acquired, shares, stored) }
  }

  async #settle(
    acquired: AcquiredQuotas,
    shares: readonly Share[],
    stored: (useCaseId: UseCaseId, organizationId: number, string: string) => boolean,
  ): Promise<void> {
    const unused = shares.map(
      ({ useCaseId, organizationId, accepted }) => accepted.filter((string) => !stored(useCaseId, organizationId, string)).length,
    )
    if (unused.some((count) => count > 0)) await this.#limiter.release(acquired, unused)
  }

  /** Null without any quota. */
  #request(useCaseId: UseCaseId, organizationId: number, requested: number): RequestedQuota | null {
    const { global, perOrganization, perUseCase, perUseCaseAndOrganization } = this.#limits
    const under = (quotas: readonly WritesQuota[] = [], prefixOverride: string): Quota[] =>
      quotas.map((quota) => ({ ...quota, prefixOverride }))
    const quotas = [
      ...(perUseCaseAndOrganization[useCaseId] ?? []),
      ...under(perOrganization, `${prefix}-org-${organizationId}`),
      ...under(perUseCase[useCaseId], `${prefix}-${useCaseId}-global`),
      ...under(global, `${prefix}-global`),
    ]
    return quotas.length === 0 ? null : { prefix: `${prefix}-${useCaseId}-org-${organizationId}`, requested, quotas }
  }
}

/** Quotas of one organization's use cases share a name too; only these are shared by organizations. */
function isShared(prefixOverride: string | undefined): boolean {
  return prefixOverride?.endsWith('-global') === true
}

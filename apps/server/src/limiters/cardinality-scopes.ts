/**
 * Counts of distinct series by scope and granule. A row is one scope; a series is counted in the granule it was last seen in, so the sum of a
 * row's granules is the number of distinct series within the window. About 60 bytes a row with six granules, and its name.
 */
import type { CardinalityQuotas, CardinalityRequest, CardinalityScope } from './cardinality-ports.ts'

/** Whose series they are. */
export type MetricScope = Omit<CardinalityRequest, 'hashes'>

/** Rows of the scopes of one metric, widest first. */
export type ScopePath = readonly [global: number, organization: number, useCase: number, metric: number]

export const scopeNames: readonly CardinalityScope[] = ['global', 'organization', 'useCase', 'metric']

/** Names of the organization's, the use case's and the metric's scope; no two scopes share one. */
export function scopeKeys(of: MetricScope): readonly [organization: string, useCase: string, metric: string] {
  const { organizationId, projectId, useCase, metric } = of
  return [`o:${organizationId}`, `u:${organizationId}:${useCase}`, `m:${organizationId}:${projectId}:${useCase}:${metric}`]
}

/** Most series that a scope of this kind has, for series of this use case. */
export function limitOf(
  { limits, useCases }: Pick<CardinalityQuotas, 'limits' | 'useCases'>,
  scope: CardinalityScope,
  useCase: string,
): number {
  return scope === 'useCase' ? (useCases?.[useCase] ?? limits.useCase) : limits[scope]
}

function grown(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

export class ScopeCounts {
  readonly #granules: number
  readonly #rows = new Map<string, number>()
  readonly #paths = new Map<number, ScopePath>()
  readonly #metrics = new Map<number, MetricScope>()
  readonly #free: number[] = []
  #rings: Int32Array<ArrayBuffer>
  #totals = new Int32Array(64)
  #made = 0

  constructor(granules: number) {
    this.#granules = granules
    this.#rings = new Int32Array(64 * granules)
    this.#row('g')
  }

  /** Made when new. Rows without series go when the window moves on. */
  path(of: MetricScope): ScopePath {
    const keys = scopeKeys(of)
    const known = this.#rows.get(keys[2])
    const path = known === undefined ? undefined : this.#paths.get(known)
    if (path !== undefined) return path
    const row = this.#row(keys[2])
    const made = [0, this.#row(keys[0]), this.#row(keys[1]), row] as const
    this.#paths.set(row, made)
    const { organizationId, projectId, useCase, metric } = of
    this.#metrics.set(row, { organizationId, projectId, useCase, metric })
    return made
  }

  /** The path that ends in this metric's row. */
  pathOf(metricRow: number): ScopePath {
    const path = this.#paths.get(metricRow)
    if (path === undefined) throw new Error('a series is counted in a scope that is gone')
    return path
  }

  metricOf(metricRow: number): MetricScope {
    const found = this.#metrics.get(metricRow)
    if (found === undefined) throw new Error('a series is counted in a scope that is gone')
    return found
  }

  total(row: number): number {
    return this.#totals[row] ?? 0
  }

  metricTotal(of: MetricScope): number {
    const row = this.#rows.get(scopeKeys(of)[2])
    return row === undefined ? 0 : this.total(row)
  }

  /** Adds `by` series to all scopes of the path in the granule. */
  add(path: ScopePath, granule: number, by: number): void {
    const slot = granule % this.#granules
    for (const row of path) {
      this.#rings[row * this.#granules + slot]! += by
      this.#totals[row]! += by
    }
  }

  /** The granule begins: what was counted a window ago in its place is out. */
  open(granule: number): void {
    const slot = granule % this.#granules
    for (let row = 0; row < this.#made; row++) {
      const at = row * this.#granules + slot
      this.#totals[row]! -= this.#rings[at]!
      this.#rings[at] = 0
    }
    for (const [key, row] of this.#rows) {
      if (row === 0 || this.#totals[row] !== 0) continue
      this.#rows.delete(key)
      this.#paths.delete(row)
      this.#metrics.delete(row)
      this.#free.push(row)
    }
  }

  #row(key: string): number {
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = this.#free.pop() ?? this.#made++
    if (row >= this.#totals.length) {
      this.#totals = grown(this.#totals, row * 2)
      this.#rings = grown(this.#rings, row * 2 * this.#granules)
    }
    this.#rows.set(key, row)
    return row
  }
}

/** Attributes of resources by fingerprint, for rows that are shown: remembered, because few resources send nearly all rows. */
import type { ClickHouse } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { mapAt, mapsIn, resourcesTable, wideIn } from '../signals/index.ts'
import { resourcesKnownMax } from './limits.ts'
import { hashText } from './row-id.ts'
import { tenantSql } from './where.ts'

export type ResourceAttributes = Record<string, string>

export class ResourceNames {
  readonly #engine: ClickHouse
  /** By organization, projects and fingerprint; the oldest goes first. */
  readonly #known = new Map<string, ResourceAttributes>()

  constructor(engine: ClickHouse) {
    this.#engine = engine
  }

  /** Of fingerprints as 16 hexadecimal digits; those that are not known are missing. Errors: the engine's. */
  async of(scope: Scope, fingerprints: ReadonlySet<string>, signal: AbortSignal): Promise<Map<string, ResourceAttributes>> {
    const tenant = `${scope.organizationId}/${scope.projectIds.join(',')}/`
    const found = new Map<string, ResourceAttributes>()
    const missing: string[] = []
    for (const fingerprint of fingerprints) {
      if (fingerprint === '') continue
      const known = this.#known.get(tenant + fingerprint)
      if (known === undefined) missing.push(fingerprint)
      else found.set(fingerprint, known)
    }
    if (missing.length === 0) return found
    const list = missing.map((fingerprint) => `0x${fingerprint}`).join(', ')
    const sql = `SELECT fingerprint, any(attributes) AS attributes FROM ${resourcesTable} WHERE ${tenantSql(scope)} AND fingerprint IN (${list}) GROUP BY fingerprint`
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const ids = wideIn(block, 'fingerprint')
      const maps = mapsIn(block, 'attributes')
      for (let row = 0; row < block.rows; row++) {
        const fingerprint = hashText(ids[row * 2] ?? 0, ids[row * 2 + 1] ?? 0)
        const attributes = mapAt(maps, row)
        found.set(fingerprint, attributes)
        this.#remember(tenant + fingerprint, attributes)
      }
    }
    return found
  }

  #remember(key: string, attributes: ResourceAttributes): void {
    if (this.#known.size >= resourcesKnownMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(key, attributes)
  }
}

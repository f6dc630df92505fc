/** What is in memory of sets: which metrics have members, and the members that may not be in the engine yet. */
import type { RefHolder } from '../ports.ts'
import type { RecordSets } from '../record/set-section.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { FreshMembers, type FreshMembersDeps } from './fresh-members.ts'
import { SetRows } from './set-rows.ts'
import { SetMetrics } from './set-metrics.ts'

export class SetsHead implements RefHolder {
  readonly fresh: FreshMembers
  readonly metrics = new SetMetrics()
  readonly #registry: SeriesRegistry

  constructor(registry: SeriesRegistry, deps: FreshMembersDeps) {
    this.#registry = registry
    this.fresh = new FreshMembers(deps)
    registry.holdsRefs(this)
  }

  clear(refs: Uint32Array): void {
    if (this.fresh.memberCount > 0) this.fresh.clear(new Set(refs))
  }

  /** Makes acknowledged members visible. */
  show(rows: SetRows): void {
    const registry = this.#registry
    for (let row = 0; row < rows.count; row++) {
      const ref = rows.refs[row]!
      const { organizationId, projectId } = registry.tenantOf(ref).tenant
      this.metrics.note(organizationId, projectId, registry.metricHash(ref))
    }
    this.fresh.append(rows)
  }

  /** The same of a record found in the log, whose series are in the index. Gives the rows whose series is not. */
  recover(sets: RecordSets): number {
    const rows = new SetRows()
    let unknown = 0
    for (let row = 0; row < sets.count; row++) {
      const ref = this.#registry.findId(sets.idLow[row]!, sets.idHigh[row]!)
      if (ref === -1) {
        unknown++
        continue
      }
      this.#registry.touch(ref, sets.timesMs[row]!)
      rows.begin(ref, sets.timesMs[row]!)
      for (let at = row === 0 ? 0 : sets.ends[row - 1]!; at < sets.ends[row]!; at++)
        rows.add(sets.members[at * 2]!, sets.members[at * 2 + 1]!)
    }
    this.show(rows)
    return unknown
  }
}

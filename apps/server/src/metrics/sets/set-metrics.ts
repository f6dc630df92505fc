/** Which metrics are sets: the float series of one looks like any gauge. */
import type { ClickHouse } from '../../engines/index.ts'
import { setsTable } from './table.ts'

/** Metrics that have or had members, by project. */
export class SetMetrics {
  readonly #known = new Set<string>()

  note(organizationId: number, projectId: number, metricHash: number): void {
    this.#known.add(`${organizationId}/${projectId}/${metricHash}`)
  }

  has(organizationId: number, projectId: number, metricHash: number): boolean {
    return this.#known.has(`${organizationId}/${projectId}/${metricHash}`)
  }

  /** Those of the engine, at start. Errors: the engine's. */
  async load(engine: Pick<ClickHouse, 'queryNative'>, signal: AbortSignal): Promise<void> {
    const sql = `SELECT org, project, metric FROM ${setsTable} GROUP BY org, project, metric`
    for await (const { rows, columns } of engine.queryNative({ sql, class: 'internal', signal })) {
      const [org, project, metric] = columns
      if (org?.kind !== 'u32' || project?.kind !== 'u32' || metric?.kind !== 'u32') throw new Error('unexpected columns of sets')
      for (let row = 0; row < rows; row++) this.note(org.data[row]!, project.data[row]!, metric.data[row]!)
    }
  }
}

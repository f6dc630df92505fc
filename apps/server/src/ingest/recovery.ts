/** After a start: what the log still holds is visible to queries again and counted, before the writer begins. */
import type { Spool } from './log/spool-options.ts'
import type { Conservation, DeadLetter, Kind, KindHandler } from './ports.ts'

export interface RecoverySummary {
  readonly records: number
  readonly rows: number
}

/** Raw records are only counted: they become visible when the writer has decoded them. */
export async function recoverLog(
  log: Pick<Spool, 'recoveredRecords'>,
  handlers: ReadonlyMap<Kind, KindHandler>,
  conservation: Pick<Conservation, 'recovered'>,
): Promise<RecoverySummary> {
  let records = 0
  let rows = 0
  for await (const { lane, record } of log.recoveredRecords()) {
    if (lane === 'ready') handlers.get(record.kind)?.recover(record)
    conservation.recovered(record.tenant, record.kind, record.rows)
    records++
    rows += record.rows
  }
  return { records, rows }
}

/** Queues a dead letter again and counts it as received anew (it was counted as dropped when it was buried). */
export async function replayDeadLetter(
  log: Pick<Spool, 'replayDeadLetter'>,
  conservation: Pick<Conservation, 'recovered'>,
  id: string,
): Promise<DeadLetter> {
  const letter = await log.replayDeadLetter(id)
  for (const { organizationId, projectId, kind, rows } of letter.tenants) conservation.recovered({ organizationId, projectId }, kind, rows)
  return letter
}

/** From a segment's records to the inserts that put them into the stores, numbered so that a repetition has the same tokens. */
import type { Kind, KindHandler, LogRecord, TableInsert } from '../ports.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { allSteps, type Steps } from '../../kernel/steps.ts'

/** One insert with its `insert_deduplication_token`. */
export interface PlannedInsert extends TableInsert {
  readonly token: string
}

export interface TenantRows {
  readonly tenant: Tenant
  readonly kind: Kind
  rows: number
}

function recordsByKind(records: readonly LogRecord[]): Map<Kind, LogRecord[]> {
  const byKind = new Map<Kind, LogRecord[]>()
  for (const record of records) {
    const list = byKind.get(record.kind)
    if (list === undefined) byKind.set(record.kind, [record])
    else list.push(record)
  }
  return byKind
}

/** Lets each kind ask for what its inserts need. */
export async function prepareInserts(records: readonly LogRecord[], handlers: ReadonlyMap<Kind, KindHandler>): Promise<void> {
  for (const [kind, ofKind] of recordsByKind(records)) await handlers.get(kind)?.prepare?.(ofKind)
}

/**
 * Token: `<segment token>-<table>` for a table's first insert, `-1`, `-2` ... after it for further ones, and the variant of rows that a
 * repetition may say in another way. Kinds go in the order
 * of their names, so that nothing depends on which record came first. A step is about an insert: other work goes in between. Throws when
 * a kind has no handler.
 */
export function* planInSteps(
  token: string,
  records: readonly LogRecord[],
  handlers: ReadonlyMap<Kind, KindHandler>,
): Steps<PlannedInsert[]> {
  const byKind = recordsByKind(records)
  const planned: PlannedInsert[] = []
  const countByTable = new Map<string, number>()
  for (const kind of [...byKind.keys()].sort()) {
    const handler = handlers.get(kind)
    if (handler === undefined) throw new Error(`no handler for records of kind ${kind}`)
    for (const insert of handler.buildInserts(byKind.get(kind) ?? [], token)) {
      yield
      if (insert === null) continue
      const nth = countByTable.get(insert.table) ?? 0
      countByTable.set(insert.table, nth + 1)
      if (insert.rows === 0) continue
      const variant = insert.variant === undefined ? '' : `-${insert.variant}`
      planned.push({ ...insert, token: `${token}-${insert.table}${nth === 0 ? '' : `-${nth}`}${variant}` })
    }
  }
  return planned
}

/** The same in one go. */
export function planInserts(token: string, records: readonly LogRecord[], handlers: ReadonlyMap<Kind, KindHandler>): PlannedInsert[] {
  return allSteps(planInSteps(token, records, handlers))
}

/** Rows by tenant and kind, for the counters. */
export function rowsByTenant(records: readonly LogRecord[]): TenantRows[] {
  const byKey = new Map<string, TenantRows>()
  for (const { tenant, kind, rows } of records) {
    const key = `${tenant.organizationId}/${tenant.projectId}/${kind}`
    const entry = byKey.get(key)
    if (entry === undefined) byKey.set(key, { tenant, kind, rows })
    else entry.rows += rows
  }
  return [...byKey.values()]
}

/** The ingest side's process-wide lists, cut to a scope: nothing of another tenant passes. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { ConservationRow, DeadLetter } from '../ingest/index.ts'
import type { DeadLetterStore } from './ports.ts'

const letterNotFound: ErrorSpec = {
  code: 'ingest.dead_letter_not_found',
  kind: 'not_found',
  publicText: 'There is no such dead letter in this project.',
}

/** A dead letter as one scope may see it. */
export interface ScopedLetter {
  readonly id: string
  readonly buriedAtMs: number
  readonly kind: string
  readonly reason: string
  /** The scope's rows only. */
  readonly rows: number
  readonly sizeBytes: number
}

function isIn(scope: Scope, row: { readonly organizationId: number; readonly projectId: number }): boolean {
  return row.organizationId === scope.organizationId && scope.projectIds.includes(row.projectId)
}

export function usageOf(scope: Scope, rows: readonly ConservationRow[]): ConservationRow[] {
  return rows.filter((row) => isIn(scope, row))
}

function scoped(scope: Scope, letter: DeadLetter): ScopedLetter | null {
  const own = letter.tenants.filter((tenant) => isIn(scope, tenant))
  if (own.length === 0) return null
  const rows = own.reduce((sum, tenant) => sum + tenant.rows, 0)
  const kind = own[0]?.kind ?? ''
  return { id: letter.id, buriedAtMs: letter.buriedAtMs, kind, reason: letter.reason, rows, sizeBytes: letter.sizeBytes }
}

export async function listLetters(scope: Scope, store: DeadLetterStore): Promise<ScopedLetter[]> {
  return (await store.list()).flatMap((letter) => scoped(scope, letter) ?? [])
}

/** Replays the named letters (null: all) that hold rows of the scope. Errors: `ingest.dead_letter_not_found` before any is touched. */
export async function replayLetters(
  scope: Scope,
  store: DeadLetterStore,
  ids: readonly string[] | null,
): Promise<{ letters: number; rows: number }> {
  const known = await listLetters(scope, store)
  const chosen = ids === null ? known : known.filter((letter) => ids.includes(letter.id))
  if (ids !== null && chosen.length !== new Set(ids).size) throw new AppError(letterNotFound)
  let rows = 0
  for (const letter of chosen) {
    await store.replay(letter.id)
    rows += letter.rows
  }
  return { letters: chosen.length, rows }
}

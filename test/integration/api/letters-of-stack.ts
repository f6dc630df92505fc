/** Dead letters of one organization, of the other, and of both. */
import type { DeadLetter } from '../../../apps/server/src/ingest/index.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'

interface Owners {
  readonly ours: Tenant
  readonly theirs: Tenant
  /** Only letters that are not ours have it. */
  readonly word: string
  readonly nowMs: number
}

export function lettersOfStack({ ours, theirs, word, nowMs }: Owners): DeadLetter[] {
  const letter = { lane: 'ready', token: 't', buriedAtMs: nowMs, records: 1, sizeBytes: 100 } as const
  return [
    { ...letter, id: 'ready-0000000000000001', reason: 'refused by the store', rows: 7, tenants: [{ ...ours, kind: 'metrics', rows: 7 }] },
    { ...letter, id: 'ready-0000000000000002', reason: `about ${word}`, rows: 9, tenants: [{ ...theirs, kind: 'metrics', rows: 9 }] },
    {
      ...letter,
      id: 'ready-0000000000000003',
      reason: 'both',
      rows: 5,
      tenants: [
        { ...ours, kind: 'metrics', rows: 2 },
        { ...theirs, kind: 'metrics', rows: 3 },
      ],
    },
  ]
}

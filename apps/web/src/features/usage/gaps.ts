/**
 * Points that are neither stored, refused, dropped nor queued. A request between "received" and "queued" is such for a moment; only what
 * stays so is a loss.
 */
import type { UsageRow } from '@bellwether/protocol'
import { useState } from 'react'
import { balanceOf } from './usage.queries.ts'

/** A gap is real once it was seen so often, over so long, without shrinking. */
const readsMin = 3
const lastsMinMs = 10_000

interface Gap {
  readonly missing: number
  readonly sinceMs: number
  readonly reads: number
}

export interface GapWatch {
  readonly readAtMs: number
  /** By row; rows that add up have none. */
  readonly gaps: ReadonlyMap<string, Gap>
}

/** By row: the points that are unaccounted for to stay. */
export type LastingGaps = ReadonlyMap<string, number>

export const noGaps: GapWatch = { readAtMs: 0, gaps: new Map() }

export function rowKeyOf(row: UsageRow): string {
  return `${row.projectId} ${row.kind}`
}

/** The watch after one more read. A gap that shrank or changed its side starts anew. */
export function watchGaps(before: GapWatch, rows: readonly UsageRow[], readAtMs: number): GapWatch {
  const gaps = new Map<string, Gap>()
  for (const row of rows) {
    const { missing } = balanceOf([row])
    if (missing === 0) continue
    const known = before.gaps.get(rowKeyOf(row))
    const goesOn = known !== undefined && Math.sign(known.missing) === Math.sign(missing) && Math.abs(missing) >= Math.abs(known.missing)
    gaps.set(rowKeyOf(row), goesOn ? { missing, sinceMs: known.sinceMs, reads: known.reads + 1 } : { missing, sinceMs: readAtMs, reads: 1 })
  }
  return { readAtMs, gaps }
}

export function lastingGaps({ readAtMs, gaps }: GapWatch): LastingGaps {
  const lasting = [...gaps].filter(([, gap]) => gap.reads >= readsMin && readAtMs - gap.sinceMs >= lastsMinMs)
  return new Map(lasting.map(([key, gap]) => [key, gap.missing]))
}

/** Points that stay unaccounted for in these rows, whichever side they are on. */
export function lostIn(rows: readonly UsageRow[], lasting: LastingGaps): number {
  return rows.reduce((sum, row) => sum + Math.abs(lasting.get(rowKeyOf(row)) ?? 0), 0)
}

/** Watches the rows from read to read; `readAtMs` is when they were read, 0 for not yet. */
export function useLastingGaps(rows: readonly UsageRow[], readAtMs: number): LastingGaps {
  const [watch, setWatch] = useState(noGaps)
  if (watch.readAtMs !== readAtMs) setWatch(watchGaps(watch, rows, readAtMs))
  return lastingGaps(watch)
}

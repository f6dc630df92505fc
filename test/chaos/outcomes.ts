/** What each fault led to, as one table: printed after the tests, and kept for `npm run test:chaos` when it says where. */
import { appendFileSync } from 'node:fs'
import type { Tally } from './tally.ts'
import type { Truth } from './truth.ts'

export interface Outcome {
  readonly scenario: string
  readonly tally: Tally
  readonly truth: Truth
  /** From the fault to the first word that it is not ready; null when there was none. */
  readonly toldMs: number | null
  /** From the end of the fault (for a kill: its moment) until ready and answering; 0 when it was so before. */
  readonly recoveryMs: number
  /** Then until the log held nothing older than a few seconds; null when it was not looked at. */
  readonly caughtUpMs: number | null
}

const heads = [
  'scenario',
  'acked',
  'found',
  'lost',
  'doubled',
  'refused',
  'unanswered',
  'told s',
  'not ready s',
  'recovery s',
  'caught up s',
]

/** One line an outcome, below the heads. */
export function outcomeRows(outcomes: readonly Outcome[]): string[][] {
  return outcomes.map(({ scenario, tally, truth, toldMs, recoveryMs, caughtUpMs }) => [
    scenario,
    ...[tally.acknowledged, tally.found, tally.lost, tally.doubled, tally.refused, tally.unanswered].map(String),
    seconds(toldMs),
    seconds(truth.notReadyMs),
    seconds(recoveryMs),
    seconds(caughtUpMs),
  ])
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : (ms / 1000).toFixed(1)
}

/** Prints the table, and appends its rows to the file that `BELLWETHER_TEST_CHAOS_TABLE` names. */
export function report(outcomes: readonly Outcome[]): void {
  const rows = outcomeRows(outcomes)
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')
  console.log(`\n${[heads, ...rows].map(line).join('\n')}\n`)
  const file = process.env['BELLWETHER_TEST_CHAOS_TABLE']
  if (file !== undefined && file !== '') appendFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** The short form of the simulation; a failure names its seed, and `runSimulation(seed)` repeats it. */
import { expect, test } from 'vitest'
import { runSimulation } from './simulation.ts'

const seeds = 1500

test(`${seeds} seeds of log and writer on a bad disk with a bad engine`, { timeout: 120_000 }, async () => {
  const totals = { acknowledged: 0, refused: 0, unanswered: 0, lives: 0, deaths: 0, deadLetters: 0, inserts: 0 }
  for (let seed = 1; seed <= seeds; seed++) {
    const summary = await runSimulation(seed)
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += summary[key]
  }
  // The simulation must reach what it is there for.
  expect(totals.acknowledged).toBeGreaterThan(seeds * 5)
  expect(totals.refused).toBeGreaterThan(seeds / 2)
  expect(totals.deaths).toBeGreaterThan(seeds / 2)
  expect(totals.unanswered).toBeGreaterThan(seeds / 2)
  expect(totals.deadLetters).toBeGreaterThan(20)
})

/**
 * The short form of the simulation; `npm run test:simulation` runs more seeds. A failure names the command that repeats it. The
 * mutations prove that it sees what it is there for.
 */
import { describe, expect, test } from 'vitest'
import { mutations } from './mutations.ts'
import type { StepFault } from './sim-world.ts'
import type { SimulationSummary } from './simulation.ts'
import { runSimulation, runWithFault } from './simulation.ts'

// oxlint-disable-next-line node/no-process-env -- how scripts/simulation.mjs asks for a long run
const { BELLWETHER_TEST_SIMULATION_SEEDS = '250', BELLWETHER_TEST_SIMULATION_FIRST_SEED = '1' } = process.env
const seeds = Number(BELLWETHER_TEST_SIMULATION_SEEDS)
const firstSeed = Number(BELLWETHER_TEST_SIMULATION_FIRST_SEED)

/** Seconds between two lines of a long run. */
const tellEverySec = 20

test(`${seeds} seeds of log and writer on a bad disk with a bad engine`, { timeout: 60_000 + seeds * 100 }, async () => {
  const totals: Record<keyof SimulationSummary, number> = {
    acknowledged: 0,
    refused: 0,
    unanswered: 0,
    lives: 0,
    deaths: 0,
    deadLetters: 0,
    inserts: 0,
  }
  const startedMs = performance.now()
  let toldMs = startedMs
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const summary = await runSimulation(seed)
    for (const key of Object.keys(totals) as (keyof SimulationSummary)[]) totals[key] += summary[key]
    if (performance.now() - toldMs < tellEverySec * 1000) continue
    toldMs = performance.now()
    console.log(`${seed - firstSeed + 1} seeds, ${Math.round(((seed - firstSeed + 1) / (toldMs - startedMs)) * 1000)} a second`)
  }
  const tookSec = (performance.now() - startedMs) / 1000
  console.log(`${seeds} seeds in ${tookSec.toFixed(1)} s, ${Math.round(seeds / tookSec)} a second: ${JSON.stringify(totals)}`)
  // The simulation must reach what it is there for.
  if (seeds < 100) return
  expect(totals.acknowledged).toBeGreaterThan(seeds * 5)
  expect(totals.refused).toBeGreaterThan(seeds / 2)
  expect(totals.deaths).toBeGreaterThan(seeds / 2)
  expect(totals.unanswered).toBeGreaterThan(seeds / 2)
  expect(totals.deadLetters).toBeGreaterThan(seeds / 100)
})

const everyFault: readonly [string, StepFault['what']][] = [
  ['the disk is full', { type: 'fails', code: 'ENOSPC' }],
  ['the disk is broken', { type: 'fails', code: 'EIO' }],
  ...[false, true].flatMap((isDone) =>
    [false, true].map((isPowerLost): [string, StepFault['what']] => [
      `the ${isPowerLost ? 'power' : 'process'} ends ${isDone ? 'after' : 'before'} it`,
      { type: 'dies', isDone, isPowerLost },
    ]),
  ),
]

test.each(everyFault)('at each operation of a quiet life: %s', { timeout: 60_000 }, async (_, what) => {
  for (const seed of [11, 12]) {
    const steps = await runWithFault(seed, null)
    expect(steps).toBeGreaterThan(30)
    for (let step = 1; step <= steps; step++) await runWithFault(seed, { step, what })
  }
})

describe('a program that', () => {
  /** Each is found long before that. */
  const seedsMax = 1000

  test.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s is caught', { timeout: 60_000 }, async (_, mutation) => {
    let caught: string | null = null
    for (let seed = 1; seed <= seedsMax && caught === null; seed++) {
      caught = await runSimulation(seed, mutation).then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
    }
    expect(caught).toMatch(/^seed \d+: .*(is lost|times|neither|waits for|came with other rows|queued|balance)/)
    console.log(`${mutation.name}: ${caught}`)
  })
})

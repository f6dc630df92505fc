/**
 * `npm run test:simulation [seeds] [first seed]`: the simulation of the ingest log and its writer (apps/server/src/ingest/testing/) over
 * more seeds than in `npm test`, 5,000 when none is given. A failure names the seed and the command that repeats it.
 */
import { root, runTool, toolScript } from './build.mjs'

const [seeds = '5000', firstSeed = '1'] = process.argv.slice(2)
const args = [toolScript('vitest', 'vitest'), 'run', '--project', 'unit', 'apps/server/src/ingest/testing/simulation.test.ts']
// One seed alone: the mutations and single faults have nothing to do with it.
if (seeds === '1') args.push('-t', 'seeds of log and writer')
const env = { ...process.env, BELLWETHER_TEST_SIMULATION_SEEDS: seeds, BELLWETHER_TEST_SIMULATION_FIRST_SEED: firstSeed }
const { ok } = await runTool(process.execPath, args, { cwd: root, env })
process.exitCode = ok ? 0 : 1

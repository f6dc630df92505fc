/**
 * `npm run check`: every gate that is not a test of behaviour. All gates run, so one run shows all that is wrong.
 * `npm run check -- lint types` runs only those named. The exit code is the number of gates that failed.
 */
import { root, runTool, toolScript } from './build.mjs'

const gates = [
  { name: 'format', tool: ['oxfmt', 'oxfmt'], args: ['--check', '.'] },
  { name: 'lint', tool: ['oxlint', 'oxlint'], args: ['--type-aware', '--quiet', '--report-unused-disable-directives'] },
  { name: 'types', tool: ['typescript', 'tsc'], args: ['-b'] },
  // Follows imports into what the compiler has made.
  { name: 'boundaries', script: 'scripts/lint-boundaries.mjs', args: [], after: 'types' },
  { name: 'tidy', tool: ['vitest', 'vitest'], args: ['run', '--project', 'tidy'] },
  { name: 'knip', tool: ['knip', 'knip'], args: ['--no-progress'] },
]

const runs = new Map()

async function runGate(gate) {
  await runs.get(gate.after)
  const startedAt = performance.now()
  const script = gate.script ?? toolScript(...gate.tool)
  const { ok, output } = await runTool(process.execPath, [script, ...gate.args], { quiet: true })
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${gate.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(output)
  return ok
}

/** Two at a time, for two processors: half of the gates use one. */
const gatesAtOnce = 2

process.chdir(root)
const only = process.argv.slice(2)
const waiting = gates.filter(({ name }) => only.length === 0 || only.includes(name))
let failedCount = 0

async function runWaiting() {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
    const run = runGate(gate)
    runs.set(gate.name, run)
    if (!(await run)) failedCount += 1
  }
}

await Promise.all(Array.from({ length: gatesAtOnce }, runWaiting))
console.log(failedCount === 0 ? 'All checks passed.' : `${failedCount} of the checks failed.`)
process.exitCode = failedCount

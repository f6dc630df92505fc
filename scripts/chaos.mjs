/**
 * `npm run test:chaos [rounds] [part of a name]`: the faults of test/chaos/, longer and more often than in `npm test`, and what became
 * of them in one table at the end. The part of a name plays only the tests that have it in theirs: `SIGSTOP`, `log`, `senders`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, root, runTool, toolScript } from './build.mjs'

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

const [rounds = '200', only] = process.argv.slice(2)
if (!(await build())) process.exit(1)
const folder = mkdtempSync(join(tmpdir(), 'bellwether-chaos-table-'))
const table = join(folder, 'rows')
const args = [
  toolScript('vitest', 'vitest'),
  'run',
  '--project',
  'e2e',
  '--project',
  'chaos',
  'test/chaos',
  ...(only === undefined ? [] : ['-t', only]),
]
const env = { ...process.env, BELLWETHER_TEST_CHAOS_ROUNDS: rounds, BELLWETHER_TEST_CHAOS_TABLE: table }
const { ok } = await runTool(process.execPath, args, { cwd: root, env })
if (existsSync(table)) {
  const rows = readFileSync(table, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  console.log([heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n'))
}
rmSync(folder, { recursive: true, force: true })
process.exitCode = ok ? 0 : 1

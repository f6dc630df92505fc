/** `npm run test:chaos [rounds]`: the crash rounds of test/chaos/, many more of them than in `npm test`. */
import { build, root, runTool, toolScript } from './build.mjs'

const rounds = process.argv[2] ?? '200'
if (!(await build())) process.exit(1)
const args = [toolScript('vitest', 'vitest'), 'run', '--project', 'e2e', 'test/chaos']
const { ok } = await runTool(process.execPath, args, { cwd: root, env: { ...process.env, BELLWETHER_TEST_CHAOS_ROUNDS: rounds } })
process.exitCode = ok ? 0 : 1

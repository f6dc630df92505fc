/**
 * `npm test`: brings what the tests need, builds, runs every Vitest project, and prints `N passed, M failed` last
 * (with `, K skipped` when something was skipped) over all tests that ran. Exit code 0 only when nothing failed.
 * Names of projects as arguments run only those: `npm test -- unit tidy`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, root, runTool, toolScript } from './build.mjs'
import { testEnvironment } from './test-services.mjs'

/** Cheap ones first, so that a plain mistake shows within seconds. Those of a group run side by side. */
const groups = [['tidy', 'unit', 'web'], ['integration'], ['e2e']]

/** Two workers: the tests start real engines, and more of them than this only makes every one slower on a small machine. */
const workersMax = 2

function countReport(path, exitOk) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  if (!existsSync(path)) return { ...count, failed: 1 }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  count.passed = report.numPassedTests
  count.failed = report.numFailedTests
  count.skipped = report.numPendingTests + report.numTodoTests
  // A file that cannot be loaded has no tests in the report, and must not vanish for that.
  count.failed += report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed)).length
  // An error outside of any test (an unhandled rejection) fails the run without failing a test.
  if (!exitOk && count.failed === 0) count.failed = 1
  return count
}

function isFailed(assertion) {
  return assertion.status === 'failed'
}

async function runGroup(projects, env, folder) {
  const report = join(folder, `${projects.join('-')}.json`)
  const args = [toolScript('vitest', 'vitest'), 'run', `--maxWorkers=${workersMax}`, '--reporter=default', '--reporter=json']
  args.push(`--outputFile.json=${report}`, '--passWithNoTests', ...projects.flatMap((project) => ['--project', project]))
  const { ok } = await runTool(process.execPath, args, { env })
  return countReport(report, ok)
}

async function main(only) {
  const env = testEnvironment(process.env.CI === 'true')
  if (env === null || !(await build())) return { passed: 0, failed: 1, skipped: 0 }
  const total = { passed: 0, failed: 0, skipped: 0 }
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-test-report-'))
  for (const group of groups) {
    const projects = only.length === 0 ? group : group.filter((project) => only.includes(project))
    if (projects.length === 0) continue
    const count = await runGroup(projects, env, folder)
    for (const key of Object.keys(total)) total[key] += count[key]
  }
  rmSync(folder, { recursive: true, force: true })
  return total
}

process.chdir(root)
const total = await main(process.argv.slice(2)).catch((error) => {
  console.error(error)
  return { passed: 0, failed: 1, skipped: 0 }
})
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

/**
 * `npm test`: brings what the tests need, builds, runs every Vitest project, names all that failed once more, and prints
 * `N passed, M failed` last (with `, K skipped` when something was skipped) over all tests that ran. Exit code 0 only when
 * nothing failed.
 * Names of projects as arguments run only those: `npm test -- unit tidy`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { build, root, runTool, toolScript } from './build.mjs'
import { testEnvironment } from './test-services.mjs'

/** Cheap ones first, so that a plain mistake shows within seconds. Those of a group are one run of Vitest, without a pause in between. */
const groups = [
  ['tidy', 'unit', 'web'],
  ['integration', 'e2e', 'chaos'],
]

/** Of one run: its counts, and a line or two on each failure, since the run's own output may be thousands of lines back. */
function readReport(path, exitOk) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0, failures: [`no report at ${path}: the run itself failed`] }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const failures = report.testResults.flatMap(failuresOf)
  // An error outside of any test (an unhandled rejection) fails the run without failing a test.
  if (!exitOk && failures.length === 0) failures.push('an error outside of any test; it is printed at the end of that run')
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  }
}

function failuresOf(file) {
  const name = relative(root, file.name)
  const failed = file.assertionResults.filter((assertion) => assertion.status === 'failed')
  // A file that cannot be loaded has no tests in the report, and must not vanish for that.
  if (file.status === 'failed' && failed.length === 0) return [`${name}\n    ${firstLines(file.message)}`]
  return failed.map((assertion) => `${name} > ${assertion.fullName}\n    ${firstLines(assertion.failureMessages[0])}`)
}

/** What was said, without the way there but for the line of the test. */
function firstLines(message) {
  const lines = (message ?? 'no message').replaceAll(`${root}/`, '').split('\n')
  const isPlace = (line) => /^\s+at /.test(line)
  const said = lines.filter((line) => !isPlace(line) && line.trim() !== '').slice(0, 6)
  const place = lines.find((line) => isPlace(line) && line.includes('.test.'))
  return [...said, ...(place === undefined ? [] : [place.trim()])].join('\n    ').slice(0, 900)
}

async function runGroup(projects, env, folder) {
  const report = join(folder, `${projects.join('-')}.json`)
  const args = [toolScript('vitest', 'vitest'), 'run', '--reporter=default', '--reporter=json']
  args.push(`--outputFile.json=${report}`, '--passWithNoTests', ...projects.flatMap((project) => ['--project', project]))
  const { ok } = await runTool(process.execPath, args, { env })
  return readReport(report, ok)
}

async function main(only) {
  const env = testEnvironment(process.env.CI === 'true')
  if (env === null || !(await build())) return nothingRan()
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-test-report-'))
  for (const group of groups) {
    const projects = only.length === 0 ? group : group.filter((project) => only.includes(project))
    if (projects.length === 0) continue
    const count = await runGroup(projects, env, folder)
    for (const key of ['passed', 'failed', 'skipped']) total[key] += count[key]
    total.failures.push(...count.failures)
  }
  rmSync(folder, { recursive: true, force: true })
  return total
}

function nothingRan() {
  return { passed: 0, failed: 1, skipped: 0, failures: [] }
}

process.chdir(root)
const total = await main(process.argv.slice(2)).catch((error) => {
  console.error(error)
  return nothingRan()
})
for (const failure of total.failures) console.log(`failed: ${failure}`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

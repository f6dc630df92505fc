/**
 * `npm run lint:boundaries`: no import may cross the edges of ARCHITECTURE.md, and the check itself is checked.
 * dependency-cruiser without a parser for the sources finds nothing and reports success, so two proofs come with every run:
 * the real tree must yield about as many modules as it has files, and each rule must fire on the fixture that breaks it.
 */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { filesBelow } from './source-hash.mjs'
import { cruise } from './swc-parser.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const canaryFolder = join(root, 'test/boundaries/fixtures')
const { default: ruleSet } = await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href)

async function violationsBelow(baseDir) {
  const folders = ['apps', 'packages'].filter((folder) => statSync(join(baseDir, folder), { throwIfNoEntry: false }) !== undefined)
  const options = {
    baseDir,
    ruleSet,
    validate: true,
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(apps|packages)/[^/]+/(dist|node_modules)/' },
    outputType: 'json',
    enhancedResolveOptions: { conditionNames: ['bellwether-source', 'import', 'default', 'types'], exportsFields: ['exports'] },
  }
  const { output } = await cruise(folders, options)
  const { modules, summary } = typeof output === 'string' ? JSON.parse(output) : output
  const own = modules.filter((module) => /^(apps|packages)\//.test(module.source))
  return { moduleCount: own.length, violations: summary.violations }
}

function sourceCount() {
  return filesBelow(join(root, 'apps'))
    .concat(filesBelow(join(root, 'packages')))
    .filter((file) => /\/src\/.*\.tsx?$/.test(file)).length
}

const problems = []
const real = await violationsBelow(root)
const expectedCount = sourceCount()
if (real.moduleCount < expectedCount)
  problems.push(`only ${real.moduleCount} of ${expectedCount} source files were read: the check is blind`)
for (const { rule, from, to } of real.violations) {
  const { comment } = ruleSet.forbidden.find(({ name }) => name === rule.name)
  problems.push(`${rule.name}: ${from} imports ${to}. ${comment}`)
}

const canary = await violationsBelow(canaryFolder)
const seen = new Set(canary.violations.map(({ rule }) => rule.name))
for (const { name } of ruleSet.forbidden) {
  if (!seen.has(name)) problems.push(`canary: the rule ${name} did not fire on test/boundaries/fixtures/`)
}

for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`${real.moduleCount} modules within the edges; ${seen.size} rules proved by the canary.`)
process.exitCode = problems.length === 0 ? 0 : 1

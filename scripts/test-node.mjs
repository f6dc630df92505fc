/**
 * `npm run test:node [version ...]`: the started program on other Nodes: the floor and the newest LTS, or those named. The Nodes come
 * from npm (packages `node-<platform>-<arch>`) into node_modules/.cache; the tests themselves run on the Node that runs this.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFloor } from '../apps/server/bin/node-floor.mjs'
import { build, root, runTool, toolScript } from './build.mjs'

const newestLts = '26'
const asked = process.argv.slice(2)
const versions = asked.length > 0 ? asked : [nodeFloor.join('.'), newestLts]
const packageName = `node-${process.platform}-${process.arch}`

async function nodeOf(version) {
  const folder = join(root, 'node_modules/.cache/node', version)
  const path = join(folder, 'node_modules', packageName, 'bin/node')
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const { ok, output } = await runTool('npm', ['install', '--no-save', '--no-progress', `${packageName}@${version}`], {
    cwd: folder,
    quiet: true,
  })
  if (!ok || !existsSync(path)) throw new Error(`Node ${version} cannot be installed from npm:\n${output}`)
  return path
}

if (!(await build())) process.exit(1)
let failedCount = 0
for (const version of versions) {
  const path = await nodeOf(version)
  const { output } = await runTool(path, ['--version'], { quiet: true })
  console.log(`--- on Node ${output.trim()}`)
  const args = [toolScript('vitest', 'vitest'), 'run', '--project', 'e2e', 'test/e2e/life.test.ts', 'test/e2e/demo.test.ts']
  const { ok } = await runTool(process.execPath, args, { cwd: root, env: { ...process.env, BELLWETHER_TEST_NODE: path } })
  if (!ok) failedCount += 1
}
process.exitCode = failedCount === 0 ? 0 : 1

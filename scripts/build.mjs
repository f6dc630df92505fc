/**
 * `npm run build`: TypeScript to JavaScript, assets beside it, the web application bundled.
 * Each part has a stamp (hash of its inputs) inside its output folder; a part whose stamp is current is left alone,
 * so a start without changes costs milliseconds. Removing an output folder removes its stamp with it.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildKernels } from './build-kernels.mjs'
import { filesBelow, sourceHash } from './source-hash.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const compilerInputs = ['package-lock.json', 'tsconfig.base.json', 'scripts/build.mjs']

/** Runs a tool of ours to its end. Its output is collected and shown only when it fails, or at once when not quiet. */
export function runTool(command, args, { quiet = false, cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'] })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ ok: false, output: String(error) }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/** The script behind a command of an installed package, so that no shell and no `npx` stands between us and the tool. */
export function toolScript(packageName, command) {
  const manifestPath = join(packageFolder(packageName), 'package.json')
  const { bin } = JSON.parse(readFileSync(manifestPath, 'utf8'))
  return join(dirname(manifestPath), typeof bin === 'string' ? bin : bin[command])
}

function packageFolder(packageName) {
  for (const modules of require.resolve.paths(packageName) ?? []) {
    const folder = join(modules, packageName)
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  throw new Error(`${packageName} is not installed. Run "npm ci".`)
}

function isCurrent(stampPath, hash) {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === hash
}

function writeStamp(stampPath, hash) {
  mkdirSync(dirname(stampPath), { recursive: true })
  writeFileSync(stampPath, hash)
}

/** Compiled files whose source is gone would still be importable and hide a missing module. */
function pruneCompiled(project) {
  const dist = join(root, project, 'dist')
  for (const file of filesBelow(dist)) {
    const stem = relative(dist, file).replace(/(\.d\.ts|\.js)(\.map)?$/, '')
    if (stem !== relative(dist, file) && !existsSync(join(root, project, 'src', `${stem}.ts`))) rmSync(file)
  }
}

/** Files that the compiler does not carry over (`.mjs` run in children, SQL, XML ...), to the same place below `dist`. */
function copyAssets(project) {
  const from = join(root, project, 'src')
  for (const file of filesBelow(from)) {
    if (/\.tsx?$|\.snap$|\.md$/.test(file) || /[/\\](testing|fixtures|__snapshots__)[/\\]/.test(file)) continue
    const target = join(root, project, 'dist', relative(from, file))
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(file, target)
  }
}

async function buildServer(quiet) {
  const hash = sourceHash(root, ['packages', 'apps/server/src', 'apps/server/tsconfig.json', ...compilerInputs])
  const stamp = join(root, 'apps/server/dist/.stamp')
  if (isCurrent(stamp, hash)) return { ok: true, output: '' }
  for (const project of ['packages/protocol', 'packages/client', 'apps/server']) {
    pruneCompiled(project)
    // The compiler trusts its own record; without output that record is a lie.
    if (!existsSync(join(root, project, 'dist'))) rmSync(join(root, project, 'tsconfig.tsbuildinfo'), { force: true })
  }
  const result = await runTool(
    process.execPath,
    [toolScript('typescript', 'tsc'), '-b', 'packages/protocol', 'packages/client', 'apps/server'],
    { quiet },
  )
  if (!result.ok) return result
  copyAssets('apps/server')
  writeStamp(stamp, hash)
  return result
}

async function buildWeb(quiet) {
  const hash = sourceHash(root, ['packages', 'apps/web', ...compilerInputs])
  const stamp = join(root, 'apps/web/dist/.stamp')
  if (isCurrent(stamp, hash)) return { ok: true, output: '' }
  const args = [toolScript('vite', 'vite'), 'build', '--logLevel', quiet ? 'error' : 'warn']
  const result = await runTool(process.execPath, args, {
    quiet,
    cwd: join(root, 'apps/web'),
    env: { ...process.env, NODE_ENV: 'production' },
  })
  if (result.ok) writeStamp(stamp, hash)
  return result
}

/** Builds what is stale. Resolves to false after showing why when something does not build. */
export async function build({ quiet = false } = {}) {
  const results = await Promise.all([buildKernels(), buildServer(quiet), buildWeb(quiet)])
  const failed = results.filter((result) => !result.ok)
  for (const result of failed) console.error(result.output)
  if (failed.length > 0) console.error('Bellwether does not build; the lines above say why.')
  return failed.length === 0
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = (await build({ quiet: process.argv.includes('--quiet') })) ? 0 : 1
}

/**
 * Compiles `apps/server/kernels/*.ts` (with what they import from `lib/`; AssemblyScript: TypeScript's syntax on WebAssembly's types) to `apps/server/kernels/dist/*.wasm`.
 * A kernel whose stamp (hash of source, compiler and options) is current is left alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { sourceHash } from './source-hash.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'apps/server/kernels')
const output = join(folder, 'dist')

/** No runtime: kernels do not allocate. 16 pages of memory to begin with; who uses a kernel grows it. */
const options = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--initialMemory', '16']

/** Builds what is stale; `{ ok, output }` as the other parts of the build. */
export async function buildKernels() {
  const hash = sourceHash(root, ['apps/server/kernels', 'scripts/build-kernels.mjs', 'package-lock.json'])
  const stamp = join(output, '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return { ok: true, output: '' }
  mkdirSync(output, { recursive: true })
  const { main } = await import('assemblyscript/asc')
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const args = [join(folder, file), ...options, '-o', join(output, `${basename(file, '.ts')}.wasm`)]
    const errors = []
    const { error } = await main(args, { stderr: { write: (text) => errors.push(text) } })
    if (error !== null) return { ok: false, output: `${file}: ${errors.join('')}` }
  }
  writeFileSync(stamp, hash)
  return { ok: true, output: '' }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await buildKernels()
  if (!result.ok) console.error(result.output)
  process.exitCode = result.ok ? 0 : 1
}

/** Compiles the WebAssembly kernels that the sources under test load; costs milliseconds when nothing changed. */
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  execFileSync(process.execPath, [join(root, 'scripts/build-kernels.mjs')], { stdio: ['ignore', 'inherit', 'inherit'] })
}

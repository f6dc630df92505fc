/** Builds the program before tests that start it; costs milliseconds when nothing changed. */
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export function setup(): void {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet'], { stdio: ['ignore', 'inherit', 'inherit'] })
}

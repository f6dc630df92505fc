/** The built program, started for a measurement: own ports, own data directory, ready when it says so. */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built program of this tree. */
export const ownProgram = join(dirname(dirname(fileURLToPath(import.meta.url))), 'apps/server/bin/bellwether.mjs')

/** Settings that keep a program to itself. */
export function quietSettings(dataDir) {
  return {
    BELLWETHER_PORT: '0',
    BELLWETHER_DATA_DIR: dataDir,
    BELLWETHER_OTLP_GRPC_PORT: '0',
    BELLWETHER_OTLP_HTTP_PORT: '0',
    BELLWETHER_STATSD_PORT: '0',
  }
}

/**
 * Resolves once it is ready: `child`; `ended`, which resolves to its exit code; `url`; `readySec` from its start to there. `settings` come
 * beside the quiet ones. Rejects when it ends before.
 */
export async function startProgram(dataDir, settings = {}, program = ownProgram) {
  const startedMs = performance.now()
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...process.env, ...quietSettings(dataDir), ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const url = await new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const found = /ready at (\S+)/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then((code) => reject(new Error(`Bellwether ended with ${code} before it was ready`)))
  })
  return { child, ended, url, readySec: (performance.now() - startedMs) / 1000 }
}

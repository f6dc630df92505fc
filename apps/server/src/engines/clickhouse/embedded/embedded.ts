/**
 * ClickHouse as a supervised child process, from the npm package of its library. Files: `<dataDir>/clickhouse/` (store,
 * configuration), `<dataDir>/logs/clickhouse*.log`. The port is chosen at every start, so two programs never meet.
 */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../../kernel/clock.ts'
import type { Logger } from '../../../kernel/log.ts'
import { guardOrphan } from '../../supervisor/orphan-guard.ts'
import { SupervisedProcess } from '../../supervisor/supervised-process.ts'
import type { ClickHouseDriver } from '../driver.ts'
import type { Endpoint } from '../read-connection.ts'
import { makeSecrets, writeEngineConfig } from './config-files.ts'
import { findLibrary } from './library.ts'

/** Beside the sources and, copied by the build, beside the compiled file. */
const childPath = fileURLToPath(new URL('./child.mjs', import.meta.url))

/** A statement that lasts for 95 years: the engine runs as long as its first statement does. */
const startQuery =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS function_sleep_max_microseconds_per_block=0 FORMAT Null'

export interface EmbeddedOptions {
  readonly dataDir: string
  readonly memoryMaxBytes: number
  readonly logger: Logger
  readonly clock: Clock
}

/** Starts the engine and points `driver` at it, now and after every restart. Errors: `engine.library_missing`, `engine.start_failed`. */
export async function startEmbedded(options: EmbeddedOptions, driver: ClickHouseDriver): Promise<SupervisedProcess> {
  const library = findLibrary()
  const folder = join(options.dataDir, 'clickhouse')
  const logs = join(options.dataDir, 'logs')
  const store = join(folder, 'store')
  mkdirSync(store, { recursive: true, mode: 0o700 })
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  const secrets = makeSecrets()
  const config = writeEngineConfig({ folder, logs, memoryMaxBytes: options.memoryMaxBytes }, secrets)
  const supervised = await SupervisedProcess.start({
    name: 'ClickHouse',
    async prepare() {
      const port = await freePort()
      const endpoint: Endpoint = {
        url: `http://127.0.0.1:${port}`,
        username: secrets.username,
        password: secrets.password,
        headers: { [secrets.header]: secrets.secret },
      }
      driver.connect(endpoint)
      return {
        command: process.execPath,
        args: [
          '--max-old-space-size=64',
          childPath,
          library,
          `--config-file=${config}`,
          `--path=${store}`,
          `--http_port=${port}`,
          '--listen_host=127.0.0.1',
          // The level in the configuration file is not read in this mode.
          '--log-level=warning',
          '--multiquery',
          `--query=${startQuery}`,
        ],
        env: { TZ: 'UTC', LC_ALL: 'C' },
        cwd: folder,
      }
    },
    probe: () => driver.ping(),
    listen: async () => ((await driver.isSilent()) ? 'silent' : 'well'),
    // The child watches its input itself, except when it hangs: then it would keep the folder from the next start.
    attach: (pid) => guardOrphan(pid, 'KILL'),
    explain: (printed) => printed.findLast((line) => /^Code: \d+/.test(line)) ?? printed.at(-1) ?? null,
    // An orderly end of the engine would wait for running queries; what was acknowledged is on disk.
    stopSignal: 'SIGTERM',
    stopDeadlineMs: 3_000,
    logFile: join(logs, 'clickhouse.log'),
    logger: options.logger,
    clock: options.clock,
  })
  // Another program may get the port of a dead engine: it must not get our password with it.
  supervised.onState((state) => {
    if (state === 'restarting' || state === 'failed') driver.connect(null)
  })
  return supervised
}

/** A port that was free a moment ago on loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

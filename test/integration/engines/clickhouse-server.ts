/** A ClickHouse server that is not Bellwether's: the same library, with a plain configuration and a user with a password. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../apps/server/src/engines/clickhouse/embedded/embedded.ts'
import { findLibrary } from '../../../apps/server/src/engines/clickhouse/embedded/library.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from './engine-folder.ts'

const childPath = fileURLToPath(new URL('../../../apps/server/src/engines/clickhouse/embedded/child.mjs', import.meta.url))
const query =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS function_sleep_max_microseconds_per_block=0 FORMAT Null'

export interface ClickHouseServer extends AsyncDisposable {
  /** With user and password. */
  readonly url: string
  kill(): void
  /** Starts it again on the same port. */
  start(): Promise<void>
}

export async function startClickHouseServer(): Promise<ClickHouseServer> {
  const folder = engineFolder()
  const port = await freePort()
  const users = join(folder.path, 'users.xml')
  const common = '<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>'
  writeFileSync(
    users,
    `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>
      <default><no_password/>${common}</default><bellwether><password>secret</password>${common}</bellwether></users></clickhouse>`,
  )
  const config = join(folder.path, 'config.xml')
  writeFileSync(config, `<clickhouse><users_config>${users}</users_config></clickhouse>`)
  mkdirSync(join(folder.path, 'store'))
  let child: ChildProcess | null = null
  async function start(): Promise<void> {
    const args = [`--config-file=${config}`, `--path=${join(folder.path, 'store')}`, `--http_port=${port}`, '--listen_host=127.0.0.1']
    child = spawn(process.execPath, [childPath, findLibrary(), ...args, '--multiquery', `--query=${query}`], {
      cwd: folder.path,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await until('the server answers', async () => (await fetch(`http://127.0.0.1:${port}/ping`).catch(() => null))?.ok === true)
  }
  await start()
  return {
    url: `http://bellwether:secret@127.0.0.1:${port}`,
    kill: () => void child?.kill('SIGKILL'),
    start,
    async [Symbol.asyncDispose]() {
      if (child !== null && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      folder[Symbol.dispose]()
    },
  }
}

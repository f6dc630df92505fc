/**
 * The embedded engine, started by us instead of by Bellwether and with the engine's own logs of queries and of parts switched on, so
 * that its statistics can be asked. For profiles only; figures of the table are never from it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Connection } from './connection.mjs'
import { answers, freePort, scratchFolder, startProcess } from './server.mjs'

const memoryMaxBytes = 6 * 1024 ** 3
const logTables = ['query_log', 'part_log']
const startQuery =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS function_sleep_max_microseconds_per_block=0 FORMAT Null'

/** `program` is that of Bellwether, whose build knows the engine. Members as those of `startProcess`, `address` for Bellwether, `rows`. */
export async function startProfiledEngine(program) {
  const embedded = join(dirname(dirname(fileURLToPath(pathToFileURL(program)))), 'dist/engines/clickhouse/embedded')
  const { makeSecrets, writeEngineConfig } = await import(pathToFileURL(join(embedded, 'config-files.js')).href)
  const { findLibrary } = await import(pathToFileURL(join(embedded, 'library.js')).href)
  const scratch = scratchFolder('engine')
  const secrets = makeSecrets()
  const config = writeEngineConfig({ folder: scratch.folder, logs: scratch.folder, memoryMaxBytes }, secrets)
  openConfig(config)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = [`--config-file=${config}`, `--path=${scratch.data}`, `--http_port=${port}`, '--listen_host=127.0.0.1']
  const mode = ['--log-level=warning', '--multiquery', `--query=${startQuery}`]
  const server = await startProcess({
    name: 'engine',
    command: process.execPath,
    args: [join(embedded, 'child.mjs'), findLibrary(), ...args, ...mode],
    stdin: 'pipe',
    scratch,
    ready: async () => ((await answers(url, '/ping')) ? url : null),
  })
  const address = `http://${secrets.username}:${secrets.password}@127.0.0.1:${port}`
  return { ...server, address, rows: (query) => ask(url, secrets, query) }
}

/** No secret header, which an address cannot carry; and the logs. */
function openConfig(path) {
  const written = readFileSync(path, 'utf8')
  const logs = logTables.map((name) => {
    const place = `<database>system</database><table>${name}</table><flush_interval_milliseconds>1000</flush_interval_milliseconds>`
    return `  <${name}>${place}<engine>ENGINE = MergeTree ORDER BY event_time</engine></${name}>\n`
  })
  const open = written.replace(/<http_handlers>[^]*<\/http_handlers>\n/, '').replace('</clickhouse>', `${logs.join('')}</clickhouse>`)
  writeFileSync(path, open)
}

async function ask(url, { username, password }, query) {
  const connection = new Connection(url)
  const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password }
  try {
    const { status, body } = await connection.send('/?default_format=JSONEachRow', { method: 'POST', headers, body: Buffer.from(query) })
    const text = body.toString('utf8')
    if (status !== 200) throw new Error(text.slice(0, 300))
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  } finally {
    connection.close()
  }
}

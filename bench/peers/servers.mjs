/**
 * The servers: how each is started on an empty folder, where it takes and gives data, and how it is brought to rest. Peers run with
 * their defaults but for limits that would refuse the work (retention, samples a query) and answers that would be late by design.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quietSettings } from '../program.mjs'
import { Connection } from './connection.mjs'
import { bellwetherDisk, diskBytes } from './disk.mjs'
import { PrometheusApi } from './prometheus-api.mjs'
import { answers, freePort, scratchFolder, startProcess } from './server.mjs'

const token = 'token-of-the-measurement'
const rollupMsMax = 180_000

/**
 * Starts a server. `peer` is from `findPeer`, or `{ name: 'bellwether', program }` with the path of the command to run and, optionally,
 * `nodeArgs` and `environment`. Beside the members of `startProcess`: `paths` (`remoteWrite`, `otlp`, null where it is known not to
 * take it), `queryHeaders`, `disk()` (`{ allBytes, … }`), `flush()` and `merge()` (bring to disk, and to as few files as it can), and
 * `finishLater()`, which waits for work that a server puts off (false: it did not come to an end in time), and `rolledSamples()`: how
 * many samples it has made rollups of, null when it makes none.
 */
export async function startServer(peer) {
  const scratch = scratchFolder(peer.name)
  try {
    return { product: peer.product, version: peer.version, ...(await starterOf(peer)(peer, scratch)) }
  } catch (error) {
    scratch.remove()
    throw error
  }
}

function starterOf({ name, product }) {
  if (name === 'bellwether') return startBellwether
  return { Prometheus: startPrometheus, InfluxDB: startInflux }[product] ?? startVictoriaMetrics
}

async function startBellwether({ name, program, nodeArgs = [], environment = {} }, scratch) {
  const settings = { ...quietSettings(scratch.data), BELLWETHER_ADMIN_TOKEN: token, ...environment }
  const server = await startProcess({
    name,
    command: process.execPath,
    args: [...nodeArgs, program, 'serve'],
    env: { ...process.env, ...settings },
    scratch,
    ready: (printed) => /ready at (http:\S+)/.exec(printed)?.[1] ?? null,
  })
  return {
    ...server,
    paths: { remoteWrite: '/api/v1/write', otlp: '/v1/metrics', influx: '/write?db=bench' },
    queryHeaders: { authorization: `Bearer ${token}` },
    disk: () => bellwetherDisk(scratch.data),
    // A segment of its log is sealed after a second at most, and it merges by itself: waiting until it rests is all there is to do.
    flush: () => Promise.resolve(),
    merge: null,
    finishLater: () => finishRollups(server),
    rolledSamples: () => ownMetric(server, 'bellwether_rollup_samples_total'),
  }
}

/** Old samples mark their rollups late; those are made when nothing has come into their hour for half a minute. */
async function finishRollups(server) {
  const deadlineMs = performance.now() + rollupMsMax
  while (performance.now() < deadlineMs) {
    const waiting = await ownMetric(server, 'bellwether_rollup_late_buckets')
    if (waiting === 0 && (await server.account.settle({ waitMsMax: 10_000 }))) return true
    await sleep(500)
  }
  return false
}

/** A number that Bellwether says of itself; 0 when it does not. */
async function ownMetric(server, name) {
  const api = new PrometheusApi({ url: server.url, queryHeaders: { authorization: `Bearer ${token}` } })
  try {
    const { body } = await api.ask('/metrics')
    return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(body.toString('utf8'))?.[1] ?? 0)
  } finally {
    api.close()
  }
}

async function startVictoriaMetrics({ name, path }, scratch) {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = [
    `-storageDataPath=${scratch.data}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100y',
    '-search.maxUniqueTimeseries=3000000',
    '-search.latencyOffset=0s',
    '-loggerLevel=ERROR',
  ]
  const server = await startProcess({
    name,
    command: path,
    args,
    scratch,
    ready: async () => ((await answers(url, '/health')) ? url : null),
  })
  return {
    ...server,
    paths: { remoteWrite: '/api/v1/write', otlp: '/opentelemetry/v1/metrics', influx: '/write?db=bench' },
    queryHeaders: {},
    disk: () => ({ allBytes: diskBytes(scratch.data) }),
    flush: () => get(url, '/internal/force_flush'),
    merge: () => get(url, '/internal/force_merge'),
    finishLater: () => Promise.resolve(true),
    rolledSamples: () => Promise.resolve(null),
  }
}

async function startPrometheus({ name, path }, scratch) {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const config = join(scratch.folder, 'prometheus.yml')
  writeFileSync(config, 'global: { scrape_interval: 1h }\n')
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${scratch.data}`,
    `--web.listen-address=${address}`,
    '--web.enable-remote-write-receiver',
    '--storage.tsdb.retention.time=100y',
    '--query.max-samples=200000000',
    '--log.level=error',
    ...(knowsFlag(path, 'web.enable-otlp-receiver') ? ['--web.enable-otlp-receiver'] : []),
  ]
  const server = await startProcess({
    name,
    command: path,
    args,
    scratch,
    ready: async () => ((await answers(url, '/-/ready')) ? url : null),
  })
  return {
    ...server,
    paths: { remoteWrite: '/api/v1/write', otlp: '/api/v1/otlp/v1/metrics', influx: null },
    queryHeaders: {},
    disk: () => ({ allBytes: diskBytes(scratch.data) }),
    // It writes blocks when it wants to; what is on disk before is its write-ahead log and the head's chunks.
    flush: () => Promise.resolve(),
    merge: null,
    finishLater: () => Promise.resolve(true),
    rolledSamples: () => Promise.resolve(null),
  }
}

async function startInflux({ name, path }, scratch) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const config = join(scratch.folder, 'influxdb.conf')
  const lines = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${await freePort()}"`,
    `[meta]\ndir = "${scratch.data}/meta"`,
    `[data]\ndir = "${scratch.data}/data"\nwal-dir = "${scratch.data}/wal"\nquery-log-enabled = false`,
    `[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false`,
    '[monitor]\nstore-enabled = false',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const server = await startProcess({
    name,
    command: path,
    args: ['-config', config],
    scratch,
    ready: async () => ((await answers(url, '/ping')) ? url : null),
  })
  await post(url, '/query?q=CREATE%20DATABASE%20bench')
  return {
    ...server,
    paths: { remoteWrite: null, otlp: null, influx: '/write?db=bench' },
    queryHeaders: {},
    disk: () => ({ allBytes: diskBytes(scratch.data) }),
    flush: () => Promise.resolve(),
    merge: null,
    finishLater: () => Promise.resolve(true),
    rolledSamples: () => Promise.resolve(null),
  }
}

async function post(url, path) {
  const connection = new Connection(url)
  try {
    const { status, body } = await connection.send(path, { method: 'POST', headers: {}, body: Buffer.alloc(0) })
    if (status >= 300) throw new Error(`${path} was answered ${status} ${body.toString('utf8').slice(0, 200)}`)
  } finally {
    connection.close()
  }
}

function knowsFlag(path, flag) {
  const { stdout, stderr } = spawnSync(path, ['--help'], { encoding: 'utf8' })
  return `${stdout}${stderr}`.includes(flag)
}

async function get(url, path) {
  const connection = new Connection(url)
  try {
    const { status, body } = await connection.send(path)
    if (status >= 300) throw new Error(`${path} was answered ${status} ${body.toString('utf8').slice(0, 200)}`)
  } finally {
    connection.close()
  }
}

/** Null when the server takes the kind of body, else its answer to an empty one, in words. */
export async function refusalOf(server, kind, headers) {
  const connection = new Connection(server.url)
  try {
    const body = kind === 'otlp' ? Buffer.alloc(0) : Buffer.from([0])
    const { status, body: answer } = await connection.send(server.paths[kind], { method: 'POST', headers, body })
    return status < 300 ? null : `does not take it: ${status} ${answer.toString('utf8').trim().slice(0, 120)}`
  } finally {
    connection.close()
  }
}

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ClickHouseEngine,
  encodeNativeBlock,
  type NativeBlock,
  type NativeColumn,
  openClickHouse,
} from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { startClickHouseServer } from './clickhouse-server.ts'
import { isAlive } from '../../support/processes.ts'
import { until } from '../../support/wait.ts'
import { engineFolder } from './engine-folder.ts'

const folder = engineFolder()
const options = {
  url: null,
  cluster: null,
  dataDir: folder.path,
  database: 'bellwether',
  memoryMaxBytes: 1024 ** 3,
  logger: silentLogger,
  clock: systemClock,
}
let engine: ClickHouseEngine

beforeAll(async () => {
  engine = await openClickHouse(options)
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

async function read(
  sql: string,
  more: { params?: Record<string, unknown>; timeoutMs?: number; rowsMax?: number; signal?: AbortSignal } = {},
): Promise<NativeBlock[]> {
  const blocks: NativeBlock[] = []
  for await (const block of engine.queryNative({ sql, class: 'interactive', ...more })) blocks.push(block)
  return blocks
}

async function count(table: string): Promise<number> {
  const [block] = await read(`SELECT toUInt32(count()) AS n FROM ${table}`)
  const column = block?.columns[0]
  return column?.kind === 'u32' ? (column.data[0] ?? -1) : -1
}

const u32 = (values: readonly number[]): NativeColumn => ({ kind: 'u32', data: Uint32Array.from(values) })

/** Where the engine listens, from its command line. */
function httpPort(): number {
  const line = readFileSync(`/proc/${engine.pid ?? 0}/cmdline`, 'utf8')
  return Number(/--http_port=(\d+)/.exec(line)?.[1])
}

test('the engine answers, and says which version it is', async () => {
  expect(engine.state()).toBe('ready')
  expect(await engine.ping()).toBe(true)
  expect(engine.version).toMatch(/^\d+\.\d+/)
  expect(engine.failure()).toBeNull()
})

test('every type comes back as the engine has it', async () => {
  const [block] = await read(`SELECT
      toUInt8(200) AS a, true AS b, toUInt16(60000) AS c, toDateTime('2026-11-21 00:00:00', 'UTC') AS d, toInt8(-3) AS e, toInt16(-300) AS f,
      toInt32(-70000) AS g, toUInt64(18446744073709551615) AS h, toInt64(-2) AS i, toFloat32(0.5) AS j, -1.25 AS k, 'héllo' AS l,
      toLowCardinality('low') AS m, [1, 2, 3]::Array(UInt32) AS n, map('k', 'v')::Map(LowCardinality(String), String) AS o,
      []::Array(LowCardinality(String)) AS p, [[1.5], []]::Array(Array(Float64)) AS q, toDateTime64('1970-01-01 00:00:01.5', 3, 'UTC') AS r`)
  const plain = block?.columns.map((column) => describe(column))
  expect(plain).toEqual([
    [200], [1], [60000], [Date.UTC(2026, 10, 21) / 1000], [-3], [-300],
    [-70000], [0xffff_ffff, 0xffff_ffff], [0xffff_fffe, 0xffff_ffff], [0.5], [-1.25], ['héllo'],
    ['low'], { offsets: [3], inner: [1, 2, 3] }, { offsets: [1], keys: ['k'], values: ['v'] },
    { offsets: [0], inner: [] }, { offsets: [2], inner: { offsets: [1, 1], inner: [1.5] } }, [1500, 0],
  ]) // prettier-ignore
  expect(block?.names.join('')).toBe('abcdefghijklmnopqr')
})

function describe(column: NativeColumn): unknown {
  if (column.kind === 'array') return { offsets: [...column.offsets], inner: describe(column.inner) }
  if (column.kind === 'map') return { offsets: [...column.offsets], keys: describe(column.keys), values: describe(column.values) }
  return [...column.data]
}

test('many blocks, and dictionaries in each of them, add up', async () => {
  let rows = 0
  let sum = 0
  let texts = 0
  const sql = `SELECT number::UInt32 AS n, toLowCardinality(toString(number % 300)) AS t, [toLowCardinality(toString(number % 7))] AS a,
    if(number % 2 = 0, map(), map('k', toString(number)))::Map(LowCardinality(String), String) AS m FROM numbers(300000)`
  for await (const { rows: n, columns } of engine.queryNative({ sql, class: 'internal' })) {
    const [numbers, dictionary, , maps] = columns
    if (numbers?.kind !== 'u32' || dictionary?.kind !== 'string' || maps?.kind !== 'map' || maps.values.kind !== 'string')
      throw new Error('other kinds')
    for (let i = 0; i < n; i++) {
      sum += numbers.data[i] ?? 0
      if (dictionary.data[i] !== String((numbers.data[i] ?? 0) % 300)) throw new Error(`row ${rows + i}`)
    }
    texts += maps.values.data.length
    rows += n
  }
  expect({ rows, sum, texts }).toEqual({ rows: 300_000, sum: (300_000 * 299_999) / 2, texts: 150_000 })
})

test('Native blocks of ours are taken, converted, and taken once a token', async () => {
  await engine.command(`CREATE TABLE kept (id UInt32, labels Map(LowCardinality(String), String), kind LowCardinality(String), at DateTime, big Int64)
    ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`)
  await engine.command(
    'CREATE TABLE kept_totals (kind LowCardinality(String), n UInt64) ENGINE = SummingMergeTree ORDER BY kind SETTINGS non_replicated_deduplication_window = 100',
  )
  await engine.command('CREATE MATERIALIZED VIEW kept_mv TO kept_totals AS SELECT kind, count() AS n FROM kept GROUP BY kind')
  const columns = ['id', 'labels', 'kind', 'at', 'big']
  const block = (first: number): Uint8Array =>
    encodeNativeBlock(3, [
      { name: 'id', type: 'UInt32', values: u32([first, first + 1, first + 2]) },
      {
        name: 'labels',
        type: 'Map(String, String)',
        values: {
          kind: 'map',
          offsets: Float64Array.of(1, 1, 2),
          keys: { kind: 'string', data: ['job', 'env'] },
          values: { kind: 'string', data: ['a', 'é'] },
        },
      },
      { name: 'kind', type: 'String', values: { kind: 'string', data: ['x', 'y', 'x'] } },
      { name: 'at', type: 'DateTime', values: u32([1, 2, 3]) },
      { name: 'big', type: 'Int64', values: { kind: 'w64', signed: true, data: Uint32Array.of(1, 0, 0xffff_ffff, 0xffff_ffff, 0, 1) } },
    ])
  const body = [block(1), block(4)]
  await engine.insertNative({ table: 'kept', columns, body, token: 'a-1' })
  await engine.insertNative({ table: 'kept', columns, body, token: 'a-1' })
  expect(await count('kept')).toBe(6)
  await engine.insertNative({ table: 'kept', columns, body, token: 'a-2' })
  expect(await count('kept')).toBe(12)
  const [totals] = await read("SELECT toUInt32(sum(n)) AS n FROM kept_totals WHERE kind = 'x'")
  expect(totals?.columns[0]).toEqual(u32([8]))
  const [row] = await read('SELECT labels, big FROM kept WHERE id = {id:UInt32} LIMIT 1', { params: { id: 1 } })
  expect(row?.columns.map(describe)).toEqual([{ offsets: [1], keys: ['job'], values: ['a'] }, [1, 0]])
})

test('errors have the code that says what to do next', async () => {
  await expect(read('SELEC 1')).rejects.toMatchObject({ code: 'engine.rejected' })
  await expect(read('SELECT sleepEachRow(0.1) FROM numbers(1000)', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'engine.timeout' })
  await expect(read('SELECT number FROM numbers(10)', { rowsMax: 5 })).rejects.toMatchObject({ code: 'engine.too_many_rows' })
  await expect(read('SELECT groupArray(number) FROM numbers(1000000000)')).rejects.toMatchObject({ code: 'engine.memory' })
  // Also when the error comes after a part of the result.
  await expect(
    read('SELECT throwIf(number = 5000000) AS t, repeat(toString(number), 10) AS s FROM numbers(10000000)'),
  ).rejects.toMatchObject({
    code: 'engine.rejected',
  })
  const insert = {
    table: 'kept',
    columns: ['nope'],
    token: 't',
    body: [encodeNativeBlock(1, [{ name: 'nope', type: 'UInt32', values: u32([1]) }])],
  }
  await expect(engine.insertNative(insert)).rejects.toMatchObject({ code: 'engine.rejected' })
  // The engine answers before it has read all of this; its answer must not be lost in a broken pipe.
  const big = encodeNativeBlock(4_000_000, [{ name: 'nope', type: 'UInt32', values: { kind: 'u32', data: new Uint32Array(4_000_000) } }])
  await expect(engine.insertNative({ ...insert, body: [big, big] })).rejects.toMatchObject({ code: 'engine.rejected' })
})

test('an aborted read is stopped in the engine too', async () => {
  const abort = new AbortController()
  const running = read('SELECT sum(cityHash64(number)) AS s FROM numbers(1000000000000) /* canceled-one */', { signal: abort.signal })
  const processes = async (): Promise<number> =>
    count("system.processes WHERE query LIKE '%canceled-one%' AND query NOT LIKE '%system.processes%'")
  await until('the query runs', async () => (await processes()) === 1)
  abort.abort()
  await expect(running).rejects.toMatchObject({ code: 'engine.canceled' })
  await until('the query is gone', async () => (await processes()) === 0)
})

test('a reader that stops early stops the engine too', async () => {
  for await (const block of engine.queryNative({ sql: 'SELECT number FROM numbers(100000000000) /* left-one */', class: 'interactive' })) {
    expect(block.rows).toBeGreaterThan(0)
    break
  }
  await until(
    'the query is gone',
    async () => (await count("system.processes WHERE query LIKE '%left-one%' AND query NOT LIKE '%system.processes%'")) === 0,
  )
})

test('nothing is answered without the secret, and the program may not reach out', async () => {
  const base = `http://127.0.0.1:${httpPort()}`
  for (const path of ['/', '/play', '/metrics', '/?query=SELECT%201', '/replicas_status']) {
    expect((await fetch(base + path)).status, path).toBe(404)
  }
  expect((await fetch(`${base}/ping`)).status).toBe(200)
  for (const source of [
    "file('/etc/passwd', 'LineAsString')",
    "url('http://127.0.0.1:1/', 'LineAsString', 'l String')",
    "remote('127.0.0.1:1', system.one)",
  ]) {
    await expect(read(`SELECT * FROM ${source}`), source).rejects.toMatchObject({ message: expect.stringMatching(/497|privileges/) })
  }
})

test('after SIGKILL the engine comes back with what it had; in between it is not ready', async () => {
  const pid = engine.pid
  if (pid === null) throw new Error('no process')
  const states: string[] = []
  using watch = engine.onState((state) => states.push(state))
  const before = await count('kept')
  process.kill(pid, 'SIGKILL')
  await until('it is seen', () => engine.state() === 'restarting')
  expect(await engine.ping()).toBe(false)
  await expect(read('SELECT 1')).rejects.toMatchObject({ code: 'engine.unavailable' })
  expect(engine.failure()).toMatch(/SIGKILL/)
  await until('it is back', () => engine.state() === 'ready')
  expect(engine.pid).not.toBe(pid)
  expect(await count('kept')).toBe(before)
  expect(states).toEqual(['restarting', 'ready'])
  expect(watch).toBeDefined()
})

test('a second engine on the same folder is refused by name', async () => {
  await expect(openClickHouse(options)).rejects.toMatchObject({
    code: 'engine.start_failed',
    publicText: expect.stringContaining('Cannot lock file'),
  })
  expect(await engine.ping()).toBe(true)
})

test('a stopped engine leaves no process behind', async () => {
  using other = engineFolder()
  const second = await openClickHouse({ ...options, dataDir: other.path })
  const { pid } = second
  await second[Symbol.asyncDispose]()
  expect(second.state()).toBe('stopped')
  expect(pid !== null && isAlive(pid)).toBe(false)
})

test('the same code works with an address', async () => {
  await using server = await startClickHouseServer()
  await using remote = await openClickHouse({ ...options, url: server.url })
  expect(remote).toMatchObject({ pid: null, address: new URL(server.url).host })
  await remote.command('CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10')
  const body = [encodeNativeBlock(2, [{ name: 'n', type: 'UInt32', values: u32([1, 2]) }])]
  await remote.insertNative({ table: 't', columns: ['n'], body, token: 'x' })
  await remote.insertNative({ table: 't', columns: ['n'], body, token: 'x' })
  const blocks: NativeBlock[] = []
  for await (const block of remote.queryNative({ sql: 'SELECT toUInt32(count()) AS n FROM t', class: 'interactive' })) blocks.push(block)
  expect(blocks[0]?.columns[0]).toEqual(u32([2]))
  server.kill()
  await until('its absence is seen', () => remote.state() === 'restarting')
  await server.start()
  await until('it is seen again', () => remote.state() === 'ready')
})

test('an address that cannot be used is one clear message without the password', async () => {
  await using server = await startClickHouseServer()
  const wrong = server.url.replace('secret', 'wrong')
  for (const url of [wrong, 'http://bellwether:wrong@127.0.0.1:1', 'not an address']) {
    await expect(openClickHouse({ ...options, url }), url).rejects.toMatchObject({
      code: 'engine.connect_failed',
      publicText: expect.not.stringContaining('wrong'),
    })
  }
})

/**
 * Spans: `node bench/spans.mjs [seconds] [millions] [--beside]`. Sends 20,000 spans a second over OTLP/HTTP (protobuf, bodies of 500), says what it costs
 * (processor time of the program and its engines), what is stored and how large; makes millions of them with INSERT … SELECT into the tables of
 * the stopped program (sending so many takes too long), starts it again and asks for traces by id, searches, services and the map.
 * With BENCH_DATA_DIR the data stays there; 0 seconds asks what is there. `--beside`: 20,000 samples of metrics a second come in all the time; what
 * they cost alone is taken out of the figures, which are said with it too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClickHouse } from '../apps/server/dist/engines/index.js'
import { systemClock } from '../apps/server/dist/kernel/clock.js'
import { nothingBeside, startBeside } from './flow/beside.mjs'
import { roleOf, processTree, treeCpuSec } from './process-tree.mjs'
import { startProgram } from './program.mjs'
import { makeBody, renew, spansPerBody } from './span-load.mjs'

const isBeside = process.argv.includes('--beside')
const [seconds = 30, millions = 20] = process.argv
  .slice(2)
  .filter((one) => one !== '--beside')
  .map(Number)
const rate = 20_000
const token = 'benchtoken'
const dataDir = process.env['BENCH_DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'bellwether-spans-'))
const quiet = { child: () => quiet, debug() {}, info() {}, warn() {}, error: (...all) => console.error(...all) }

async function api(url, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const response = await fetch(`${url}/api/0${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`)
  return JSON.parse(text)
}

const sorted = (values) => [...values].sort((a, b) => a - b)
const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))]

async function send(url) {
  const bodies = Array.from({ length: 40 }, makeBody)
  const latencies = []
  const startedMs = performance.now()
  const total = Math.ceil((seconds * rate) / spansPerBody)
  const underWay = new Set()
  let late = 0
  let refusedForNow = 0
  for (let i = 0; i < total; i++) {
    const dueMs = startedMs + (i * spansPerBody * 1000) / rate
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await sleep(waitMs)
    else late = Math.max(late, -waitMs)
    if (underWay.size >= 8) await Promise.race(underWay)
    const body = Buffer.from(renew(bodies[i % bodies.length], Date.now()))
    const sentMs = performance.now()
    const call = sendOne(url, body).then((times) => {
      latencies.push(performance.now() - sentMs)
      refusedForNow += times
      underWay.delete(call)
    })
    // Thrown where all are waited for: unhandled before that, it would end this process and leave the program running.
    call.catch(() => undefined)
    underWay.add(call)
  }
  await Promise.all(underWay)
  return { spans: total * spansPerBody, tookSec: (performance.now() - startedMs) / 1000, latencies, late, refusedForNow }
}

/** Sent again while it is refused for now; gives how many times it was. */
async function sendOne(url, body) {
  for (let refused = 0; ; refused++) {
    const response = await fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body })
    const answer = await response.arrayBuffer()
    if (response.status === 200 && answer.byteLength === 0) return refused
    if (response.status !== 429 && response.status !== 503) throw new Error(`${response.status} ${Buffer.from(answer).toString()}`)
    await sleep(50)
  }
}

async function storedSpans(url) {
  const { items } = await api(url, 'GET', '/organizations/default/usage')
  return items.find((item) => item.kind === 'spans') ?? { stored: 0, queued: 0 }
}

/** Works with a started program, and ends it however that went. */
async function withProgram(work) {
  const { child, ended, url } = await startProgram(dataDir, { BELLWETHER_ADMIN_TOKEN: token })
  let beside = nothingBeside
  try {
    await sleep(3000)
    if (isBeside) beside = await startBeside({ url, pid: child.pid })
    return await work({ child, url, beside })
  } finally {
    try {
      await beside.stop()
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  }
}

async function ingest({ child, url, beside }) {
  const before = treeCpuSec(child.pid)
  const startedMs = performance.now()
  const { spans, tookSec, latencies, late, refusedForNow } = await send(url)
  const sentCpu = treeCpuSec(child.pid) - before - beside.costSec(tookSec)
  while ((await storedSpans(url)).stored < spans) await sleep(200)
  const withBeside = treeCpuSec(child.pid) - before
  const cpu = withBeside - beside.costSec((performance.now() - startedMs) / 1000)
  for (const { pid, cpuSec } of processTree(child.pid))
    if (cpuSec > 1) console.log(`  ${roleOf(pid, child.pid)}: ${cpuSec.toFixed(1)} s of processor since its start`)
  const usage = await storedSpans(url)
  console.log(
    `sent ${spans} spans in ${tookSec.toFixed(1)} s: ${Math.round(spans / tookSec)} a second; at most ${late.toFixed(0)} ms behind the plan, ${refusedForNow} times refused for now`,
  )
  console.log(`answers: p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`)
  console.log(`stored ${usage.stored}, queued ${usage.queued}, refused ${JSON.stringify(usage.refused)}`)
  console.log(
    `processor: ${((cpu * 1e6) / spans).toFixed(1)} s a million spans until stored (${((sentCpu / tookSec) * 100).toFixed(0)} % of one core while sending)`,
  )
  if (isBeside) console.log(`with what came in beside: ${((withBeside * 1e6) / spans).toFixed(1)} s a million spans`)
}

async function withEngine(work) {
  const engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 2 * 1024 ** 3,
    logger: quiet,
    clock: systemClock,
  })
  try {
    return await work(engine)
  } finally {
    await engine[Symbol.asyncDispose]()
  }
}

async function rows(engine, sql) {
  const out = []
  for await (const block of engine.queryNative({ sql, class: 'internal' }))
    for (let row = 0; row < block.rows; row++) out.push(block.columns.map((column) => column.data[row]))
  return out
}

const sizeSql = `SELECT table, toFloat64(sum(rows)), toFloat64(sum(bytes_on_disk)), toFloat64(count()) FROM system.parts
  WHERE active AND database = 'bellwether' AND table IN ('spans', 'traces', 'operations', 'operations_1h', 'edges', 'edges_1h') GROUP BY table ORDER BY table`

async function sizes(engine, title) {
  const found = await rows(engine, sizeSql)
  const spans = found.find(([table]) => table === 'spans')?.[1] ?? 0
  console.log(`${title}: ${(found.reduce((sum, [, , size]) => sum + size, 0) / spans).toFixed(1)} B a span on disk`)
  for (const [table, count, size, parts] of found)
    console.log(`  ${table}: ${count} rows, ${(size / spans).toFixed(2)} B a span, ${parts} parts`)
  return spans
}

/** Copies of what is there, each with other ids, ten minutes earlier than the one before it. */
async function multiply(engine, from, wanted) {
  const copies = Math.ceil(wanted / from) - 1
  const [columns] = await rows(
    engine,
    `SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns WHERE database = 'bellwether' AND table = 'spans' ORDER BY position)`,
  )
  const names = columns[0].split(', ')
  await engine.command('CREATE TABLE seed ENGINE = MergeTree ORDER BY (bucket, trace_id) AS SELECT * FROM spans')
  const none = "unhex('0000000000000000')"
  for (let copy = 1; copy <= copies; copy++) {
    const changed = {
      bucket: `bucket - ${copy}`,
      ts: `ts - ${copy} * 600000000000`,
      trace_id: `MD5(concat(trace_id, '${copy}'))`,
      span_id: `toFixedString(substring(MD5(concat(span_id, '${copy}')), 1, 8), 8)`,
      parent_id: `if(parent_id = ${none}, parent_id, toFixedString(substring(MD5(concat(parent_id, '${copy}')), 1, 8), 8))`,
    }
    await engine.command(
      `INSERT INTO spans SELECT ${names.map((name) => `${changed[name] ?? name}`).join(', ')} FROM seed SETTINGS max_threads = 2, max_block_size = 65536`,
    )
  }
  await engine.command('DROP TABLE seed')
  for (const counts of ['operations', 'edges']) await multiplyCounts(engine, counts, copies)
  await engine.command('TRUNCATE TABLE traces')
  await engine.command(
    `INSERT INTO traces SELECT org, project, reinterpretAsUInt64(substring(trace_id, 1, 8)) AS a, reinterpretAsUInt64(substring(trace_id, 9, 8)) AS b,
      intDiv(min(bucket), 1008), any(keep), '', min(bucket), max(bucket), count() FROM spans GROUP BY org, project, trace_id SETTINGS max_threads = 2, max_bytes_before_external_group_by = 500000000`,
  )
}

/** What the copies would have been counted as: the same calls, as much earlier; their examples are those of the copies. */
async function multiplyCounts(engine, table, copies) {
  const [columns] = await rows(
    engine,
    `SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns WHERE database = 'bellwether' AND table = '${table}' ORDER BY position)`,
  )
  const chosen = (changed) => columns[0].split(', ').map((name) => changed[name] ?? name)
  // Hexadecimal digits of duration, start, trace and span.
  const start = (text) => `leftPad(hex(reinterpretAsUInt64(reverse(unhex(substring(${text}, 17, 16)))) - copy * 600000000000), 16, '0')`
  const id = (text, from, digits) =>
    `substring(hex(MD5(concat(unhex(substring(${text}, ${from}, ${digits})), toString(copy)))), 1, ${digits})`
  const example = (text) =>
    `if(${text} = '', '', lower(concat(substring(${text}, 1, 16), ${start(text)}, ${id(text, 33, 32)}, ${id(text, 65, 16)})))`
  const copied = chosen({ step: 'step - 10 * copy', slowest: example('slowest'), failed: example('failed') })
  await engine.command(
    `INSERT INTO ${table} SELECT ${copied.join(', ')} FROM ${table} ARRAY JOIN range(1, ${copies + 1}) AS copy WHERE org != 0`,
  )
  await engine.command(`TRUNCATE TABLE ${table}_1h`)
  await engine.command(`INSERT INTO ${table}_1h SELECT ${chosen({ step: 'intDiv(step, 60)' }).join(', ')} FROM ${table}`)
}

async function ask({ pid, beside }, title, count, call) {
  const took = []
  const before = treeCpuSec(pid)
  for (let i = 0; i < count; i++) {
    const startedMs = performance.now()
    await call(i)
    took.push(performance.now() - startedMs)
  }
  const withBeside = ((treeCpuSec(pid) - before) * 1000) / count
  const cpuMs = withBeside - beside.costSec(took.reduce((sum, ms) => sum + ms, 0)) / count
  const times = [0.5, 0.95, 1].map((q) => quantile(took, q).toFixed(1))
  const also = isBeside ? `, ${withBeside.toFixed(1)} with what came in beside` : ''
  console.log(`${title}: p50 ${times[0]} ms, p95 ${times[1]} ms, most ${times[2]} ms; ${cpuMs.toFixed(1)} ms of processor each${also}`)
}

async function query({ child, url, beside }, ids) {
  const asked = { pid: child.pid, beside }
  const P = '/projects/1'
  const range = { from: 'now-8h', to: 'now' }
  for (const id of ids.slice(0, 20)) await api(url, 'GET', `${P}/traces/${id}?form=columns`)
  await ask(asked, 'trace by id, columns', 200, (i) => api(url, 'GET', `${P}/traces/${ids[20 + i]}?form=columns`))
  await ask(asked, 'trace by id, whole spans', 50, (i) => api(url, 'GET', `${P}/traces/${ids[220 + i]}`))
  await ask(asked, 'newest 50 traces with an error', 10, () => api(url, 'POST', `${P}/traces/search`, { ...range, query: 'status:error' }))
  await ask(asked, 'newest spans of one user', 10, (i) => api(url, 'POST', `${P}/traces/query`, { ...range, query: `@user.id:u${i * 7}` }))
  await ask(asked, 'slowest 50 spans of a service', 5, () =>
    api(url, 'POST', `${P}/traces/query`, { ...range, query: 'service:cart kind:server', order: 'slowest' }),
  )
  await ask(asked, 'histogram of errors', 5, () => api(url, 'POST', `${P}/traces/histogram`, { ...range, query: 'status:error' }))
  await ask(asked, 'services', 10, () => api(url, 'GET', `${P}/services?from=now-8h`))
  await ask(asked, 'service map', 10, () => api(url, 'GET', `${P}/service-map?from=now-8h`))
}

try {
  if (seconds > 0) await withProgram(ingest)
  const ids = await withEngine(async (engine) => {
    const spans = await sizes(engine, 'on disk')
    if (millions === 0) return []
    if (spans < millions * 0.9e6) {
      await multiply(engine, spans, millions * 1e6)
      await sizes(engine, 'multiplied')
    }
    const chosen = await rows(
      engine,
      `SELECT lower(hex(trace_id)) FROM spans WHERE parent_id = unhex('0000000000000000') ORDER BY cityHash64(trace_id) LIMIT 300`,
    )
    return chosen.map(([id]) => id)
  })
  if (ids.length > 0) await withProgram((program) => query(program, ids))
} finally {
  if (process.env['BENCH_DATA_DIR'] === undefined) rmSync(dataDir, { recursive: true, force: true })
}

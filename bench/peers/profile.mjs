/**
 * `--profile`: where the time goes. Bellwether alone, under V8's CPU profiler and on an engine that keeps statistics; self time by part
 * and function, and what the engine says of its statements and merges. Its figures are not comparable with those of the table.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readProfiles } from './cpu-profile.mjs'
import { sendBodies } from './load.mjs'
import { millionQueries } from './million.mjs'
import { startProfiledEngine } from './profiled-engine.mjs'
import { runQueries } from './query-run.mjs'
import { querySet } from './query-set.mjs'
import { markdownTable } from './report.mjs'
import { startServer } from './servers.mjs'
import { prepare, workloadOf } from './workloads.mjs'

const functionsShown = 25
const statementsShown = 12

/** Markdown of all loads that the options name. */
export async function profileWorkloads(options, log) {
  const parts = []
  for (const name of options.loads) {
    const workload = prepare(workloadOf(name, options.form), { endMs: options.endMs ?? Date.now() })
    parts.push(await profileWorkload(workload, options, log))
  }
  return parts.join('\n\n')
}

async function profileWorkload(workload, options, log) {
  const engine = await startProfiledEngine(options.program)
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-profile-'))
  let server
  try {
    const nodeArgs = ['--cpu-prof', `--cpu-prof-dir=${folder}`]
    const environment = { BELLWETHER_CLICKHOUSE_URL: engine.address, BELLWETHER_SERIES_MAX: '1200000' }
    server = await startServer({ name: 'bellwether', program: options.program, nodeArgs, environment })
    const phases = [await profileLoad(workload, { server, engine, options })]
    if (workload.queries || workload.million) {
      phases.push(await profileRollups({ server, engine }))
      phases.push(await profileQueries(workload, { server, engine, options }))
    }
    await server.stop()
    log(`${workload.name}: profiles are read`)
    const rendered = phases.map((phase) => renderPhase(phase, folder))
    return [`### Where the time goes: ${workload.name}`, ...rendered].join('\n\n')
  } finally {
    await server?.stop()
    server?.scratch.remove()
    await engine.stop()
    engine.scratch.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Marks what happens in `work`: time, CPU of both process trees, and what the engine logged. */
async function during(name, { server, engine }, work) {
  await server.account.settle({ quietMs: 1000 })
  const before = { atMs: nowMs(), server: server.account.cpuSec(), engine: engine.account.cpuSec() }
  const [{ now }] = await engine.rows('SELECT toString(now64(6)) AS now')
  const samples = await work()
  const after = { atMs: nowMs(), server: server.account.cpuSec(), engine: engine.account.cpuSec() }
  const statistics = await engineStatistics(engine, now)
  const cpuSec = { server: after.server - before.server, engine: after.engine - before.engine }
  return { name, samples, fromMs: before.atMs, toMs: after.atMs, cpuSec, statistics }
}

const nowMs = () => Number(process.hrtime.bigint()) / 1e6

function profileLoad(workload, { server, engine, options }) {
  const { headers, inStep, kind } = workload
  const target = { url: server.url, path: server.paths[kind], headers, connections: options.connections, inStep }
  return during('load, until at rest', { server, engine }, async () => {
    const { acknowledged } = await sendBodies(workload.bodies, target)
    await engine.account.settle()
    return acknowledged
  })
}

/** What is put off until half a minute after the load. */
function profileRollups({ server, engine }) {
  return during('rollups', { server, engine }, async () => {
    await server.finishLater()
    await engine.account.settle()
    return null
  })
}

function profileQueries(workload, { server, engine, options }) {
  const all = workload.million ? millionQueries(workload) : querySet(workload)
  const queries = all.filter(({ name }) => options.only === null || options.only.test(name))
  return during('queries', { server, engine }, async () => {
    await runQueries([server], queries, { passes: 1, calls: options.calls, secMax: options.seconds })
    return null
  })
}

async function engineStatistics(engine, since) {
  await engine.rows('SYSTEM FLUSH LOGS')
  const cpu = `ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']`
  const statements = await engine.rows(
    `SELECT substring(replaceRegexpAll(any(normalizeQuery(query)), '\\\\s+', ' '), 1, 110) AS statement, count() AS calls,
       round(sum(${cpu}) / 1e6, 3) AS cpuSec, round(quantile(0.5)(query_duration_ms), 1) AS p50Ms, sum(read_rows) AS readRows,
       sum(written_rows) AS writtenRows, round(max(memory_usage) / 1048576) AS memoryMib
     FROM system.query_log WHERE type = 'QueryFinish' AND event_time_microseconds > '${since}'
     GROUP BY normalized_query_hash ORDER BY sum(${cpu}) DESC LIMIT ${statementsShown}`,
  )
  const parts = await engine.rows(
    `SELECT toString(event_type) AS event, table, count() AS times, sum(rows) AS rowsInAll, round(sum(${cpu}) / 1e6, 3) AS cpuSec,
       round(sum(duration_ms) / 1000, 2) AS sec
     FROM system.part_log WHERE event_time_microseconds > '${since}' AND event_type IN ('NewPart', 'MergeParts') AND database != 'system'
     GROUP BY event, table ORDER BY rowsInAll DESC LIMIT 8`,
  )
  return { statements, parts }
}

function renderPhase(phase, folder) {
  const rows = readProfiles(folder, phase)
  const perMillion = (sec) => (phase.samples === null ? '' : `, ${((sec / phase.samples) * 1e6).toFixed(2)} a million samples`)
  const { server, engine } = phase.cpuSec
  return [
    `#### ${phase.name}`,
    `CPU s of the program ${server.toFixed(2)}${perMillion(server)}; of the engine ${engine.toFixed(2)}${perMillion(engine)}.`,
    groupTable(rows),
    functionTable(rows),
    tableOf(phase.statistics.statements),
    tableOf(phase.statistics.parts),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function sumBy(rows, keyOf) {
  const sums = new Map()
  for (const row of rows) sums.set(keyOf(row), (sums.get(keyOf(row)) ?? 0) + row.selfMs)
  return [...sums].sort(([, left], [, right]) => right - left)
}

function groupTable(rows) {
  const all = rows.reduce((sum, { selfMs }) => sum + selfMs, 0)
  const lines = sumBy(rows, ({ group, thread }) => `${group}|${thread}`).map(([key, ms]) => {
    const [group, thread] = key.split('|')
    return [group, thread, ms.toFixed(0), `${((100 * ms) / all).toFixed(1)} %`]
  })
  return markdownTable(['part', 'thread', 'self ms', 'share'], lines)
}

function functionTable(rows) {
  const lines = sumBy(rows, ({ function: name, group }) => `${name}|${group}`).slice(0, functionsShown)
  return markdownTable(
    ['function', 'part', 'self ms'],
    lines.map(([key, ms]) => [...key.split('|'), ms.toFixed(0)]),
  )
}

/** Of objects with the same members. */
function tableOf(objects) {
  const [first] = objects
  if (first === undefined) return ''
  return markdownTable(
    Object.keys(first),
    objects.map((object) => Object.values(object).map((value) => String(value).replaceAll('|', '\\|'))),
  )
}

/**
 * What logs cost: `node bench/logs.mjs [--lines 1000000] [--runs 1] [--formats loki-pb,loki-json,jsonl,otlp] [--queries loki-pb] [--tail 20] [--beside]`.
 * Loads the same lines by each protocol into a fresh program and says CPU seconds of all its processes a million lines (until the last was
 * acknowledged, and until nothing was left to do), bytes a line on disk; then asks a set of questions through the API. `--warm LINES`: so many are sent
 * before anything is counted, for the cost once the program's code is compiled. `--tail`: how far a live
 * tail is behind, for so many seconds of 20,000 lines a second. `--beside`: 20,000 samples of metrics a second come in all the time; what
 * they cost alone is taken out of the figures, which are said with it too. Peers' figures of the same work are in the README beside it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { Agent, get, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cpuByRole, nothingBeside, startBeside } from './flow/beside.mjs'
import { diskBytes } from './peers/disk.mjs'
import { formats, records, words } from './log-lines.mjs'
import { treeCpuSec, treeRssMib } from './process-tree.mjs'
import { ownProgram, startProgram } from './program.mjs'

const { values: options } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    batch: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '1' },
    formats: { type: 'string', default: 'loki-pb,loki-json,jsonl,otlp' },
    queries: { type: 'string', default: 'loki-pb' },
    iterations: { type: 'string', default: '10' },
    tail: { type: 'string', default: '0' },
    warm: { type: 'string', default: '0' },
    beside: { type: 'boolean', default: false },
    program: { type: 'string', default: ownProgram },
  },
})
const lines = Number(options.lines)
const token = 'bench-token-of-logs'
const spanMs = 3_600_000
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

function call(url, { method = 'POST', headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, agent, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) } },
      (answer) => {
        const chunks = []
        answer.on('data', (chunk) => chunks.push(chunk))
        answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks) }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Bodies are made before anything is measured. Gives them with a needle: the id of the trace of a line in the middle. */
function bodiesOf(format, startMs) {
  const bodies = []
  let list = []
  let trace = ''
  let made = 0
  for (const record of records({ lines, startMs, spanMs })) {
    list.push(record)
    if (++made === Math.floor(lines * 0.6)) trace = record.fields.trace_id
    if (list.length === Number(options.batch) || made === lines) {
      bodies.push(formats[format].encode(list))
      list = []
    }
  }
  return { bodies, trace }
}

/** Four connections. A body that is refused for now is sent again. */
async function send(url, format, bodies) {
  const { path, type } = formats[format]
  let next = 0
  let refusedForNow = 0
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        for (;;) {
          const answer = await call(url + path, { headers: { 'content-type': type }, body })
          if (answer.status < 300) break
          if (answer.status !== 429 && answer.status !== 503)
            throw new Error(`${format}: ${answer.status} ${answer.body.toString().slice(0, 300)}`)
          refusedForNow++
          await pause(50)
        }
      }
    }),
  )
  return refusedForNow
}

/** Until the processes do next to nothing for three seconds but what comes in beside. */
async function settle(pid, beside) {
  let before = treeCpuSec(pid)
  for (let quiet = 0, waited = 0; quiet < 3 && waited < 90; waited++) {
    await pause(1000)
    const now = treeCpuSec(pid)
    quiet = now - before < 0.15 + 1.5 * beside.costSec(1) ? quiet + 1 : 0
    before = now
  }
}

/** Bytes of the active parts of the tables that hold logs. */
function bytesOfTables(dataDir) {
  const store = join(dataDir, 'clickhouse/store/data/bellwether')
  const found = {}
  for (const name of readdirSync(store).filter((table) => /^(logs|log_.*|resources)$/.test(table))) {
    const folder = realpathSync(join(store, name))
    const parts = readdirSync(folder).filter((part) => /_\d+_\d+_\d+$/.test(part))
    const spanOf = (part) => /^(.*)_(\d+)_(\d+)_(\d+)$/.exec(part)
    const isReplaced = (part) => {
      const [, partition, first, last, level] = spanOf(part)
      return parts.some((other) => {
        const [, otherPartition, otherFirst, otherLast, otherLevel] = spanOf(other)
        return otherPartition === partition && +otherLevel > +level && +otherFirst <= +first && +otherLast >= +last
      })
    }
    const active = parts.filter((part) => !isReplaced(part) && lstatSync(join(folder, part)).isDirectory())
    found[name] = { parts: active.length, bytes: active.reduce((sum, part) => sum + diskBytes(join(folder, part)), 0) }
  }
  return found
}

/** The set of questions, as the API takes them. */
function questions(trace, startMs) {
  const range = { from: new Date(startMs).toISOString(), to: new Date(startMs + spanMs).toISOString() }
  const rows = (query, limit = 100) => ({ kind: 'query', body: { ...range, query, limit } })
  const counts = (query, by, more = {}) => ({
    kind: 'histogram',
    body: { ...range, query, by, stepSec: 60, limit: 50, ...more },
  })
  return {
    count_by_level_1m: counts('', 'severity'),
    errors_by_service_1m: counts('severity:error', 'service'),
    rare_word_limit100: rows(words[4800]),
    medium_word_count_1m: counts(words[300], 'service'),
    no_such_text: rows('"zzzz-no-such-text"'),
    trace_id: rows(`trace_id:${trace}`),
    one_service_newest100: rows('service:payment'),
    status_500_newest100: rows('status:500'),
    p95_duration_by_service_5m: counts('', 'service', { stepSec: 300, measure: 'p95', field: 'duration_ms' }),
    newest100: rows(''),
    facets: { kind: 'facets', body: { ...range } },
    facets_of_errors: { kind: 'facets', body: { ...range, query: 'severity:error' } },
  }
}

async function ask({ program: { url, child }, beside }, trace, startMs) {
  const { pid } = child
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const table = []
  for (const [name, { kind, body }] of Object.entries(questions(trace, startMs))) {
    const payload = Buffer.from(JSON.stringify(body))
    const times = []
    let before = 0
    let said = ''
    for (let i = 0; i <= Number(options.iterations); i++) {
      if (i === 1) before = treeCpuSec(pid)
      const startedMs = performance.now()
      const answer = await call(`${url}/api/0/projects/1/logs/${kind}`, { headers, body: payload })
      if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.body.toString().slice(0, 500)}`)
      if (i > 0) times.push(performance.now() - startedMs)
      const found = JSON.parse(answer.body.toString())
      said =
        kind === 'query'
          ? `${found.items.length} rows`
          : kind === 'facets'
            ? `${found.items.length} fields`
            : `${found.series.length} series, ${found.total}`
    }
    const withBeside = treeCpuSec(pid) - before
    const own = withBeside - beside.costSec(times.reduce((sum, ms) => sum + ms, 0) / 1000)
    times.sort((a, b) => a - b)
    const [cpuMs, withBesideMs] = [own, withBeside].map((sec) => +((sec / times.length) * 1000).toFixed(0))
    const costs = options.beside ? { cpuMs, withBesideMs } : { cpuMs }
    table.push({ question: name, p50Ms: +times[times.length >> 1].toFixed(1), ...costs, answer: said })
  }
  return table
}

/** Lines say when they were made; a tail of one in a thousand says when it was told of them. */
async function tail(url, seconds) {
  const behindMs = []
  let missed = 0
  let text = ''
  const reading = new Promise((resolve, reject) => {
    const address = `${url}/api/0/projects/1/logs/tail?query=${encodeURIComponent('level:error')}&seconds=${seconds + 3}`
    get(address, { headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.on('data', (chunk) => {
        text += chunk
        const events = text.split('\n\n')
        text = events.pop()
        for (const event of events) {
          const data = /^data: (.*)$/m.exec(event)?.[1]
          if (data === undefined) continue
          const { items, missed: more } = JSON.parse(data)
          missed += more
          for (const { attributes } of items) behindMs.push(Date.now() - Number(attributes.made_ms))
        }
      })
      answer.on('end', resolve)
    }).on('error', reject)
  })
  const startedMs = performance.now()
  for (let sent = 0; performance.now() - startedMs < seconds * 1000; sent++) {
    const lines = Array.from({ length: 1000 }, (_, i) =>
      JSON.stringify({ ts: new Date().toISOString(), level: i === 0 ? 'error' : 'info', made_ms: Date.now(), msg: `line ${i} of ${sent}` }),
    )
    await call(`${url}/v1/logs/jsonl`, { headers: { 'content-type': 'application/x-ndjson' }, body: Buffer.from(lines.join('\n')) })
    await pause(Math.max(0, (sent + 1) * 50 - (performance.now() - startedMs)))
  }
  await reading
  behindMs.sort((a, b) => a - b)
  const at = (share) => behindMs[Math.floor(share * (behindMs.length - 1))]
  console.log(`tail: ${behindMs.length} rows, ${missed} missed; behind by p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`)
}

/** Loads the bodies into a fresh program and says what it cost. */
async function measure(format) {
  // Whole ten minutes, an hour of them, that ended just now.
  const startMs = Math.floor(Date.now() / 600_000) * 600_000 - spanMs
  const { bodies, trace } = bodiesOf(format, startMs)
  const started = await fresh()
  try {
    await measureOn(started, { format, startMs, bodies, trace })
  } finally {
    await started[Symbol.asyncDispose]()
  }
}

async function measureOn(started, { format, startMs, bodies, trace }) {
  const { dataDir, program, beside } = started
  const { pid } = program.child
  const warming = Math.round((bodies.length * Number(options.warm)) / lines)
  await send(program.url, format, bodies.slice(0, warming))
  await settle(pid, beside)
  const idle = cpuByRole(pid)
  const startedMs = performance.now()
  const passedSec = () => (performance.now() - startedMs) / 1000
  const refusedForNow = await send(program.url, format, bodies.slice(warming))
  const wallSec = passedSec()
  const counted = (lines * (bodies.length - warming)) / bodies.length
  const perMillion = (sec) => ((sec / counted) * 1e6).toFixed(2)
  const acked = treeCpuSec(pid) - idle.all - beside.costSec(wallSec)
  const rssMib = treeRssMib(pid)
  await settle(pid, beside)
  const [passed, sums] = [passedSec(), cpuByRole(pid)]
  const own = ([role, sec]) => [role, sec - (idle[role] ?? 0) - beside.costSec(passed, role)]
  const { all, ...byRole } = Object.fromEntries(Object.entries(sums).map(own))
  const roles = Object.entries(byRole).map(([role, sec]) => `${role} ${perMillion(sec)}`)
  const tables = bytesOfTables(dataDir)
  const bytes = Object.values(tables).reduce((sum, table) => sum + table.bytes, 0)
  console.log(
    `${format}: ${Math.round(counted / wallSec)} lines/s, CPU s/M ${perMillion(acked)} until acknowledged, ${perMillion(all)} in all (${roles.join(', ')}), ${(bytes / lines).toFixed(1)} B a line, ${rssMib.toFixed(0)} MiB, ${refusedForNow} times refused for now`,
  )
  if (options.beside) console.log(`  with what came in beside in ${passed.toFixed(0)} s: CPU s/M ${perMillion(sums.all - idle.all)} in all`)
  console.log(
    `  ${Object.entries(tables)
      .map(([name, table]) => `${name} ${(table.bytes / lines).toFixed(2)} B in ${table.parts} parts`)
      .join(', ')}`,
  )
  if (options.queries.split(',').includes(format)) console.table(await ask(started, trace, startMs))
}

/** A program on an empty folder; both go with it. */
async function fresh() {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-logs-'))
  const program = await startProgram(dataDir, { BELLWETHER_SELF_WATCH: 'off', BELLWETHER_ADMIN_TOKEN: token }, options.program)
  const beside = options.beside ? await startBeside({ url: program.url, pid: program.child.pid }) : nothingBeside
  return {
    dataDir,
    program,
    beside,
    async [Symbol.asyncDispose]() {
      await beside.stop()
      program.child.kill('SIGTERM')
      await program.ended
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

for (let run = 0; run < Number(options.runs); run++)
  for (const format of options.formats.split(',').filter((name) => name !== '')) await measure(format)
if (Number(options.tail) > 0) {
  const started = await fresh()
  await tail(started.program.url, Number(options.tail))
  await started[Symbol.asyncDispose]()
}
agent.destroy()

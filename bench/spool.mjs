/**
 * `node bench/spool.mjs`: what durability costs. Appends records of 2,500 rows to a spool from the build, from several senders at
 * once, while a reader takes and commits segments without an engine. Prints bytes and fsyncs a second, the time to an acknowledgement,
 * and CPU seconds for a million rows. `--seconds`, `--senders`, `--rows` (in a record), `--bytes` (of a row), `--dir`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../apps/server/dist/kernel/clock.js'
import { silentLogger } from '../apps/server/dist/kernel/log.js'
import { openSpool } from '../apps/server/dist/ingest/index.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    senders: { type: 'string', default: '1,8,64' },
    rows: { type: 'string', default: '2500' },
    bytes: { type: 'string', default: '28' },
    dir: { type: 'string', default: tmpdir() },
  },
})

async function measure(senders) {
  const directory = mkdtempSync(join(values.dir, 'bellwether-bench-spool-'))
  const log = await openSpool({ directory, sizeBytesMax: 2 ** 31, clock: systemClock, logger: silentLogger })
  const stop = new AbortController()
  const reader = drain(log, stop.signal)
  const rows = Number(values.rows)
  const waits = []
  let appended = 0
  const cpu = process.cpuUsage()
  const started = performance.now()
  const untilMs = started + Number(values.seconds) * 1000
  async function send() {
    while (performance.now() < untilMs) {
      // A new one each time, as a decoder makes it; filling it is part of no figure but the garbage collector's.
      const payload = new Uint8Array(rows * Number(values.bytes))
      const before = performance.now()
      await log.append('ready', { kind: 'metrics', tenant: { organizationId: 1, projectId: 1 }, rows, format: 1, payload })
      waits.push(performance.now() - before)
      appended++
    }
  }
  await Promise.all(Array.from({ length: senders }, send))
  const elapsedSec = (performance.now() - started) / 1000
  const used = process.cpuUsage(cpu)
  const counts = log.counts()
  stop.abort()
  await reader
  await log[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
  waits.sort((a, b) => a - b)
  return {
    senders,
    'MB/s': round(counts.appendedBytes / 1e6 / elapsedSec),
    'rows/s': Math.round((appended * rows) / elapsedSec),
    'fsyncs/s': Math.round(counts.flushes / elapsedSec),
    'records/fsync': round(appended / counts.flushes),
    'ack p50 ms': round(waits[waits.length >> 1]),
    'ack p99 ms': round(waits[Math.floor(waits.length * 0.99)]),
    'CPU s/M rows': round((used.user + used.system) / 1e6 / ((appended * rows) / 1e6), 4),
  }
}

async function drain(log, signal) {
  for (;;) {
    const segment = await log.take('ready', signal)
    if (segment === null) return
    await segment.read()
    await log.commit(segment)
  }
}

function round(value, digits = 2) {
  return Number(value.toFixed(digits))
}

const results = []
for (const senders of values.senders.split(',').map(Number)) results.push(await measure(senders))
process.stdout.write(
  `load ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}, ${values.rows} rows of ${values.bytes} bytes a record\n`,
)
console.table(results)

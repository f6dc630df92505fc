/**
 * `node bench/indexer.mjs`: the string indexer. Ids of `--strings` known strings out of the cache in process; then as many first-seen ones
 * recorded in batches of `--batch` on a fresh embedded PostgreSQL, `--together` batches at once; then the same again by a program that knows
 * none of them. Prints rates and CPU seconds of this program and the database. From the build.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openPostgres, runPostgresMigrations } from '../apps/server/dist/engines/index.js'
import {
  createIndexerInstruments,
  createStringIndexer,
  indexerMigrations,
  PostgresStrings,
  StringIndexerCache,
  WritesLimiter,
} from '../apps/server/dist/indexer/index.js'
import { systemClock } from '../apps/server/dist/kernel/clock.js'
import { createInstruments } from '../apps/server/dist/kernel/instruments.js'
import { silentLogger } from '../apps/server/dist/kernel/log.js'
import { LocalSlidingWindows } from '../apps/server/dist/limiters/index.js'
import { treeCpuSec } from './process-tree.mjs'

const { values } = parseArgs({
  options: {
    strings: { type: 'string', default: '500000' },
    batch: { type: 'string', default: '10000' },
    together: { type: 'string', default: '2' },
    lookups: { type: 'string', default: '50000000' },
  },
})
const count = Number(values.strings)
const batchSize = Number(values.batch)
const clock = systemClock
const quota = [{ windowSeconds: 3600, granularitySeconds: 60, limit: 1e9 }]
const limits = { global: quota, perOrganization: quota, perUseCase: {}, perUseCaseAndOrganization: {} }

function openIndexer(pool) {
  return createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock, logger: silentLogger, sizeMax: count }),
    storage: new PostgresStrings({ pool, clock }),
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), limits),
    instruments: createIndexerInstruments(createInstruments()),
    clock,
    logger: silentLogger,
  })
}

/** What label values look like: names of pods, addresses, paths. */
function stringOf(i) {
  if (i % 3 === 0) return `checkout-worker-${((i * 2654435761) >>> 0).toString(36)}-${i % 97}`
  return i % 3 === 1 ? `10.${i & 255}.${(i >> 8) & 255}.${i >> 16}:9100` : `/api/v2/orders/${i}/lines`
}

const strings = Array.from({ length: count }, (_, i) => stringOf(i))

function measureLookups(label, indexer, asked) {
  const rounds = Math.ceil(Number(values.lookups) / asked.length)
  for (const string of asked) indexer.note({ useCaseId: 'custom', organizationId: 1, string }, 70_000)
  let hits = 0
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) {
    for (const string of asked) if (indexer.lookup('custom', 1, string) !== 0) hits++
  }
  const { user, system } = process.cpuUsage(before)
  const sec = (user + system) / 1e6
  console.log(`${label.padEnd(48)} ${(hits / sec / 1e6).toFixed(1)} M hits/s a core, ${((sec / hits) * 1e9).toFixed(0)} ns each`)
}

async function measureRecording(label, indexer) {
  const tree = () => treeCpuSec(process.pid)
  const cpuBefore = tree()
  const own = process.cpuUsage()
  const startedMs = performance.now()
  let at = 0
  let missing = 0
  async function sender() {
    while (at < count) {
      const batch = new Set(strings.slice(at, (at += batchSize)))
      const results = await indexer.bulkRecord(new Map([['custom', new Map([[1, batch]])]]))
      for (const string of batch) if (results.idOf('custom', 1, string) === null) missing++
    }
  }
  await Promise.all(Array.from({ length: Number(values.together) }, sender))
  const wallSec = (performance.now() - startedMs) / 1000
  const ownSec = process.cpuUsage(own).user / 1e6 + process.cpuUsage(own).system / 1e6
  const cpuSec = tree() - cpuBefore
  const rate = (sec) => Math.round(count / sec).toLocaleString('en')
  console.log(
    `${label.padEnd(48)} ${rate(wallSec)}/s by the clock, ${rate(cpuSec / 2)}/s by CPU of two cores (${cpuSec.toFixed(2)} s, ours ${ownSec.toFixed(2)})${missing === 0 ? '' : `  ${missing} MISSING`}`,
  )
}

console.log(
  `load ${loadavg()
    .map((one) => one.toFixed(2))
    .join(' ')}, ${count} strings`,
)
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-bench-indexer-'))
const postgres = await openPostgres({ url: null, dataDir, logger: silentLogger, clock })
try {
  await runPostgresMigrations(postgres.pool, indexerMigrations)
  for (const size of [1000, 20_000, 100_000, count]) {
    measureLookups(`hits, ${size.toLocaleString('en')} strings in turn`, openIndexer(postgres.pool), strings.slice(0, size))
  }
  await measureRecording('first seen', openIndexer(postgres.pool))
  await measureRecording('known to the database', openIndexer(postgres.pool))
  const known = openIndexer(postgres.pool)
  await known.bulkRecord(new Map([['custom', new Map([[1, new Set(strings)]])]]))
  await measureRecording('cache hits of bulkRecord', known)
} finally {
  await postgres[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
}

// A program with an indexer from the build: says `ready`, waits for a line, records its strings in batches, prints `[string, id]` pairs as JSON.
const [, , dist, connectionString, redisUrl, seed] = process.argv
const { PostgresStrings, StringIndexerCache, WritesLimiter, createIndexerInstruments, createStringIndexer } = await import(
  `${dist}/indexer/index.js`
)
const { openRedis } = await import(`${dist}/engines/index.js`)
const { LocalSlidingWindows } = await import(`${dist}/limiters/index.js`)
const { createInstruments } = await import(`${dist}/kernel/instruments.js`)
const { systemClock: clock } = await import(`${dist}/kernel/clock.js`)
const { silentLogger: logger } = await import(`${dist}/kernel/log.js`)
const { default: pg } = await import('pg')

const pool = new pg.Pool({ connectionString, max: 4 })
const redis = redisUrl === '-' ? null : await openRedis({ url: redisUrl, logger, clock })
const indexer = createStringIndexer({
  cache: new StringIndexerCache({ redis, clock, logger, sizeMax: 10_000 }),
  storage: new PostgresStrings({ pool, clock }),
  limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), {
    global: [],
    perOrganization: [],
    perUseCase: {},
    perUseCaseAndOrganization: {},
  }),
  instruments: createIndexerInstruments(createInstruments()),
  clock,
  logger,
})
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))

// The same strings in every program, in an order of its own.
let state = Number(seed)
const next = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0)
const strings = Array.from({ length: 6000 }, (_, i) => `string-${i}`)
for (let i = strings.length - 1; i > 0; i--) {
  const other = next() % (i + 1)
  ;[strings[i], strings[other]] = [strings[other], strings[i]]
}
const batches = []
for (let at = 0; at < strings.length; at += 250) batches.push(new Set(strings.slice(at, at + 250)))
const ids = []
await Promise.all(
  [0, 1, 2, 3].map(async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const results = await indexer.bulkRecord(new Map([['custom', new Map([[1, batch]])]]))
      for (const string of batch) ids.push([string, results.idOf('custom', 1, string)])
    }
  }),
)
process.stdout.write(`${JSON.stringify(ids)}\n`)
await pool.end()
await redis?.[Symbol.asyncDispose]()
process.exit(0)

// A program that opens an HTTP door and then PostgreSQL from the build, closes each while it is in use for a moment more, and prints what
// would still keep it running after that (`process.getActiveResourcesInfo`).
const [, , build, dataDir] = process.argv
const [{ openPostgres }, { openHttpDoor }, { systemClock }, { silentLogger }] = await Promise.all(
  ['engines/index.js', 'compose/http-door.js', 'kernel/clock.js', 'kernel/log.js'].map((path) => import(new URL(path, build).href)),
)
const door = await openHttpDoor({ host: '127.0.0.1', port: 0, setting: 'NONE' })
const { promise: released, release } = gate()
const { promise: entered, release: enter } = gate()
door.attach((_request, response) => {
  enter()
  void released.then(() => response.end('answered'))
})
const answer = fetch(`http://127.0.0.1:${door.port}/`).then((response) => response.text())
await entered
const detached = door.detach()
release()
await detached
const said = await answer
await door[Symbol.asyncDispose]()
const left = process.getActiveResourcesInfo()

const postgres = await openPostgres({ url: null, dataDir, logger: silentLogger, clock: systemClock })
const held = await postgres.pool.connect()
const closed = postgres[Symbol.asyncDispose]()
held.release()
await closed
left.push(...process.getActiveResourcesInfo())
process.stdout.write(`${JSON.stringify({ said, left })}\n`)

function gate() {
  let release
  const promise = new Promise((resolve) => (release = resolve))
  return { promise, release }
}

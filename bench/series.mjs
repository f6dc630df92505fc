/**
 * `node --expose-gc bench/series.mjs`: the series index. Makes `--series` series (10 labels each, as host metrics have), then looks each up by
 * its label bytes and selects some by matchers; then the head with `--rounds` samples of each. Prints CPU seconds, rates a core and memory. From the build.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createScope } from '../apps/server/dist/kernel/scope.js'
import { defaultSeriesLimits, Head, SeriesRegistry } from '../apps/server/dist/metrics/index.js'
import { SampleColumns } from '../apps/server/dist/metrics/samples/sample-columns.js'

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '10' },
    cache: { type: 'string', default: '768' },
  },
})
const count = Number(values.series)
const tenant = { organizationId: 1, projectId: 1 }
const registry = new SeriesRegistry({ ...defaultSeriesLimits, wireCacheBytesMax: Number(values.cache) << 20 }, 1)
const encoder = new TextEncoder()

function memoryMb() {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return Math.round((heapUsed + arrayBuffers) / 1e6)
}

function timed(what, amount, run) {
  const before = process.cpuUsage()
  const result = run()
  const { user, system } = process.cpuUsage(before)
  const sec = (user + system) / 1e6
  console.log(`${what.padEnd(44)} ${sec.toFixed(3)} s  ${(amount / sec / 1e6).toFixed(2)} M/s${result === undefined ? '' : `  ${result}`}`)
}

/** A host with ten metrics. */
function labelsOf(i) {
  const host = Math.floor(i / 10)
  return [
    ['__name__', `cpu_usage_${i % 10}`],
    ['arch', host % 2 === 0 ? 'x64' : 'arm64'],
    ['datacenter', `eu-central-1${'abc'[host % 3]}`],
    ['hostname', `host_${host}`],
    ['os', 'Debian12'],
    ['rack', `${host % 100}`],
    ['region', 'eu-central-1'],
    ['service', `${host % 20}`],
    ['service_environment', 'production'],
    ['team', ['SF', 'NYC', 'LON', 'CHI'][host % 4]],
  ]
}

console.log(
  `load ${loadavg()
    .map((one) => one.toFixed(2))
    .join(' ')}, ${count} series of 10 labels`,
)
const beforeMb = memoryMb()
timed('resolve new series', count, () => {
  for (let i = 0; i < count; i++) registry.resolve(tenant, labelsOf(i))
})
const indexMb = memoryMb() - beforeMb
timed('resolve known series (slow path)', count / 10, () => {
  for (let i = 0; i < count; i += 10) registry.resolve(tenant, labelsOf(i))
})

/** One request body with the label bytes of 2,500 series, as remote write sends them. */
function bodyOf(from) {
  const keys = []
  for (let i = from; i < from + 2500; i++)
    keys.push(
      encoder.encode(
        labelsOf(i)
          .map(([name, value]) => `\n${name}\x12${value}`)
          .join(''),
      ),
    )
  const starts = []
  let at = 0
  for (const key of keys) {
    starts.push(at)
    at += key.length
  }
  const bytes = new Uint8Array(at)
  keys.forEach((key, i) => bytes.set(key, starts[i]))
  return { bytes, starts: [...starts, at], from }
}

const bodies = Array.from({ length: Math.min(40, Math.floor(count / 2500)) }, (_, i) => bodyOf(i * 2500))
const keyBytes = Math.round(bodies[0].bytes.length / 2500)
timed(`remember ${bodies.length * 2500} keys of ${keyBytes} bytes`, bodies.length * 2500, () => {
  for (const { bytes, starts, from } of bodies)
    for (let i = 0; i < 2500; i++) registry.remember(tenant, 1, bytes, starts[i], starts[i + 1], from + i)
})
for (let round = 0; round < 3; round++) {
  timed(`look up known keys of ${keyBytes} bytes`, bodies.length * 2500 * 10, () => {
    let wrong = 0
    for (let again = 0; again < 10; again++) {
      for (const { bytes, starts, from } of bodies)
        for (let i = 0; i < 2500; i++) if (registry.lookup(tenant, 1, bytes, starts[i], starts[i + 1]) !== from + i) wrong++
    }
    return `${wrong} wrong`
  })
}
const [owner] = registry.tenantsOf(createScope(1, [1]))
for (const matchers of [
  [{ name: '__name__', op: '=', value: 'cpu_usage_1' }],
  [
    { name: '__name__', op: '=', value: 'cpu_usage_1' },
    { name: 'team', op: '=', value: 'SF' },
    { name: 'rack', op: '=', value: '4' },
  ],
  [{ name: 'hostname', op: '=~', value: 'host_12[0-9]{2}' }],
  [
    { name: '__name__', op: '=~', value: '.*usage_[12]' },
    { name: 'datacenter', op: '!=', value: 'eu-central-1a' },
  ],
]) {
  const text = matchers.map(({ name, op, value }) => `${name}${op}${value}`).join(',')
  timed(`select ${text}`.slice(0, 60), 1, () => `${registry.select(owner, matchers).length} series`)
}
console.log(
  `index ${indexMb} MB (${Math.round((indexMb * 1e6) / count)} bytes a series), wire cache ${Math.round(registry.wireCacheSizeBytes / 1e6)} MB`,
)

const rounds = Number(values.rounds)
const head = new Head({ sizeBytesMax: 1 << 30, clock: { monotonicMs: () => performance.now() }, pendingAgeMs: () => 0 })
const refs = Uint32Array.from({ length: 2500 }, (_, i) => i)
const times = new Float64Array(2500)
const numbers = new Float64Array(2500)
const total = rounds * Math.min(count, 100_000)
timed(`head: append ${total} samples`, total, () => {
  for (let round = 0; round < rounds; round++) {
    for (let from = 0; from + 2500 <= Math.min(count, 100_000); from += 2500) {
      for (let i = 0; i < 2500; i++) {
        refs[i] = from + i
        times[i] = 1.79e12 + round * 10_000
        numbers[i] = round
      }
      head.append(refs, times, numbers, 2500)
    }
  }
  return `${(head.sizeBytes / head.sampleCount).toFixed(1)} bytes a sample`
})
timed('head: read all', total, () => {
  const out = new SampleColumns()
  for (let ref = 0; ref < Math.min(count, 100_000); ref++) head.read(ref, 0, Infinity, out)
  return `${out.count} read`
})

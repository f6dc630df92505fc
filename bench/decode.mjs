/**
 * `node bench/decode.mjs`: what decoding costs on one core, from the build: bytes of a request to a filled batch, series found in the
 * real index. CPU seconds for a million samples, the median of some runs, beside the cost of decompression alone. Workload, made here:
 * `--series` gauges of 10 labels (250 bytes a sample unpacked), 2,500 a request, one sample each, every request a later time.
 * `--runs`, `--rounds` (times each series is sent in a run).
 *
 * 2026-11-21, 2 cores of an AMD EPYC shared with other work (load average 3), Node 20.20, CPU s/M: remote write 1 0.47 (snappy 0.09 of it;
 * aim 0.5), remote write 2 0.52 (0.02), OTLP protobuf with gzip 0.91 (gunzip 0.41). With all 10,000 series new: 30 µs more a series.
 */
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { SeriesRegistry } from '../apps/server/dist/metrics/series/registry.js'
import { decompressSync } from '../apps/server/dist/protocols/body/decompress.js'
import { createDecodeState, DecodeSession } from '../apps/server/dist/protocols/decode/session.js'
import { InfluxDecoder } from '../apps/server/dist/protocols/influx/decode.js'
import { defaultProtocolLimits as limits } from '../apps/server/dist/protocols/limits.js'
import { OtlpDecoder } from '../apps/server/dist/protocols/otlp/decode.js'
import { ProtoWriter } from '../apps/server/dist/protocols/protobuf/writer.js'
import { RemoteWrite1Decoder } from '../apps/server/dist/protocols/remote-write/decode-v1.js'
import { RemoteWrite2Decoder } from '../apps/server/dist/protocols/remote-write/decode-v2.js'

// The server's dependency, not the repository's.
const { compressSync } = createRequire(new URL('../apps/server/package.json', import.meta.url))('snappy')

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '20' },
    runs: { type: 'string', default: '5' },
  },
})
const seriesCount = Number(values.series)
const rounds = Number(values.rounds)
const runs = Number(values.runs)
const perRequest = 2500
const nowMs = 1_795_248_000_000
const tenant = { organizationId: 1, projectId: 1 }

/** After TSBS devops: metric, host and eight tags, sorted. */
function labelsOf(index) {
  const host = Math.floor(index / 10)
  return [
    ['__name__', `cpu_usage_${['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'][index % 10]}`],
    ['arch', host % 2 ? 'x64' : 'x86'],
    ['datacenter', `eu-central-1${'ab'[host % 2]}`],
    ['hostname', `host_${host}`],
    ['os', 'Ubuntu16.10'],
    ['rack', String(host % 97)],
    ['region', 'eu-central-1'],
    ['service', String(host % 19)],
    ['service_environment', 'production'],
    ['service_version', String(host % 3)],
    ['team', 'SF'],
  ]
}

function* requests(encode) {
  for (let round = 0; round < rounds; round++) {
    for (let from = 0; from < seriesCount; from += perRequest)
      yield encode(from, Math.min(from + perRequest, seriesCount), nowMs + round * 10_000)
  }
}

function remoteWrite1(from, to, timeMs) {
  const writer = new ProtoWriter(1 << 20)
  for (let index = from; index < to; index++) {
    writer.messageField(1, (series) => {
      for (const [name, value] of labelsOf(index)) series.messageField(1, (label) => label.stringField(1, name).stringField(2, value))
      series.messageField(2, (sample) => sample.doubleField(1, (index * 7 + timeMs / 10_000) % 100).varintField(2, timeMs))
    })
  }
  return compressSync(writer.finish())
}

function remoteWrite2(from, to, timeMs) {
  const symbols = new Map([['', 0]])
  const refOf = (text) => {
    if (!symbols.has(text)) symbols.set(text, symbols.size)
    return symbols.get(text)
  }
  const body = new ProtoWriter(1 << 20)
  for (let index = from; index < to; index++) {
    body.messageField(5, (series) => {
      series.messageField(1, (refs) => labelsOf(index).forEach(([name, value]) => refs.varint(refOf(name)).varint(refOf(value))))
      series.messageField(2, (sample) => sample.doubleField(1, (index * 7 + timeMs / 10_000) % 100).varintField(2, timeMs))
      series.messageField(5, (metadata) => metadata.varintField(1, 2).varintField(3, refOf('Share of the time')))
    })
  }
  const writer = new ProtoWriter(1 << 20)
  for (const symbol of symbols.keys()) writer.stringField(4, symbol)
  return compressSync(writer.raw(body.finish()).finish())
}

/** Ten metrics of each host as points with the tags as attributes; one resource. */
function otlp(from, to, timeMs) {
  const writer = new ProtoWriter(1 << 20)
  const nanos = BigInt(timeMs) * 1_000_000n
  const attribute = (target, field, key, value) =>
    target.messageField(field, (pair) => pair.stringField(1, key).messageField(2, (any) => any.stringField(1, value)))
  writer.messageField(1, (resource) => {
    resource.messageField(1, (message) => attribute(message, 1, 'service.name', 'agent'))
    resource.messageField(2, (scope) => {
      for (let metric = 0; metric < 10; metric++) {
        scope.messageField(2, (message) => {
          message.stringField(1, labelsOf(metric)[0][1]).stringField(3, '%')
          message.messageField(5, (gauge) => {
            for (let index = from + metric; index < to; index += 10) {
              gauge.messageField(1, (point) => {
                point
                  .tag(3, 1)
                  .fixed64(nanos)
                  .doubleField(4, (index * 7 + timeMs / 10_000) % 100)
                for (const [name, value] of labelsOf(index).slice(1)) attribute(point, 7, name, value)
              })
            }
          })
        })
      }
    })
  })
  return gzipSync(writer.finish(), { level: 1 })
}

/** Ten fields of each host in a line; `fractions`: with all the digits of a double, as agents compute percentages. */
function influxLines(isFraction) {
  return (from, to, timeMs) => {
    const lines = []
    for (let index = from; index < to; index += 10) {
      const tags = labelsOf(index).slice(1)
      const valueOf = (at) => ((at * 7 + timeMs / 10_000) % 100) + (isFraction ? (at % 9973) / 9973 : 0)
      const fields = Array.from({ length: 10 }, (_, field) => `usage_${field}=${valueOf(index + field)}${isFraction ? '' : 'i'}`)
      lines.push(`cpu,${tags.map((pair) => pair.join('=')).join(',')} ${fields.join(',')} ${timeMs}000000\n`)
    }
    return Buffer.from(lines.join(''))
  }
}

/** The other decoders know all from the body. */
function influxDecoder(registry) {
  const decoder = new InfluxDecoder(registry)
  return { decode: (body, session) => decoder.decode(body, { precision: 'ns', database: 'bench', nowMs }, session) }
}

const unpackBy = (encoding) => (body) => decompressSync(body, encoding, limits.decompressedBytesMax)
const kinds = [
  { name: 'remote write 1', encode: remoteWrite1, unpack: unpackBy('snappy'), decoder: (registry) => new RemoteWrite1Decoder(registry) },
  {
    name: 'remote write 2',
    encode: remoteWrite2,
    unpack: unpackBy('snappy'),
    decoder: (registry) => new RemoteWrite2Decoder(registry, limits),
  },
  { name: 'Influx lines, whole', encode: influxLines(false), unpack: (body) => body, decoder: influxDecoder },
  { name: 'Influx lines, fractions', encode: influxLines(true), unpack: (body) => body, decoder: influxDecoder },
  { name: 'OTLP protobuf', encode: otlp, unpack: unpackBy('gzip'), decoder: (registry) => new OtlpDecoder(registry, limits) },
]

function cpuSecondsOf(work) {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function measure({ name, encode, unpack, decoder: make }) {
  const registry = new SeriesRegistry({ perTenantMax: 10_000_000, totalMax: 10_000_000, wireCacheBytesMax: 256 * 1024 * 1024 }, 7)
  const decoder = make(registry)
  const session = new DecodeSession(createDecodeState(limits))
  const bodies = [...requests(encode)]
  let samples = 0
  const decode = () => {
    samples = 0
    for (const body of bodies) {
      session.begin(tenant, nowMs)
      // Later rounds of the workload lie ahead of the clock, which stands still here.
      session.timeMaxMs = Infinity
      decoder.decode(unpack(body), session)
      samples += session.batch.pointsReceived - session.batch.refusedTotal
    }
  }
  const first = cpuSecondsOf(decode)
  const decoding = Array.from({ length: runs }, () => cpuSecondsOf(decode))
  const unpacking = Array.from({ length: runs }, () => cpuSecondsOf(() => bodies.forEach((body) => unpack(body))))
  const perMillion = (seconds) => Number(((seconds / samples) * 1e6).toFixed(3))
  return {
    name,
    samples,
    series: registry.seriesCount,
    'wire bytes a sample': Number((bodies.reduce((sum, body) => sum + body.length, 0) / samples).toFixed(1)),
    'CPU s/M': perMillion(median(decoding)),
    least: perMillion(Math.min(...decoding)),
    most: perMillion(Math.max(...decoding)),
    'of it unpacking': perMillion(median(unpacking)),
    'first run (series new)': perMillion(first),
  }
}

console.log(`load average ${loadavg()[0].toFixed(2)}, Node ${process.version}`)
console.table(kinds.map(measure))

/**
 * Bodies for the present: encoded once, then stamped in place with the time and the values of each sending, so that a sender of a
 * million samples a second costs little beside the server it loads. Some series can be replaced by new ones, as when pods come and go.
 */
import { ProtoWriter } from '../peers/proto-writer.mjs'
import { compressAround } from './literal-snappy.mjs'

const gauges = ['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice']
const regions = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-1', 'sa-east-1']
/** Tag and eight bytes of value, tag and six bytes of time (years 1971 to 2109). */
const sampleBytes = 16
const timeBytes = 6
/** Told apart from everything else in an OTLP body. */
const timeMark = 0x0123456789abcdefn
const valueMark = -1.25e-89
/** Values are whole numbers below this. */
const valuesBelow = 1000

/** What series `index` of a body shows at its `sequence`-th sending: the check of what was stored counts on it. */
export function valueOf(index, sequence) {
  return (index * 31 + sequence * (1 + (index % 7))) % valuesBelow
}

/** One sender's series: `hosts` times ten gauges. `stamp` changes `bytes` in place. */
class LiveBody {
  /** By host: how often it was replaced. */
  #generations
  #values = []
  #times = []
  bytes
  samples
  path
  headers

  constructor({ sender, hosts, run }) {
    this.sender = sender
    this.run = run
    this.samples = hosts * gauges.length
    this.#generations = new Array(hosts).fill(0)
  }

  get hosts() {
    return this.#generations.length
  }

  tagsOf(host) {
    const number = this.sender * this.hosts + host
    return {
      datacenter: `${regions[number % regions.length]}${'abc'[number % 3]}`,
      hostname: `host-${this.sender}-${host}`,
      os: ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Debian12'][number % 3],
      pod: `pod-${this.run}-${number}-${this.#generations[host]}`,
      rack: String(number % 100),
      region: regions[number % regions.length],
      service: String(number % 20),
      service_version: String(number % 2),
      team: ['SF', 'NYC', 'LON', 'CHI'][number % 4],
    }
  }

  /** The first series of a host, as a selector; `metric` as the server names it. */
  selectorOf(host) {
    return { metric: this.metricName(gauges[0]), pod: this.tagsOf(host).pod }
  }

  /** Ten series end and ten begin. */
  replaceHost(host) {
    this.#generations[host]++
    this.encode()
  }

  setPlaces(values, times) {
    this.#values = values
    this.#times = times
  }

  stamp(timeMs, sequence) {
    const time = this.timeBytes(timeMs)
    const { bytes } = this
    this.#values.forEach((place, index) => bytes.writeDoubleLE(valueOf(index, sequence), place))
    for (const place of this.#times) bytes.set(time, place)
  }
}

class RemoteWriteBody extends LiveBody {
  encode() {
    const writer = new ProtoWriter(1 << 12)
    const parts = []
    const marks = []
    let length = 0
    for (let host = 0; host < this.hosts; host++) {
      const tags = Object.entries(this.tagsOf(host))
      for (const gauge of gauges) {
        const part = writer.message(1, (series) => writeSeries(series, this.metricName(gauge), tags)).take()
        parts.push(part)
        length += part.length
        marks.push(length - sampleBytes + 1, length - timeBytes)
      }
    }
    const raw = Buffer.concat(parts)
    const isOpen = new Uint8Array(raw.length)
    for (let index = 0; index < marks.length; index += 2) isOpen.fill(1, marks[index] - 1, marks[index] - 1 + sampleBytes)
    const { bytes, places } = compressAround(raw, isOpen, marks)
    this.bytes = bytes
    this.path = '/api/v1/write'
    this.headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    }
    const times = places.filter((_, index) => index % 2 === 1)
    this.setPlaces(
      places.filter((_, index) => index % 2 === 0),
      times,
    )
  }

  metricName(gauge) {
    return `flow_cpu_usage_${gauge}`
  }

  timeBytes(timeMs) {
    return new ProtoWriter(8).varint(timeMs).take()
  }
}

class OtlpBody extends LiveBody {
  encode() {
    const writer = new ProtoWriter(1 << 20)
    for (let host = 0; host < this.hosts; host++) {
      const { pod, ...tags } = this.tagsOf(host)
      writer.message(1, (resourceMetrics) => {
        resourceMetrics.message(1, (resource) => {
          for (const attribute of Object.entries(tags)) writeAttribute(resource, 1, attribute)
        })
        resourceMetrics.message(2, (scope) => {
          for (const gauge of gauges) {
            scope.message(2, (metric) => {
              metric.textField(1, this.metricName(gauge))
              metric.message(5, (kind) =>
                kind.message(1, (point) => {
                  writeAttribute(point.fixed64Field(3, timeMark).doubleField(4, valueMark), 7, ['pod', pod])
                }),
              )
            })
          }
        })
      })
    }
    this.bytes = writer.take()
    this.path = '/v1/metrics'
    this.headers = { 'content-type': 'application/x-protobuf' }
    const mark = Buffer.alloc(16)
    mark.writeBigUInt64LE(timeMark, 0)
    mark.writeDoubleLE(valueMark, 8)
    this.setPlaces(placesOf(this.bytes, mark.subarray(8)), placesOf(this.bytes, mark.subarray(0, 8)))
  }

  metricName(gauge) {
    return `flow_otlp_cpu_usage_${gauge}`
  }

  timeBytes(timeMs) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(timeMs) * 1_000_000n)
    return bytes
  }
}

/** A sample without value and time yet. */
function writeSeries(series, name, tags) {
  writeLabel(series, '__name__', name)
  for (const [key, value] of tags) writeLabel(series, key, value)
  series.varint(18).varint(sampleBytes).varint(9).raw(Buffer.alloc(8)).varint(16).raw(Buffer.alloc(timeBytes))
}

function writeLabel(series, name, value) {
  series.message(1, (label) => label.textField(1, name).textField(2, value))
}

function writeAttribute(target, field, [key, value]) {
  target.message(field, (pair) => pair.textField(1, key).message(2, (any) => any.textField(1, value)))
}

function placesOf(bytes, mark) {
  const places = []
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) places.push(at)
  return places
}

const kinds = { remoteWrite: RemoteWriteBody, otlp: OtlpBody }

/** The body of one sender of `kind` (`remoteWrite` or `otlp`). `run` makes its series different from those of another run. */
export function liveBody(kind, facts) {
  const body = new kinds[kind](facts)
  body.encode()
  return body
}

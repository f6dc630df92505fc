/**
 * Request bodies made once a sender and stamped for every request: all times and values stand at known places, so that the
 * senders of a test use little of the machine they test. Slot `s` of request `n` has the value `n * slots + s`, each one once.
 */
import { ProtoWriter } from '../../apps/server/src/protocols/protobuf/writer.ts'

export const loadMetric = 'chaos_samples'

export const loadProtocols = ['remote-write', 'otlp', 'otlp-logs', 'otlp-traces'] as const
export type LoadProtocol = (typeof loadProtocols)[number]

export interface LoadBody {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The bytes for this request; valid until the next call. */
  stamp(timeMs: number, sequence: number): Uint8Array<ArrayBuffer>
}

interface Template {
  readonly bytes: Buffer<ArrayBuffer>
  /** End of each slot's message. */
  readonly ends: readonly number[]
}

export function loadBody(protocol: LoadProtocol, sender: number, slots: number): LoadBody {
  switch (protocol) {
    case 'remote-write':
      return remoteWriteBody(sender, slots)
    case 'otlp':
      return otlpBody(sender, slots)
    case 'otlp-logs':
      return eventBody(sender, slots, '/v1/logs')
    case 'otlp-traces':
      return eventBody(sender, slots, '/v1/traces')
  }
}

/** `prometheus.WriteRequest`: a series ends with its sample, `09 <double> 10 <varint of 6 bytes>`. */
function remoteWriteBody(sender: number, slots: number): LoadBody {
  const writer = new ProtoWriter()
  const ends: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    const series = new ProtoWriter()
    const labels = { __name__: loadMetric, job: 'chaos', sender: String(sender), slot: String(slot) }
    for (const [name, value] of Object.entries(labels))
      series.bytesField(1, new ProtoWriter().stringField(1, name).stringField(2, value).finish())
    series.bytesField(
      2,
      new ProtoWriter()
        .tag(1, 1)
        .double(0)
        .tag(2, 0)
        .varint(2 ** 41)
        .finish(),
    )
    writer.bytesField(1, series.finish())
    ends.push(writer.length)
  }
  const { bytes } = template(writer, ends)
  return {
    path: '/api/v1/write',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
    stamp(timeMs, sequence) {
      const time = new ProtoWriter(16).varint(timeMs).finish()
      for (const [slot, end] of ends.entries()) {
        bytes.writeDoubleLE(sequence * slots + slot, end - 15)
        bytes.set(time, end - 6)
      }
      return asSnappy(bytes)
    },
  }
}

const literalBytesMax = 65_536

/** Snappy's block format with nothing but literals: the size, then runs of `f4 <length - 1 as 16 bits> <bytes>`. */
function asSnappy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter(bytes.length + 64).varint(bytes.length)
  for (let from = 0; from < bytes.length; from += literalBytesMax) {
    const literal = bytes.subarray(from, from + literalBytesMax)
    const last = literal.length - 1
    writer.raw(Uint8Array.of(0xf4, last & 255, last >> 8)).raw(literal)
  }
  return new Uint8Array(writer.finish())
}

/** `ExportMetricsServiceRequest` with one gauge: a data point ends with `19 <fixed64 ns> 21 <double>`. */
function otlpBody(sender: number, slots: number): LoadBody {
  const gauge = new ProtoWriter()
  const pointEnds: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    const point = new ProtoWriter().bytesField(7, keyValue('sender', String(sender))).bytesField(7, keyValue('slot', String(slot)))
    point.tag(3, 1).fixed64(0n).tag(4, 1).double(0)
    gauge.bytesField(1, point.finish())
    pointEnds.push(gauge.length)
  }
  const metric = new ProtoWriter().stringField(1, loadMetric).bytesField(5, gauge.finish())
  const scope = new ProtoWriter().bytesField(2, metric.finish())
  const resource = new ProtoWriter().bytesField(1, keyValue('service.name', 'chaos'))
  const writer = new ProtoWriter().bytesField(1, new ProtoWriter().bytesField(1, resource.finish()).bytesField(2, scope.finish()).finish())
  // The gauge's content is the last of every message around it.
  const { bytes, ends } = template(
    writer,
    pointEnds.map((end) => end + writer.length - gauge.length),
  )
  return {
    path: '/v1/metrics',
    headers: { 'content-type': 'application/x-protobuf' },
    stamp(timeMs, sequence) {
      const timeNs = BigInt(timeMs) * 1_000_000n
      for (const [slot, end] of ends.entries()) {
        bytes.writeBigUInt64LE(timeNs, end - 17)
        bytes.writeDoubleLE(sequence * slots + slot, end - 8)
      }
      return bytes
    },
  }
}

/** Digits of the value that an attribute holds as text. */
const valueDigits = 15
/** `<tag> <length> 0a 05 "value" 12 <length> 0a <length> <digits>` */
const valueFieldBytes = 2 + 2 + 5 + 2 + 2 + valueDigits
/** `<tag> <fixed64>` */
const timeFieldBytes = 9

/**
 * `ExportLogsServiceRequest` or `ExportTraceServiceRequest`: a record or span ends with its time (a span's: start and end), then the
 * attribute with its value. A span begins with its ids: the trace is the request, the span the slot.
 */
function eventBody(sender: number, slots: number, path: '/v1/logs' | '/v1/traces'): LoadBody {
  const isTrace = path === '/v1/traces'
  const times = isTrace ? [7, 8] : [1]
  const attribute = isTrace ? 9 : 6
  const events = new ProtoWriter()
  const eventEnds: number[] = []
  const starts: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    const event = new ProtoWriter()
    if (isTrace) event.bytesField(1, new Uint8Array(16)).bytesField(2, Buffer.from((slot + 1).toString(16).padStart(16, '0'), 'hex'))
    if (isTrace) event.stringField(5, loadMetric).tag(6, 0).varint(2)
    else event.bytesField(5, new ProtoWriter().stringField(1, `a line of the chaos load, slot ${slot}`).finish())
    event.bytesField(attribute, keyValue('sender', String(sender))).bytesField(attribute, keyValue('slot', String(slot)))
    for (const field of times) event.tag(field, 1).fixed64(0n)
    event.bytesField(attribute, keyValue('value', '0'.repeat(valueDigits)))
    const bytes = event.finish()
    events.bytesField(2, bytes)
    starts.push(events.length - bytes.length)
    eventEnds.push(events.length)
  }
  const resource = new ProtoWriter().bytesField(1, keyValue('service.name', 'chaos'))
  const writer = new ProtoWriter().bytesField(1, new ProtoWriter().bytesField(1, resource.finish()).bytesField(2, events.finish()).finish())
  const shift = writer.length - events.length
  const { bytes, ends } = template(
    writer,
    eventEnds.map((end) => end + shift),
  )
  return {
    path,
    headers: { 'content-type': 'application/x-protobuf' },
    stamp(timeMs, sequence) {
      const timeNs = BigInt(timeMs) * 1_000_000n
      for (const [slot, end] of ends.entries()) {
        bytes.write(String(sequence * slots + slot).padStart(valueDigits, '0'), end - valueDigits, 'latin1')
        for (let at = 1; at <= times.length; at++) bytes.writeBigUInt64LE(timeNs, end - valueFieldBytes - at * timeFieldBytes + 1)
        // Behind the tag and the length of the first field.
        if (isTrace) bytes.writeBigUInt64BE(BigInt(sequence + 1), (starts[slot] ?? 0) + shift + 2)
      }
      return bytes
    },
  }
}

function template(writer: ProtoWriter, ends: readonly number[]): Template {
  return { bytes: Buffer.from(new Uint8Array(writer.finish()).buffer), ends }
}

function keyValue(key: string, value: string): Uint8Array {
  return new ProtoWriter().stringField(1, key).bytesField(2, new ProtoWriter().stringField(1, value).finish()).finish()
}

/**
 * Log lines for measurements: a seeded sequence of structured records (about 334 bytes each as JSON), as bodies of the protocols that take
 * logs. Twenty services, four levels, words of a vocabulary by Zipf's law, ids of traces, latencies; the distribution of the figures of peers
 * that are stored.
 */
import { randomBytes } from 'node:crypto'
import { compressAround } from './flow/literal-snappy.mjs'

const services =
  'checkout cart search catalog payment user auth email billing inventory shipping review media feed chat report admin batch proxy edge'.split(
    ' ',
  )
const syllables = 'ba co di fe gu ha ji ko lu me no pi qua ro su ta vi wo xe zy tion ment ing er'.split(' ')
const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE']
const routes = [
  '/api/v1/items',
  '/api/v1/items/{id}',
  '/api/v1/cart',
  '/api/v1/orders',
  '/api/v1/login',
  '/healthz',
  '/api/v2/search',
  '/api/v1/users/{id}',
]
const severityNumbers = { debug: 5, info: 9, warn: 13, error: 17 }

/** Numbers in [0, 1), the same for the same seed (Mulberry's scheme of 32 bits). */
function randomNumbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Ranks below `count`, the first the most frequent. */
function zipf(count, exponent, random) {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += (rank + 1) ** -exponent
  return () => {
    const wanted = random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The vocabulary, most frequent word first. */
export const words = (() => {
  const random = randomNumbers(99)
  const found = new Set()
  while (found.size < 5000) {
    let word = ''
    for (let left = 2 + Math.floor(random() * 3); left > 0; left--) word += syllables[Math.floor(random() * syllables.length)]
    found.add(word)
  }
  return [...found]
})()

/** Records from `startMs` on, `spanMs` / `lines` apart. */
export function* records({ lines, startMs, spanMs, seed = 7 }) {
  const random = randomNumbers(seed)
  const [word, service, user] = [zipf(words.length, 1.05, random), zipf(services.length, 0.8, random), zipf(20_000, 0.9, random)]
  const pick = (list) => list[Math.floor(random() * list.length)]
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  // Ids are the only part that differs from run to run.
  const ids = randomBytes(24 * lines)
  for (let i = 0; i < lines; i++) {
    const chance = random()
    const level = chance < 0.005 ? 'error' : chance < 0.04 ? 'warn' : chance < 0.85 ? 'info' : 'debug'
    const name = services[service()]
    let msg = ''
    for (let left = 6 + Math.floor(random() * 8); left > 0; left--) msg += (msg === '' ? '' : ' ') + words[word()]
    const micros = Math.floor((startMs + (i * spanMs) / lines) * 1000)
    yield {
      micros,
      fields: {
        ts: new Date(Math.floor(micros / 1000)).toISOString(),
        level,
        service: name,
        host: `${name}-${Math.floor(random() * 6)}`,
        trace_id: ids.toString('hex', i * 24, i * 24 + 16),
        span_id: ids.toString('hex', i * 24 + 16, i * 24 + 24),
        method: pick(methods),
        route: pick(routes),
        status: level === 'error' ? 500 : random() < 0.03 ? 404 : 200,
        duration_ms: Math.round(Math.exp(2.5 + 1.1 * normal()) * 100) / 100,
        user_id: user(),
        msg,
      },
    }
  }
}

/** Protocol buffers: a message grows at the end of one buffer. */
class Message {
  parts = []

  varint(value) {
    const bytes = []
    let rest = BigInt(value)
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    this.parts.push(Buffer.from(bytes))
    return this
  }

  int(field, value) {
    return this.varint(field * 8).varint(value)
  }

  bytes(field, bytes) {
    this.varint(field * 8 + 2).varint(bytes.length)
    this.parts.push(bytes)
    return this
  }

  text(field, text) {
    return this.bytes(field, Buffer.from(text))
  }

  fixed64(field, value) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    this.varint(field * 8 + 1).parts.push(bytes)
    return this
  }

  double(field, value) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    this.varint(field * 8 + 1).parts.push(bytes)
    return this
  }

  inner(field, write) {
    const message = new Message()
    write(message)
    return this.bytes(field, message.finish())
  }

  finish() {
    return Buffer.concat(this.parts)
  }
}

function snappy(raw) {
  return compressAround(raw, new Uint8Array(raw.length), []).bytes
}

function grouped(list, keyOf) {
  const groups = new Map()
  for (const one of list) {
    const key = keyOf(one)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(one)
  }
  return [...groups.values()]
}

const nanos = ({ micros }) => BigInt(micros) * 1000n
const line = ({ fields }) => JSON.stringify(fields)
const streamsOf = (list) => grouped(list, ({ fields }) => `${fields.service}/${fields.level}`)

function attribute(message, field, name, value) {
  message.inner(field, (pair) => {
    pair.text(1, name)
    pair.inner(2, (any) =>
      typeof value === 'string' ? any.text(1, value) : Number.isInteger(value) ? any.int(3, value) : any.double(4, value),
    )
  })
}

function otlp(list) {
  const request = new Message()
  for (const ofService of grouped(list, ({ fields }) => fields.service)) {
    request.inner(1, (resourceLogs) => {
      resourceLogs.inner(1, (resource) => {
        attribute(resource, 1, 'service.name', ofService[0].fields.service)
        attribute(resource, 1, 'deployment.environment', 'prod')
      })
      resourceLogs.inner(2, (scopeLogs) => {
        scopeLogs.inner(1, (scope) => scope.text(1, 'bench'))
        for (const record of ofService) scopeLogs.inner(2, (message) => otlpRecord(message, record))
      })
    })
  }
  return request.finish()
}

function otlpRecord(message, record) {
  const { fields } = record
  message.fixed64(1, nanos(record)).int(2, severityNumbers[fields.level]).text(3, fields.level)
  message.inner(5, (body) => body.text(1, fields.msg))
  for (const name of ['host', 'method', 'route', 'status', 'duration_ms', 'user_id']) attribute(message, 6, name, fields[name])
  message.bytes(9, Buffer.from(fields.trace_id, 'hex')).bytes(10, Buffer.from(fields.span_id, 'hex')).fixed64(11, nanos(record))
}

function lokiProtobuf(list) {
  const push = new Message()
  for (const stream of streamsOf(list)) {
    const { service, level } = stream[0].fields
    push.inner(1, (message) => {
      message.text(1, `{env="prod", level="${level}", service="${service}"}`)
      for (const record of stream)
        message.inner(2, (entry) => {
          entry.inner(1, (time) => time.int(1, nanos(record) / 1_000_000_000n).int(2, nanos(record) % 1_000_000_000n))
          entry.text(2, line(record))
        })
    })
  }
  return push.finish()
}

function lokiJson(list) {
  const streams = streamsOf(list).map((stream) => ({
    stream: { service: stream[0].fields.service, level: stream[0].fields.level, env: 'prod' },
    values: stream.map((record) => [String(nanos(record)), line(record)]),
  }))
  return Buffer.from(JSON.stringify({ streams }))
}

/** How each format is sent: address, content type, body of a list of records. */
export const formats = {
  'loki-pb': { path: '/loki/api/v1/push', type: 'application/x-protobuf', encode: (list) => snappy(lokiProtobuf(list)) },
  'loki-json': { path: '/loki/api/v1/push', type: 'application/json', encode: lokiJson },
  jsonl: { path: '/v1/logs/jsonl', type: 'application/x-ndjson', encode: (list) => Buffer.from(list.map(line).join('\n')) },
  otlp: { path: '/v1/logs', type: 'application/x-protobuf', encode: otlp },
}

/**
 * What of a span's attributes has a column of its own: collected while they are read, written when the span is complete. Names are those of
 * OpenTelemetry's semantic conventions, the present ones and the ones before 1.21, which instrumentations still send.
 */
import { weightMax } from './limits.ts'
import type { SpansBatch } from './schema.ts'

/** What an attribute says. `none`: nothing that has a column. */
export const spanRoles = {
  none: 0,
  httpMethod: 1,
  httpRoute: 2,
  httpStatus: 3,
  dbSystem: 4,
  dbOperation: 5,
  dbNamespace: 6,
  dbStatement: 7,
  peerService: 8,
  address: 9,
  socketAddress: 10,
  port: 11,
  destination: 12,
  url: 13,
  rpcService: 14,
  weight: 15,
  probability: 16,
} as const

const roleCount = 17

const roleByName: ReadonlyMap<string, number> = new Map([
  ['http.request.method', spanRoles.httpMethod],
  ['http.method', spanRoles.httpMethod],
  ['http.route', spanRoles.httpRoute],
  ['http.response.status_code', spanRoles.httpStatus],
  ['http.status_code', spanRoles.httpStatus],
  ['db.system.name', spanRoles.dbSystem],
  ['db.system', spanRoles.dbSystem],
  ['db.operation.name', spanRoles.dbOperation],
  ['db.operation', spanRoles.dbOperation],
  ['db.namespace', spanRoles.dbNamespace],
  ['db.name', spanRoles.dbNamespace],
  ['db.query.text', spanRoles.dbStatement],
  ['db.statement', spanRoles.dbStatement],
  ['peer.service', spanRoles.peerService],
  ['service.peer.name', spanRoles.peerService],
  ['server.address', spanRoles.address],
  ['net.peer.name', spanRoles.address],
  ['network.peer.address', spanRoles.socketAddress],
  ['net.sock.peer.addr', spanRoles.socketAddress],
  ['net.peer.ip', spanRoles.socketAddress],
  ['server.port', spanRoles.port],
  ['net.peer.port', spanRoles.port],
  ['messaging.destination.name', spanRoles.destination],
  ['messaging.destination', spanRoles.destination],
  ['url.full', spanRoles.url],
  ['http.url', spanRoles.url],
  ['rpc.service', spanRoles.rpcService],
  ['sampling.weight', spanRoles.weight],
  ['SampleRate', spanRoles.weight],
  ['sampling.probability', spanRoles.probability],
  ['sentry.sample_rate', spanRoles.probability],
  ['sentry.client_sample_rate', spanRoles.probability],
])

export function roleOf(attribute: string): number {
  return roleByName.get(attribute) ?? spanRoles.none
}

const clientKind = 3
const producerKind = 4
const consumerKind = 5
const serverKind = 2

const decoder = new TextDecoder('latin1')
const utf8 = new TextDecoder()
/** Bytes of a peer's name. */
const peerBytesMax = 255
const operationBytesMax = 24

export class SpanFacts {
  #source: Uint8Array = new Uint8Array(0)
  readonly #starts = new Int32Array(roleCount)
  readonly #ends = new Int32Array(roleCount)
  readonly #numbers = new Float64Array(roleCount)
  /** 0 unseen, 1 bytes, 2 a number. */
  readonly #seen = new Uint8Array(roleCount)

  /** Of the next span; its texts lie in `source`. */
  begin(source: Uint8Array): void {
    this.#source = source
    this.#seen.fill(0)
  }

  bytes(role: number, start: number, end: number): void {
    this.#seen[role] = 1
    this.#starts[role] = start
    this.#ends[role] = end
  }

  number(role: number, value: number): void {
    this.#seen[role] = 2
    this.#numbers[role] = value
  }

  /** Spans that this one stands for by its attributes; 1 where they say nothing. */
  weight(): number {
    const weight = this.#numberOf(spanRoles.weight)
    if (weight >= 1 && weight <= weightMax) return weight
    const probability = this.#numberOf(spanRoles.probability)
    return probability > 0 && probability <= 1 && 1 / probability <= weightMax ? 1 / probability : 1
  }

  /** Pushes the columns of the open row. */
  write(batch: SpansBatch, kind: number): void {
    const source = this.#source
    if (this.#seen[spanRoles.httpMethod] === 1)
      batch.httpMethod.push(source, this.#starts[spanRoles.httpMethod], this.#ends[spanRoles.httpMethod])
    if (this.#seen[spanRoles.httpRoute] === 1)
      batch.httpRoute.push(source, this.#starts[spanRoles.httpRoute], this.#ends[spanRoles.httpRoute])
    if (this.#seen[spanRoles.httpStatus] !== 0) {
      const status = this.#numberOf(spanRoles.httpStatus)
      batch.httpStatus.pushU16(status > 0 && status < 1000 ? Math.floor(status) : 0)
    }
    const isDatabase = this.#seen[spanRoles.dbSystem] === 1
    if (isDatabase) {
      batch.dbSystem.push(source, this.#starts[spanRoles.dbSystem], this.#ends[spanRoles.dbSystem])
      this.#writeOperation(batch)
    }
    this.#writePeer(batch, kind, isDatabase)
  }

  /** As the span says, or the first word of its statement. */
  #writeOperation(batch: SpansBatch): void {
    if (this.#seen[spanRoles.dbOperation] === 1) {
      batch.dbOperation.push(this.#source, this.#starts[spanRoles.dbOperation], this.#ends[spanRoles.dbOperation])
      return
    }
    if (this.#seen[spanRoles.dbStatement] !== 1) return
    let start = this.#starts[spanRoles.dbStatement]!
    const end = this.#ends[spanRoles.dbStatement]!
    while (start < end && this.#source[start]! <= 0x20) start++
    let at = start
    while (at < end && at - start < operationBytesMax && isLetter(this.#source[at]!)) at++
    if (at > start) batch.dbOperation.pushString(decoder.decode(this.#source.subarray(start, at)).toUpperCase())
  }

  /** Who is at the other end: what the span calls it, a queue, a database, an address. */
  #writePeer(batch: SpansBatch, kind: number, isDatabase: boolean): void {
    if (kind === serverKind) return
    if (this.#pushPeer(batch, spanRoles.peerService)) return
    if ((kind === producerKind || kind === consumerKind) && this.#pushPeer(batch, spanRoles.destination)) return
    if (isDatabase && (this.#pushPeer(batch, spanRoles.dbNamespace) || this.#pushPeer(batch, spanRoles.address))) return
    if (isDatabase && this.#pushPeer(batch, spanRoles.dbSystem)) return
    if (kind !== clientKind && kind !== producerKind) return
    if (this.#seen[spanRoles.address] === 1) return batch.peer.pushString(this.#withPort(spanRoles.address))
    if (this.#seen[spanRoles.url] === 1) {
      const host = hostOf(decoder.decode(this.#source.subarray(this.#starts[spanRoles.url], this.#ends[spanRoles.url]!)))
      if (host !== '') return batch.peer.pushString(host)
    }
    if (this.#pushPeer(batch, spanRoles.rpcService)) return
    if (this.#seen[spanRoles.socketAddress] === 1) batch.peer.pushString(this.#withPort(spanRoles.socketAddress))
  }

  #pushPeer(batch: SpansBatch, role: number): boolean {
    const [start, end] = [this.#starts[role]!, this.#ends[role]!]
    if (this.#seen[role] !== 1 || start === end) return false
    batch.peer.push(this.#source, start, Math.min(end, start + peerBytesMax))
    return true
  }

  #withPort(role: number): string {
    const start = this.#starts[role]!
    const address = utf8.decode(this.#source.subarray(start, Math.min(this.#ends[role]!, start + peerBytesMax)))
    const port = this.#numberOf(spanRoles.port)
    return port > 0 && port !== 80 && port !== 443 ? `${address}:${port}` : address
  }

  /** NaN where there is none. */
  #numberOf(role: number): number {
    const seen = this.#seen[role]
    if (seen === 0) return NaN
    if (seen === 2) return this.#numbers[role]!
    const [start, end] = [this.#starts[role]!, this.#ends[role]!]
    return end === start || end - start > 32 ? NaN : Number(decoder.decode(this.#source.subarray(start, end)))
  }
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Host, and a port that is not the usual one, of an address with a scheme; '' where there is none. */
function hostOf(url: string): string {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]{1,255})/i.exec(url.slice(0, 600))
  return (match?.[1] ?? '').replace(/:(?:80|443)$/, '')
}

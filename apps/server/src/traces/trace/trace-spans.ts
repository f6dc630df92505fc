/** The spans of one trace in columns, as they are read. */
import type { NativeBlock } from '../../engines/index.ts'
import { numbersIn, textsIn, wideIn } from '../../signals/index.ts'
import { kindNames, statusNames } from '../span-fields.ts'
import type { KeyedSpan } from './span-rows.ts'

/** Gives every distinct text a number, in order of first sight. */
export class Words {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.texts.length)
    this.texts.push(text)
    return this.texts.length - 1
  }
}

export const traceColumnsSql = `reinterpretAsUInt64(span_id) AS span, reinterpretAsUInt64(parent_id) AS parent, ts, duration,
  toString(service) AS service, toString(host) AS host, toString(name) AS name, kind, status`

export class TraceSpans {
  count = 0
  /** Halves of ids, as numbers of 32 bits. */
  readonly idLow: number[] = []
  readonly idHigh: number[] = []
  readonly parentLow: number[] = []
  readonly parentHigh: number[] = []
  /** Halves of the start, ns since 1970. */
  readonly tsLow: number[] = []
  readonly tsHigh: number[] = []
  readonly durationNs: number[] = []
  readonly service: number[] = []
  readonly host: number[] = []
  readonly name: number[] = []
  readonly kind: number[] = []
  readonly status: number[] = []
  readonly services = new Words()
  readonly hosts = new Words()
  readonly names = new Words()

  /** A block of `traceColumnsSql`. */
  add(block: NativeBlock): void {
    const [span, parent, ts, duration] = [wideIn(block, 'span'), wideIn(block, 'parent'), wideIn(block, 'ts'), wideIn(block, 'duration')]
    const [service, host, name] = [textsIn(block, 'service'), textsIn(block, 'host'), textsIn(block, 'name')]
    const [kind, status] = [numbersIn(block, 'kind'), numbersIn(block, 'status')]
    for (let row = 0; row < block.rows; row++) {
      this.idLow.push(span[row * 2]!)
      this.idHigh.push(span[row * 2 + 1]!)
      this.parentLow.push(parent[row * 2]!)
      this.parentHigh.push(parent[row * 2 + 1]!)
      this.tsLow.push(ts[row * 2]!)
      this.tsHigh.push(ts[row * 2 + 1]!)
      this.durationNs.push(duration[row * 2]! + duration[row * 2 + 1]! * 0x1_0000_0000)
      this.service.push(this.services.numberOf(service[row]!))
      this.host.push(this.hosts.numberOf(host[row]!))
      this.name.push(this.names.numberOf(name[row]!))
      this.kind.push(kind[row]!)
      this.status.push(status[row]!)
    }
    this.count += block.rows
  }

  /** ns from the start of span 0 to that of another; negative when it began before it. Exact. */
  sinceFirstNs(span: number): number {
    return (this.tsHigh[span]! - this.tsHigh[0]!) * 0x1_0000_0000 + (this.tsLow[span]! - this.tsLow[0]!)
  }
}

/** Whole spans of one trace, in columns. */
export function traceSpansOf(spans: readonly KeyedSpan[]): TraceSpans {
  const out = new TraceSpans()
  for (const { span, key } of spans) {
    const [id, parent] = [Buffer.from(span.spanId, 'hex'), Buffer.from(span.parentSpanId.padStart(16, '0'), 'hex')]
    out.idLow.push(id.readUInt32LE(0))
    out.idHigh.push(id.readUInt32LE(4))
    out.parentLow.push(parent.readUInt32LE(0))
    out.parentHigh.push(parent.readUInt32LE(4))
    out.tsLow.push(key.tsLow)
    out.tsHigh.push(key.tsHigh)
    out.durationNs.push(key.durationLow + key.durationHigh * 0x1_0000_0000)
    out.service.push(out.services.numberOf(span.service))
    out.host.push(out.hosts.numberOf(span.host))
    out.name.push(out.names.numberOf(span.name))
    out.kind.push(kindNames.indexOf(span.kind))
    out.status.push(statusNames.indexOf(span.status))
  }
  out.count = spans.length
  return out
}

/** Ids as hexadecimal digits one after the other, in the order of their bytes. */
export function hexOfIds(low: ArrayLike<number>, high: ArrayLike<number>): string {
  const bytes = Buffer.alloc(low.length * 8)
  for (let i = 0; i < low.length; i++) {
    bytes.writeUInt32LE(low[i]!, i * 8)
    bytes.writeUInt32LE(high[i]!, i * 8 + 4)
  }
  return bytes.toString('hex')
}

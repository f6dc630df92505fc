/** What the readers of all OTLP point kinds share: one cursor, the series finder, exemplars, refusals. */
import { exemplarOf } from '../decode/exemplar.ts'
import { nanosToMs, sampleValue } from '../decode/sample-value.ts'
import { type DecodeSession, timeExample } from '../decode/session.ts'
import type { ProtoCursor } from '../protobuf/cursor.ts'
import { AttributeRun } from './attribute-run.ts'
import type { MetricContext } from './contexts.ts'
import type { SeriesFinder } from './series-finder.ts'

/** DataPointFlags.FLAG_NO_RECORDED_VALUE. */
export const noRecordedValue = 1

export class PointTools {
  readonly cursor: ProtoCursor
  readonly finder: SeriesFinder
  readonly run = new AttributeRun()

  constructor(cursor: ProtoCursor, finder: SeriesFinder) {
    this.cursor = cursor
    this.finder = finder
  }

  /** A fixed64 of nanoseconds, as ms. */
  readTimeMs(): number {
    const { cursor } = this
    cursor.readFixed64()
    return nanosToMs(cursor.high, cursor.low)
  }

  /** Passes over an attribute field whose tag was at `at`. */
  noteAttribute(at: number): void {
    const { cursor } = this
    cursor.skipBytes()
    this.run.note(at, cursor.pos)
  }

  /** Counts the point as refused for what the finder could not do. */
  refuseUnfound(session: DecodeSession): void {
    const { refusal } = this.finder
    session.refuse(refusal.reason, 1, () => refusal.example)
  }

  /** False, and counted, when the time is out of range. */
  timeAccepted(session: DecodeSession, metric: MetricContext, timeMs: number): boolean {
    if (session.isTimeAccepted(timeMs)) return true
    session.refuse('timestamp_out_of_range', 1, () => timeExample(metric.name, timeMs))
    return false
  }

  /** False, and counted, when a delta point is not later than the one before it: it was counted already, or came too late to be. */
  deltaAccepted(session: DecodeSession, metric: MetricContext, ref: number, timeMs: number): boolean {
    const { memory } = session.state
    if (!memory.remembers(ref)) {
      session.refuse('delta_series_limit', 1, () => `${metric.name}: too many delta series; send cumulative temporality`)
      return false
    }
    if (timeMs > memory.lastMs(ref)) return true
    session.refuse('delta_out_of_order', 1, () => `${metric.name}: a delta point is not later than the one before it`)
    return false
  }

  /**
   * Where a zero before a delta stream's first point of this life belongs, or 0. The stream's points follow each other: when it is
   * older than this life, its last total stands at the start itself.
   */
  deltaZeroMs(session: DecodeSession, ref: number, startMs: number, timeMs: number): number {
    const { memory } = session.state
    if (memory.lastMs(ref) !== 0 || !memory.isFreshStart(startMs, timeMs, 0)) return 0
    const zeroMs = this.finder.isDurable(ref) ? startMs + 1 : startMs
    return zeroMs < timeMs ? zeroMs : 0
  }

  /** Reads the exemplars among the fields of the point `[from, to)`; `refOf` gives the series of a value. */
  exemplars(session: DecodeSession, from: number, to: number, exemplarTag: number, refOf: (value: number) => number): void {
    const { cursor } = this
    const { pos, end } = cursor
    cursor.pos = from
    cursor.end = to
    while (cursor.pos < to) {
      const tag = cursor.readTag()
      if (tag === exemplarTag) this.#exemplar(session, refOf)
      else cursor.skip(tag)
    }
    cursor.pos = pos
    cursor.end = end
  }

  #exemplar(session: DecodeSession, refOf: (value: number) => number): void {
    const { cursor } = this
    const outer = cursor.enter()
    const from = cursor.pos
    const to = cursor.end
    let value = 0
    let timeMs = 0
    let traceId = ''
    let spanId = ''
    while (cursor.pos < to) {
      const tag = cursor.readTag()
      if (tag === 17) timeMs = this.readTimeMs()
      else if (tag === 25) {
        const at = cursor.pos
        value = sampleValue(cursor.readDouble(), cursor.view, at)
      } else if (tag === 49) value = cursor.readSfixed64()
      else if (tag === 34) spanId = this.#hex(8)
      else if (tag === 42) traceId = this.#hex(16)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    const labels = this.finder.plainAttributes(cursor.bytes, from, to, 58)
    const exemplar = exemplarOf(session, { seriesRef: refOf(value), timeMs, value }, labels)
    if (exemplar !== null) session.batch.exemplars.push({ ...exemplar, traceId, spanId })
  }

  /** '' unless the field has exactly `length` bytes that are not all zero. */
  #hex(length: number): string {
    const { cursor } = this
    const size = cursor.readLength()
    const start = cursor.pos
    cursor.pos += size
    if (size !== length) return ''
    const hex = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + start, size).toString('hex')
    return /^0+$/.test(hex) ? '' : hex
  }
}

/** Records of a segment that cannot be turned into inserts: they are found one by one, so that they alone are buried. */
import type { Kind, KindHandler, LogRecord } from '../ports.ts'
import { planInserts } from './plan.ts'

/** A segment under way. */
export class SegmentContents {
  /** As the log gave them. */
  readonly records: readonly LogRecord[]
  /** What the counters hold as queued for them: raw records are replaced, one after the other, by what they become; null: nothing. */
  readonly counted: (LogRecord | null)[]
  /** By place in the segment, what raw records held of other kinds. */
  readonly #beside = new Map<number, readonly LogRecord[]>()
  /** By place in the segment, what the counters hold of records that are not inserted. */
  readonly #aside = new Map<number, LogRecord>()
  /** Why the first was set aside. */
  cause: unknown = null

  constructor(records: readonly LogRecord[]) {
    this.records = records
    this.counted = [...records]
  }

  setAside(at: number, cause: unknown): void {
    const record = this.counted[at] ?? null
    if (record === null) return
    this.cause ??= cause
    this.#aside.set(at, record)
    this.counted[at] = null
  }

  /** What the raw record at the place held beside what it became. */
  setBeside(at: number, records: readonly LogRecord[]): void {
    if (records.length > 0) this.#beside.set(at, records)
  }

  /** What the counters hold of the records set aside. */
  countedAside(): LogRecord[] {
    return [...this.#aside.values()]
  }

  /** The records set aside as the log gave them, in its order. */
  recordsAside(): LogRecord[] {
    return this.records.filter((_, at) => this.#aside.has(at))
  }

  /** What is left of the records from `from` to before `to`. */
  present(from: number, to: number = this.counted.length): LogRecord[] {
    const present: LogRecord[] = []
    for (let at = from; at < to; at++) {
      const record = this.counted[at] ?? null
      if (record !== null) present.push(record)
      present.push(...(this.#beside.get(at) ?? []))
    }
    return present
  }
}

/** Sets aside what cannot be turned into inserts even alone. Depends on nothing but the records, so that a repetition leaves out the same. */
export function setUnreadableAside(
  contents: SegmentContents,
  { from, to }: { readonly from: number; readonly to: number },
  handlers: ReadonlyMap<Kind, KindHandler>,
): void {
  for (let at = from; at < to; at++) {
    const record = contents.counted[at] ?? null
    if (record === null) continue
    try {
      planInserts('', [record], handlers)
    } catch (error) {
      contents.setAside(at, error)
    }
  }
}

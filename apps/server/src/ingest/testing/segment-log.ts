/** A log of segments made by hand; only what the writer uses of one. */
import type { IngestLog, Lane, LogRecord, Segment, SegmentOrigin } from '../ports.ts'

export class SegmentLog {
  readonly committed: string[] = []
  readonly buried: [token: string, reason: string][] = []
  /** Of each burial: the records that alone were buried; null: all. */
  readonly buriedParts: (readonly LogRecord[] | null)[] = []
  commitFails = 0
  readonly #queues: Record<Lane, Segment[]> = { ready: [], raw: [], low: [] }
  readonly #waiting: { lane: Lane; give: (segment: Segment | null) => void }[] = []
  #open = 0
  #sequence = 0

  add(lane: Lane, records: readonly LogRecord[], read?: () => Promise<readonly LogRecord[]>, origin: SegmentOrigin = 'new'): string {
    const sequence = ++this.#sequence
    const rows = records.reduce((sum, record) => sum + record.rows, 0)
    const token = `log-${lane}-${sequence}`
    this.#open++
    const segment = { lane, sequence, token, rows, sizeBytes: 100, origin, read: read ?? (() => Promise.resolve(records)) }
    const at = this.#waiting.findIndex((waiter) => waiter.lane === lane)
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.give(segment)
    else this.#queues[lane].push(segment)
    return token
  }

  take(lane: Lane, signal: AbortSignal): Promise<Segment | null> {
    const next = this.#queues[lane].shift()
    if (next !== undefined) return Promise.resolve(next)
    if (signal.aborted) return Promise.resolve(null)
    return new Promise((give) => {
      this.#waiting.push({ lane, give })
      signal.addEventListener('abort', () => give(null))
    })
  }

  commit(segment: Segment): Promise<void> {
    if (this.commitFails-- > 0) return Promise.reject(new Error('not now'))
    this.committed.push(segment.token)
    this.#open--
    return Promise.resolve()
  }

  bury(segment: Segment, reason: string, records?: readonly LogRecord[]): Promise<void> {
    this.buried.push([segment.token, reason])
    this.buriedParts.push(records ?? null)
    this.#open--
    return Promise.resolve()
  }

  seal(): Promise<void> {
    return Promise.resolve()
  }

  backlog(): ReturnType<IngestLog['backlog']> {
    return { segments: this.#open, records: 0, rows: 0, sizeBytes: 0, sizeBytesMax: 1, oldestMs: 0 }
  }
}

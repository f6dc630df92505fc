/**
 * Rows to durable samples: they are put together as bodies of remote write and go through the door like anybody's, so that admission, lanes,
 * limits, rules, counters and the log are the same. Where the door says "later", the writer waits: that is what holds back the sender of a file.
 */
import type { Clock } from '../../kernel/clock.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricsDoor, MetricsOutcome } from '../metrics-door.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { batchBytesMax, samplesPerBatch } from './limits.ts'
import type { SeriesRow } from './rows.ts'

const protocolName = 'import'
const retryAfterSecDefault = 1

/** What became of a batch, and the lines it came from. */
export interface WrittenBatch {
  readonly samples: number
  readonly firstLine: number
  readonly lastLine: number
  readonly outcome: MetricsOutcome
}

export interface SampleWriterDeps {
  readonly door: Pick<MetricsDoor, 'admit' | 'ingest' | 'intake'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly tenant: Tenant
  /** Ends waiting. */
  readonly signal: AbortSignal
  readonly written: (batch: WrittenBatch) => void
}

export class SampleWriter {
  readonly #deps: SampleWriterDeps
  #body = new ProtoWriter(64 * 1024)
  #samples = 0
  #firstLine = 0
  #lastLine = 0

  constructor(deps: SampleWriterDeps) {
    this.#deps = deps
  }

  /** Resolves when there is room for more. Errors: those of the door that waiting does not mend. */
  async add(row: SeriesRow): Promise<void> {
    for (let from = 0; from < row.values.length;) {
      const to = Math.min(row.values.length, from + samplesPerBatch - this.#samples)
      if (this.#samples === 0) this.#firstLine = row.line
      this.#lastLine = row.line
      this.#write(row, from, to)
      from = to
      if (this.#samples >= samplesPerBatch || this.#body.length >= batchBytesMax) await this.flush()
    }
  }

  /** Resolves when all that was added is durable. */
  async flush(): Promise<void> {
    if (this.#samples === 0) return
    const bytes = this.#body.finish()
    const batch = { samples: this.#samples, firstLine: this.#firstLine, lastLine: this.#lastLine }
    this.#body = new ProtoWriter(bytes.byteLength)
    this.#samples = 0
    const outcome = await this.#ingest(bytes)
    if (outcome !== null) this.#deps.written({ ...batch, outcome })
  }

  #write({ labels, timesMs, values }: SeriesRow, from: number, to: number): void {
    this.#body.messageField(1, (series) => {
      for (const [name, value] of labels) series.messageField(1, (label) => void label.stringField(1, name).stringField(2, value))
      for (let at = from; at < to; at++) {
        series.messageField(2, (sample) => void sample.doubleField(1, values[at] ?? 0).varintField(2, timesMs[at] ?? 0))
      }
    })
    this.#samples += to - from
  }

  /** Null when the import ended while it waited. */
  async #ingest(bytes: Uint8Array): Promise<MetricsOutcome | null> {
    const { door, clock, tenant, signal } = this.#deps
    while (!signal.aborted) {
      try {
        const { lane } = door.admit({ kind: 'metrics', key: null, tenant, remoteAddress: '', sizeBytes: bytes.byteLength })
        using lease = door.intake.open(tenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: false })
        lease.hold(bytes.byteLength)
        return await door.ingest({ tenant, lane, protocolName, format: 'remoteWrite1', encoding: 'identity', bytes, lease })
      } catch (error) {
        if (!isAppError(error) || (error.kind !== 'limit' && error.kind !== 'unavailable')) throw error
        await clock.sleep(1000 * (error.retryAfterSec ?? retryAfterSecDefault), signal)
      }
    }
    return null
  }
}

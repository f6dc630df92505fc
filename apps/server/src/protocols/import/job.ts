/** One import: the parts of a file go in, rows are read from it as it comes, and their samples through the door. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { csvRows } from './csv-rows.ts'
import { importMapping, importOffset } from './errors.ts'
import { jsonRows } from './json-rows.ts'
import { importIdleMsMax, refusedRowsMax, rowsAtOnceMax } from './limits.ts'
import type { TimeBounds } from './mapped-row.ts'
import type { ImportBody, ImportOptions, ImportPart, ImportState, ImportStatus, FoundMapping, RefusedRow } from './ports.ts'
import type { ImportRow, RowReader } from './rows.ts'
import { SampleWriter, type WrittenBatch } from './sample-writer.ts'

export interface ImportJobDeps {
  readonly door: Pick<MetricsDoor, 'admit' | 'ingest' | 'intake' | 'limits' | 'nowMs'>
  readonly clock: Clock
}

/** The reader for a format. */
export function readRows({ format, mapping }: ImportOptions, body: AsyncIterable<Uint8Array>, bounds: TimeBounds): RowReader {
  return format === 'csv' ? csvRows(body, mapping, bounds) : jsonRows(body, mapping, bounds)
}

export class ImportJob {
  readonly id: string
  readonly tenant: Tenant
  readonly #options: ImportOptions
  readonly #deps: ImportJobDeps
  readonly #input = new PassThrough()
  readonly #stop = new AbortController()
  readonly #finished: Promise<void>
  readonly #refused = new Map<string, number>()
  readonly #refusedRows: RefusedRow[] = []
  readonly #startedAtMs: number
  #reader: RowReader | null = null
  #state: ImportState = 'running'
  #failure: string | null = null
  #endedAtMs: number | null = null
  #receivedBytes = 0
  #samples = 0
  #stored = 0
  #duplicates = 0
  #mapping: FoundMapping | null = null
  #isReceiving = false
  #idle: Disposable | null = null
  #idleSinceMs = 0

  constructor(id: string, tenant: Tenant, of: { readonly options: ImportOptions; readonly deps: ImportJobDeps }) {
    this.id = id
    this.tenant = tenant
    this.#options = of.options
    this.#deps = of.deps
    this.#startedAtMs = of.deps.clock.nowMs()
    this.#input.on('error', () => undefined)
    this.#finished = this.#run()
    this.#waitForMore()
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** How long it has waited for its next part. */
  get idleMs(): number {
    return this.#isReceiving ? 0 : this.#deps.clock.monotonicMs() - this.#idleSinceMs
  }

  get startedAtMs(): number {
    return this.#startedAtMs
  }

  status(): ImportStatus {
    const { format, fileName, sizeBytes } = this.#options
    return {
      id: this.id,
      state: this.#state,
      format,
      fileName,
      sizeBytes,
      receivedBytes: this.#receivedBytes,
      lines: this.#reader?.lines() ?? 0,
      samples: this.#samples,
      stored: this.#stored,
      duplicates: this.#duplicates,
      refused: Object.fromEntries(this.#refused),
      refusedRows: [...this.#refusedRows],
      mapping: this.#mapping,
      startedAtMs: this.#startedAtMs,
      endedAtMs: this.#endedAtMs,
      failure: this.#failure,
    }
  }

  /** As `Imports.send`. What comes for a job that is over is read and thrown away, so that its sender gets the answer. */
  async send({ offset, hasMore }: ImportPart, body: ImportBody): Promise<ImportStatus> {
    if (this.isRunning && (this.#isReceiving || offset !== this.#receivedBytes)) {
      const publicText = this.#isReceiving
        ? 'Another part of this import is being received.'
        : `The part begins at ${offset}; ${this.#receivedBytes} bytes are here.`
      throw new AppError(importOffset, { publicText })
    }
    this.#isReceiving = true
    this.#idle?.[Symbol.dispose]()
    try {
      for await (const chunk of body) await this.#take(chunk)
      if (!hasMore && this.isRunning) {
        this.#input.end()
        await this.#finished
      }
    } finally {
      this.#isReceiving = false
      this.#waitForMore()
    }
    return this.status()
  }

  /** Ends it; what is stored stays. Does nothing to an import that is over. */
  end(state: 'cancelled' | 'interrupted', failure: string | null = null): void {
    if (!this.isRunning) return
    this.#settle(state, failure)
    this.#stop.abort()
    this.#input.destroy()
  }

  async #take(chunk: Uint8Array): Promise<void> {
    if (!this.isRunning) return
    this.#receivedBytes += chunk.byteLength
    if (this.#input.write(chunk)) return
    const { signal } = this.#stop
    // Whichever comes first; the end of the job leaves nobody waiting.
    await Promise.race([once(this.#input, 'drain', { signal }), this.#finished]).catch(() => undefined)
  }

  /** A file whose sender has gone is not waited for without end. */
  #waitForMore(): void {
    if (this.isRunning) {
      this.#idleSinceMs = this.#deps.clock.monotonicMs()
      this.#idle = this.#deps.clock.after(importIdleMsMax, () => this.end('interrupted', 'Nothing more of the file came for ten minutes.'))
    }
  }

  async #run(): Promise<void> {
    const { door, clock } = this.#deps
    const { signal } = this.#stop
    const writer = new SampleWriter({ door, clock, tenant: this.tenant, signal, written: (batch) => this.#written(batch) })
    try {
      const bounds = { minMs: door.limits.timestampMinMs, maxMs: door.nowMs + door.limits.timestampAheadMsMax }
      this.#reader = readRows(this.#options, plainOf(this.#input, this.#options.isGzipped), bounds)
      let rows = 0
      for await (const row of this.#reader.rows) {
        if (signal.aborted) return
        if (++rows % rowsAtOnceMax === 0) await new Promise((resolve) => setImmediate(resolve))
        await this.#row(row, writer)
      }
      await writer.flush()
      this.#settle('done')
    } catch (error) {
      if (signal.aborted) return
      if (!isAppError(error)) throw error
      // Good rows before the one that cannot be read are kept, as everywhere.
      await writer.flush().catch(() => undefined)
      this.#settle('failed', error.publicText)
      this.#stop.abort()
      this.#input.destroy()
    }
  }

  async #row(row: ImportRow, writer: SampleWriter): Promise<void> {
    if (row.kind === 'mapping') this.#mapping = row.mapping
    else if (row.kind === 'refused') this.#refuse(row, 1)
    else if (row.kind === 'samples') {
      this.#samples += row.values.length
      await writer.add(row)
    }
  }

  #written({ samples, firstLine, lastLine, outcome }: WrittenBatch): void {
    const { pointsRefused, refused, examples, duplicates, dropped } = outcome
    let left = samples - pointsRefused - duplicates
    this.#duplicates += duplicates
    for (const [reason, points] of dropped) {
      left -= points
      this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + points)
    }
    this.#stored += Math.max(left, 0)
    for (const [reason, points] of refused) {
      const text = `${points} samples of lines ${firstLine} to ${lastLine}: ${examples[0] ?? reason}`
      this.#refuse({ line: firstLine, reason, text }, points)
    }
  }

  #refuse({ line, reason, text }: RefusedRow, count: number): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + count)
    if (this.#refusedRows.length < refusedRowsMax) this.#refusedRows.push({ line, reason, text })
  }

  #settle(state: ImportState, failure: string | null = null): void {
    if (!this.isRunning) return
    this.#state = state
    this.#failure = failure
    this.#endedAtMs = this.#deps.clock.nowMs()
    this.#idle?.[Symbol.dispose]()
  }
}

/** The bytes of the file, unpacked. Errors while reading: `import.mapping` for damaged gzip. */
export async function* plainOf(body: AsyncIterable<Uint8Array>, isGzipped: boolean): AsyncGenerator<Uint8Array> {
  if (!isGzipped) {
    yield* body
    return
  }
  const gunzip = createGunzip()
  const fed = feed(gunzip, body)
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
    await fed
  } catch (cause) {
    if (isAppError(cause)) throw cause
    throw new AppError(importMapping, { publicText: 'The file cannot be unpacked as gzip.', cause })
  } finally {
    gunzip.destroy()
    await fed.catch(() => undefined)
  }
}

async function feed(gunzip: ReturnType<typeof createGunzip>, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (gunzip.destroyed) return
      if (!gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain'), once(gunzip, 'close')]).catch(() => undefined)
    }
    gunzip.end()
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/** The metrics collector: takes values at once, sends them in batches, one batch at a time. */
import { newBatchId, ObservationBuffer, type Batch } from './buffer.ts'
import { herePlatform, type Platform } from './platform.ts'
import { readMetrics } from './reading.ts'
import { BatchSender, mayOutliveThePage } from './sender.ts'
import type { CollectorStats, MetricSeries, MetricsCollector, MetricsCollectorOptions, Observation, Tags, TimeRange } from './types.ts'

/** As many as the server takes in one batch. */
const batchItemsMax = 10_000
/** Less than the ten minutes for which the server knows a batch, or a batch whose answer was lost would count twice. */
const giveUpMsDefault = 540_000

class BufferedCollector implements MetricsCollector {
  readonly #options: MetricsCollectorOptions
  readonly #platform: Platform
  readonly #address: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #buffer: ObservationBuffer
  readonly #sender: BatchSender
  readonly #stop = new AbortController()
  readonly #batchSize: number
  readonly #stopListening: () => void
  #cancelTimer: (() => void) | null = null
  #sending: Promise<void> | null = null
  #underWay: Batch | null = null
  #accepted = 0
  #refused = 0
  #dropped = 0
  #isClosed = false

  constructor(options: MetricsCollectorOptions, platform: Platform) {
    this.#options = options
    this.#platform = platform
    this.#batchSize = Math.min(options.batchSize ?? 1000, batchItemsMax)
    this.#address = `${options.url.replace(/\/+$/, '')}/api/0/projects/${encodeURIComponent(String(options.project))}/metrics`
    this.#headers = {
      ...(options.key === undefined ? {} : { 'x-bellwether-key': options.key }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    }
    this.#buffer = new ObservationBuffer(options.bufferMax ?? 50_000, options.tags ?? {})
    this.#sender = new BatchSender(
      {
        address: this.#address,
        headers: this.#headers,
        timeoutMs: options.timeoutMs ?? 10_000,
        retryFirstMs: options.retryFirstMs ?? 500,
        retryMaxMs: options.retryMaxMs ?? 30_000,
        giveUpMs: options.giveUpMs ?? giveUpMsDefault,
        onError: (error) => options.onError?.(error),
      },
      platform,
    )
    const flushesOnExit = options.flushOnExit ?? platform.isBrowser
    this.#stopListening = flushesOnExit ? platform.onExit((isFinal) => this.#leave(isFinal)) : () => undefined
  }

  recordMetric(name: string, value: number | string, tags?: Tags): boolean {
    return this.record(tags === undefined ? { name, value } : { name, value, tags })
  }

  record(observation: Observation): boolean {
    if (this.#isClosed || !this.#buffer.add(observation, this.#underWay?.values ?? 0)) {
      this.#dropped++
      return false
    }
    if (this.#buffer.size >= this.#batchSize) void this.#start()
    else this.#schedule()
    return true
  }

  getMetrics(name: string, timeRange: TimeRange, tags: Readonly<Record<string, string>> = {}): Promise<MetricSeries[]> {
    const options = { address: this.#address, headers: this.#headers, timeoutMs: this.#options.timeoutMs ?? 10_000 }
    return readMetrics(options, this.#platform, { name, timeRange, tags })
  }

  async flush(): Promise<void> {
    // What was recorded before may be in the batch under way and in those after it.
    let left = this.#buffer.size + (this.#underWay?.values ?? 0)
    while (left > 0) {
      const before = this.#settled()
      await this.#start()
      const settled = this.#settled() - before
      left = settled === 0 ? 0 : left - settled
    }
  }

  stats(): CollectorStats {
    const buffered = this.#buffer.size + (this.#underWay?.values ?? 0)
    return { buffered, accepted: this.#accepted, refused: this.#refused, dropped: this.#dropped }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopListening()
    await this.#end()
  }

  /** The last flush, with an end: what is not answered in time is given up. */
  async #end(): Promise<void> {
    const cancel = this.#platform.after(this.#options.closeMs ?? 5000, () => this.#stop.abort())
    const release = this.#platform.hold()
    try {
      await this.flush()
    } finally {
      cancel()
      release()
      this.#cancelTimer?.()
    }
  }

  #settled(): number {
    return this.#accepted + this.#refused + this.#dropped
  }

  #schedule(): void {
    if (this.#cancelTimer !== null || this.#sending !== null) return
    this.#cancelTimer = this.#platform.after(this.#options.intervalMs ?? 5000, () => {
      this.#cancelTimer = null
      void this.#start()
    })
  }

  /** Sends a batch, and goes on while there is a whole one; resolves when the first of them has settled. */
  #start(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#sending ??= this.#sendOne().finally(() => {
      this.#sending = null
      if (this.#buffer.size >= this.#batchSize) void this.#start()
      else if (this.#buffer.size > 0) this.#schedule()
    })
    return this.#sending
  }

  async #sendOne(): Promise<void> {
    const batch = this.#buffer.take(this.#batchSize, newBatchId())
    if (batch === null) return
    this.#underWay = batch
    const outcome = await this.#sender.send(batch, this.#stop.signal)
    this.#underWay = null
    if (outcome.type === 'lost') {
      this.#dropped += batch.values
      this.#options.onError?.(outcome.error)
      return
    }
    this.#accepted += outcome.accepted
    this.#refused += outcome.refused
    // A server that says less than was sent has lost the rest.
    this.#dropped += Math.max(0, batch.values - outcome.accepted - outcome.refused)
    if (outcome.refused > 0) this.#options.onRefused?.(named(outcome.refusals, batch))
  }

  /**
   * The end of the page or program, or of a page perhaps. A page has no time for answers: what is left goes to the browser in pieces that it
   * still takes; the batch under way goes once more with its id, so that it counts once. What it does not take stays, unless this is the end.
   */
  async #leave(isFinal: boolean): Promise<void> {
    const { beacon } = this.#platform
    if (beacon === null) return await this.#end()
    if (this.#underWay !== null) this.#isHanded(this.#underWay, beacon)
    this.#handAll(beacon)
    if (!isFinal) return
    this.#dropped += this.#buffer.take(Infinity, '')?.values ?? 0
  }

  /** In pieces that get smaller where one is not taken, down to a size that says that there is no room left. */
  #handAll(beacon: Beacon): void {
    for (let valuesMax = beaconValuesMax; valuesMax >= 1;) {
      const piece = this.#buffer.take(valuesMax, newBatchId())
      if (piece === null) return
      if (this.#isHanded(piece, beacon)) this.#accepted += piece.values
      else {
        this.#buffer.putBack(piece)
        valuesMax = Math.floor(valuesMax / 2)
      }
    }
  }

  #isHanded(piece: Batch, beacon: Beacon): boolean {
    const body = JSON.stringify(piece.items)
    const query = new URLSearchParams({ batch: piece.id, ...(this.#options.key === undefined ? {} : { key: this.#options.key }) })
    return mayOutliveThePage(body) && beacon(`${this.#address}?${query.toString()}`, body)
  }
}

type Beacon = NonNullable<Platform['beacon']>

/** Values of one piece that a page hands over when it is left. */
const beaconValuesMax = 500

function named(refusals: readonly { index?: number; name: string; reason: string; message: string }[], batch: Batch): typeof refusals {
  return refusals.map((refusal) => ({ ...refusal, name: batch.items[refusal.index ?? -1]?.name ?? '' }))
}

/** A collector of one project. Close it at the end, or let it flush on exit. */
export function createMetricsCollector(options: MetricsCollectorOptions, platform: Platform = herePlatform()): MetricsCollector {
  return new BufferedCollector(options, platform)
}

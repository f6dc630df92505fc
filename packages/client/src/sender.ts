/** Sends one batch until it is answered: repeats what may succeed later, with pauses that grow and are left to chance. */
import type { Batch } from './buffer.ts'
import type { Platform } from './platform.ts'
import type { MetricsCollectorOptions, Refusal } from './types.ts'

/** What became of a batch. */
export type SendOutcome =
  | { readonly type: 'answered'; readonly accepted: number; readonly refused: number; readonly refusals: readonly Refusal[] }
  /** The server will never take it, or could not be reached for too long. */
  | { readonly type: 'lost'; readonly error: Error }

interface Again {
  readonly type: 'again'
  readonly error: Error
  readonly afterMs: number | null
  /** False: the request failed, or was never made. */
  readonly wasAnswered: boolean
}

type Attempt = SendOutcome | Again

export interface SenderOptions {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly retryFirstMs: number
  readonly retryMaxMs: number
  readonly giveUpMs: number
  readonly onError: NonNullable<MetricsCollectorOptions['onError']>
}

/** A body of this size may still be sent by a page that is being left (browsers allow 64 KiB in all). */
const keepaliveBytesMax = 60_000

/** Whether a page that is being left may still send the body: by its bytes in UTF-8, of which a text has up to three a unit. */
export function mayOutliveThePage(body: string): boolean {
  return body.length <= keepaliveBytesMax && new TextEncoder().encode(body).byteLength <= keepaliveBytesMax
}

export class BatchSender {
  readonly #options: SenderOptions
  readonly #platform: Platform

  constructor(options: SenderOptions, platform: Platform) {
    this.#options = options
    this.#platform = platform
  }

  async send(batch: Batch, stop: AbortSignal): Promise<SendOutcome> {
    const { giveUpMs, onError } = this.#options
    const startedMs = this.#platform.nowMs()
    const body = JSON.stringify(batch.items)
    if (stop.aborted) return { type: 'lost', error: new Error('the collector is closed') }
    // The browser's room for these is shared; what it will not take so it takes otherwise.
    let isKeptAlive = this.#platform.isBrowser && mayOutliveThePage(body)
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(batch.id, body, isKeptAlive)
      if (outcome.type !== 'again') return outcome
      onError(outcome.error)
      isKeptAlive &&= outcome.wasAnswered
      const pauseMs = outcome.afterMs ?? this.#pauseMs(attempt)
      const isLate = this.#platform.nowMs() + pauseMs - startedMs > giveUpMs
      if (isLate || stop.aborted || !(await this.#pause(pauseMs, stop))) return { type: 'lost', error: outcome.error }
    }
  }

  /** Between half of the pause and all of it, so that many senders do not come back at once. */
  #pauseMs(attempt: number): number {
    const { retryFirstMs, retryMaxMs } = this.#options
    const wholeMs = Math.min(retryFirstMs * 2 ** Math.min(attempt, 30), retryMaxMs)
    return wholeMs * (0.5 + this.#platform.random() / 2)
  }

  /** False when it was stopped. */
  #pause(delayMs: number, stop: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isOver: boolean) => (): void => {
        cancel()
        stop.removeEventListener('abort', stopped)
        resolve(isOver)
      }
      const stopped = end(false)
      const cancel = this.#platform.after(delayMs, end(true))
      stop.addEventListener('abort', stopped)
    })
  }

  async #attempt(id: string, body: string, isKeptAlive: boolean): Promise<Attempt> {
    const { address, headers, timeoutMs } = this.#options
    try {
      const response = await this.#platform.fetch(address, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'x-bellwether-batch-id': id },
        body,
        signal: AbortSignal.timeout(timeoutMs),
        credentials: 'omit',
        // A page that is left does not break it off.
        keepalive: isKeptAlive,
      })
      return await readAnswer(response)
    } catch (error) {
      return { type: 'again', error: error instanceof Error ? error : new Error(String(error)), afterMs: null, wasAnswered: false }
    }
  }
}

async function readAnswer(response: Response): Promise<Attempt> {
  const text = await response.text()
  const answer = parsed(text)
  if (response.ok) {
    const refusals = Array.isArray(answer['refusals']) ? answer['refusals'].map(refusalOf) : []
    return { type: 'answered', accepted: Number(answer['accepted'] ?? 0), refused: Number(answer['refused'] ?? 0), refusals }
  }
  const error = new Error(`Bellwether answered ${response.status}: ${messageOf(answer) ?? text.slice(0, 200)}`)
  // Too many requests, a timeout of a proxy, and everything that is the server's own trouble may pass.
  const mayPass = response.status === 429 || response.status === 408 || response.status >= 500
  return mayPass ? { type: 'again', error, afterMs: retryAfterMs(response), wasAnswered: true } : { type: 'lost', error }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function messageOf(answer: Record<string, unknown>): string | null {
  const { error } = answer
  return isRecord(error) && typeof error['message'] === 'string' ? error['message'] : null
}

function refusalOf(refusal: unknown): Refusal & { readonly index: number } {
  const found = isRecord(refusal) ? refusal : {}
  const { index, reason, message } = found
  return { index: Number(index), name: '', reason: String(reason), message: String(message) }
}

/** Seconds, as our server says it. */
function retryAfterMs({ headers }: Response): number | null {
  const seconds = Number(headers.get('retry-after') ?? NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, 300_000) : null
}

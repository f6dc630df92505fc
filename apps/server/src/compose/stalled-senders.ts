/**
 * Ends connections whose sender has begun a request and sends nothing more. Node itself bounds the time for headers and for a whole
 * request; the second must be long enough for a large body on a slow line, and a sender that has gone holds memory until then.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../kernel/clock.ts'

interface Progress {
  bytesRead: number
  sinceMs: number
}

export class StalledSenders implements Disposable {
  readonly #pauseMsMax: number
  readonly #clock: Clock
  readonly #bodies = new Map<IncomingMessage, Progress>()
  readonly #timer: Disposable

  /** Looked for every `lookEveryMs`, so an end comes at most that much after `pauseMsMax`. */
  constructor(bounds: { pauseMsMax: number; lookEveryMs: number }, clock: Clock) {
    this.#pauseMsMax = bounds.pauseMsMax
    this.#clock = clock
    this.#timer = clock.every(bounds.lookEveryMs, () => this.#look())
  }

  /** To be called when the headers are there. Does nothing for a request without a body. */
  follow(request: IncomingMessage): void {
    const { headers, socket } = request
    if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return
    this.#bodies.set(request, { bytesRead: socket.bytesRead, sinceMs: this.#clock.monotonicMs() })
    request.once('close', () => this.#bodies.delete(request))
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
    this.#bodies.clear()
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [request, progress] of this.#bodies) {
      const { bytesRead } = request.socket
      if (request.complete) this.#bodies.delete(request)
      // What has come and was not read yet waits for us, not for the sender.
      else if (bytesRead !== progress.bytesRead || request.readableLength > 0) Object.assign(progress, { bytesRead, sinceMs: nowMs })
      else if (nowMs - progress.sinceMs >= this.#pauseMsMax) request.socket.destroy()
    }
  }
}

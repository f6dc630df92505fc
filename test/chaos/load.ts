/**
 * Load that remembers: senders of remote write and OTLP (samples, logs, spans), each with one request under way and no pause, that note what became of
 * every request. Nothing is sent twice, so that whatever is found twice was doubled by the program.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/wait.ts'
import { loadBody, loadProtocols, type LoadProtocol } from './load-bodies.ts'

/** `unanswered`: sent, and the connection broke or nothing came in time; all of it is there, or nothing. */
export type Fate = 'acknowledged' | 'refused' | 'unanswered'

export interface SentRequest {
  readonly sequence: number
  fate: Fate
}

/** By time (ms), which no two requests of a sender share. */
export type SentByTime = ReadonlyMap<number, SentRequest>

export interface Target {
  readonly url: string
  readonly ingestKey: string
}

const answerTimeoutMs = 10_000
/** After an answer that was none: a real sender waits longer; this one wants to know. */
const pauseMs = 20
/** Each sender counts from its own number on, so that a value alone tells whose it is. */
const sequencesPerSender = 1_000_000

let sendersEver = 0

export class Load {
  readonly slots: number
  /** By the sender's number, unique in this process. */
  readonly sent = new Map<number, Map<number, SentRequest>>()
  readonly protocols = new Map<number, LoadProtocol>()
  /** Where to; null while there is nothing to send to. */
  target: Target | null
  readonly #byStatus = new Map<number, number>()
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []
  #acknowledged = 0
  #underWay = 0

  constructor(target: Target, options: { senders: Readonly<Partial<Record<LoadProtocol, number>>>; slots: number }) {
    this.target = target
    this.slots = options.slots
    for (const protocol of loadProtocols) {
      for (let each = 0; each < (options.senders[protocol] ?? 0); each++) this.#running.push(this.#send(protocol, sendersEver++))
    }
  }

  /** Requests acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** How many requests were answered with each status; 0: not answered. */
  get byStatus(): ReadonlyMap<number, number> {
    return this.#byStatus
  }

  /** Requests that wait for their answer. */
  get underWay(): number {
    return this.#underWay
  }

  /** Resolves when so many more requests were acknowledged. */
  async goesOn(requests: number, timeoutMs = 30_000): Promise<void> {
    const wanted = this.#acknowledged + requests
    await until(`${requests} more acknowledged requests`, () => this.#acknowledged >= wanted, timeoutMs)
  }

  /** Resolves when every sender has ended its last request. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async #send(protocol: LoadProtocol, sender: number): Promise<void> {
    const body = loadBody(protocol, sender, this.slots)
    const sent = new Map<number, SentRequest>()
    this.sent.set(sender, sent)
    this.protocols.set(sender, protocol)
    let lastMs = 0
    for (let sequence = sender * sequencesPerSender; !this.#stop.signal.aborted; sequence++) {
      const { target } = this
      if (target === null) {
        await sleep(pauseMs)
        continue
      }
      const timeMs = Math.max(Date.now(), lastMs + 1)
      lastMs = timeMs
      const request: SentRequest = { sequence, fate: 'unanswered' }
      sent.set(timeMs, request)
      this.#underWay++
      const status = await post(target, body.path, body.headers, body.stamp(timeMs, sequence))
      this.#underWay--
      this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1)
      if (status === 200 || status === 204) {
        request.fate = 'acknowledged'
        this.#acknowledged++
        continue
      }
      if (status !== 0) request.fate = 'refused'
      await sleep(pauseMs)
    }
  }
}

/** The status of the answer, or 0 when there was none. */
async function post(
  target: Target,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Promise<number> {
  try {
    const response = await fetch(new URL(path, target.url), {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${target.ingestKey}` },
      body,
      signal: AbortSignal.timeout(answerTimeoutMs),
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

/**
 * Senders as they should be: each sends a body again until it is acknowledged, and only then the next. They remember what was
 * acknowledged, to be counted by value afterwards, and every other answer that they got.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/wait.ts'
import { remoteWrite1 } from '../../apps/server/src/protocols/testing/remote-write-bodies.ts'

export const steadyMetric = 'steady_samples'
export const slotsPerBody = 100

/** Time (ms) → value that every slot of the sender has then. */
export type Acknowledged = Map<number, number>

export interface Refusal {
  readonly sender: string
  /** 0: no answer. */
  readonly status: number
  readonly retryAfter: string | null
  readonly atMs: number
  readonly text: string
}

export interface Target {
  readonly url: string
  readonly ingestKey: string
}

type Send = (target: Target, sender: string, timeMs: number, value: number) => Promise<Response>

/** Sooner than they are told, so that the test sees how soon the program takes data again. */
const againMs = 200
const pauseMs = 5

export class PatientSenders {
  readonly acknowledged = new Map<string, Acknowledged>()
  /** Every answer that was not an acknowledgement, oldest first. */
  readonly refusals: Refusal[] = []
  target: Target | null
  readonly #stop = new AbortController()
  #isAbandoned = false
  readonly #running: Promise<void>[] = []

  /** Two senders each of OTLP and of remote write. */
  constructor(target: Target) {
    this.target = target
    for (const [protocol, send] of protocols) for (const number of [1, 2]) this.#running.push(this.#run(`${protocol}-${number}`, send))
  }

  /** Bodies acknowledged. */
  count(): number {
    return [...this.acknowledged.values()].reduce((sum, list) => sum + list.size, 0)
  }

  /** Bodies acknowledged of each sender, to compare with later by `haveGoneOn`. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.acknowledged].map(([sender, list]) => [sender, list.size]))
  }

  /** Has every sender got so many more bodies acknowledged? */
  haveGoneOn(since: ReadonlyMap<string, number>, bodies = 1): boolean {
    return [...this.acknowledged].every(([sender, list]) => list.size >= (since.get(sender) ?? 0) + bodies)
  }

  /** Resolves when every sender was refused after this call: what was under way before has its answer. */
  async everyoneIsRefused(): Promise<void> {
    const before = this.refusals.length
    const isRefused = (sender: string): boolean => this.refusals.slice(before).filter((refusal) => refusal.sender === sender).length > 1
    await until('refusals of every sender', () => [...this.acknowledged.keys()].every(isRefused))
  }

  /** Ends when every sender has got its last body acknowledged. */
  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  /** Ends at once; bodies that were not acknowledged never are. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true
    await this.finish()
  }

  async #run(sender: string, send: Send): Promise<void> {
    const acknowledged: Acknowledged = new Map()
    this.acknowledged.set(sender, acknowledged)
    let lastMs = 0
    for (let value = 1; !this.#stop.signal.aborted; value++) {
      // No two bodies of a sender share a time, so a sample found tells which body it came with.
      const timeMs = Math.max(Date.now(), lastMs + 1)
      lastMs = timeMs
      while (!(await this.#deliver(sender, () => this.#send(send, sender, timeMs, value)))) {
        if (this.#isAbandoned) return
        await sleep(againMs)
      }
      acknowledged.set(timeMs, value)
      await sleep(pauseMs)
    }
  }

  async #send(send: Send, sender: string, timeMs: number, value: number): Promise<Response | null> {
    return this.target === null ? null : await send(this.target, sender, timeMs, value)
  }

  /** True when the body was acknowledged; it is sent again otherwise. */
  async #deliver(sender: string, send: () => Promise<Response | null>): Promise<boolean> {
    try {
      const response = await send()
      if (response === null) return false
      const text = await response.text()
      // OTLP answers a body that was taken in part with 200; nothing of these may be left out.
      if (response.ok && !text.includes('rejected')) return true
      const { status } = response
      this.refusals.push({ sender, status, retryAfter: response.headers.get('retry-after'), atMs: Date.now(), text: text.slice(0, 300) })
    } catch (error) {
      this.refusals.push({ sender, status: 0, retryAfter: null, atMs: Date.now(), text: String(error) })
    }
    return false
  }
}

const protocols: readonly (readonly [string, Send])[] = [
  ['otlp', sendOtlp],
  ['remote-write', sendRemoteWrite],
]

// oxlint-disable-next-line max-params -- a `Send`
async function sendOtlp({ url, ingestKey }: Target, sender: string, timeMs: number, value: number): Promise<Response> {
  const dataPoints = Array.from({ length: slotsPerBody }, (_, slot) => ({
    attributes: Object.entries({ sender, slot: String(slot) }).map(([key, text]) => ({ key, value: { stringValue: text } })),
    timeUnixNano: `${timeMs}000000`,
    asDouble: value,
  }))
  const metrics = [{ name: steadyMetric, gauge: { dataPoints } }]
  const body = JSON.stringify({ resourceMetrics: [{ resource: {}, scopeMetrics: [{ scope: {}, metrics }] }] })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ingestKey}` }
  return await fetch(new URL('/v1/metrics', url), { method: 'POST', headers, body })
}

// oxlint-disable-next-line max-params -- a `Send`
async function sendRemoteWrite({ url, ingestKey }: Target, sender: string, timeMs: number, value: number): Promise<Response> {
  const series = Array.from({ length: slotsPerBody }, (_, slot) => ({
    labels: Object.entries({ __name__: steadyMetric, sender, slot: String(slot) }),
    samples: [[value, timeMs] as const],
  }))
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    authorization: `Bearer ${ingestKey}`,
  }
  return await fetch(new URL('/api/v1/write', url), { method: 'POST', headers, body: new Uint8Array(snappyLiteral(remoteWrite1(series))) })
}

/** A snappy block that is one literal: the length as a varint, a tag with a length of four bytes, the bytes. */
function snappyLiteral(plain: Buffer): Buffer {
  const length: number[] = []
  for (let rest = plain.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest)
      break
    }
    length.push((rest & 0x7f) | 0x80)
  }
  const tag = Buffer.alloc(5)
  tag[0] = 63 << 2
  tag.writeUInt32LE(plain.length - 1, 1)
  return Buffer.concat([Buffer.from(length), tag, plain])
}

/**
 * One process of senders, told what to do by messages of its parent: many connections, each with series of its own and one request at a
 * time on it. Open loop: bodies go out at the rate asked for, whatever became of earlier ones; when every connection waits for an answer
 * the body is counted as held back. Closed loop (rate null): each connection sends as soon as it was answered.
 */
import { getPriority, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../peers/connection.mjs'
import { LatencyCounts } from './latency-counts.mjs'
import { liveBody } from './live-bodies.mjs'

/** The senders are elsewhere in real life: what they use here must not be taken from the program. */
const nicer = 5

const tickMs = 5
/** A sender that is told to wait waits at most this long in the closed loop. */
const retryAfterMsMax = 1000

const state = { lanes: [], perSecond: 0, due: 0, next: 0, running: false, obeys: true }
let tally = emptyTally()

function emptyTally() {
  return {
    acknowledged: 0,
    requests: 0,
    heldBack: 0,
    statuses: {},
    withoutRetryAfter: 0,
    errors: 0,
    firstError: null,
    acked: new LatencyCounts(),
    refused: new LatencyCounts(),
  }
}

class Lane {
  busy = false
  lastMs = 0
  sequence = 0
  /** `[timeMs, sequence]` of all that was acknowledged, and of all that was sent without being refused in so many words. */
  acknowledged = []
  unclear = []
  #connection
  #body

  constructor(url, body) {
    this.#connection = new Connection(url)
    this.#body = body
  }

  get body() {
    return this.#body
  }

  async send() {
    this.busy = true
    const body = this.#body
    const timeMs = Math.max(Date.now(), this.lastMs + 1)
    const sequence = ++this.sequence
    this.lastMs = timeMs
    body.stamp(timeMs, sequence)
    let waitMs = 0
    tally.requests++
    try {
      const answer = await this.#connection.send(body.path, { method: 'POST', headers: body.headers, body: body.bytes })
      waitMs = this.#note(answer, timeMs, sequence)
    } catch (error) {
      this.unclear.push([timeMs, sequence])
      tally.errors++
      tally.firstError ??= String(error)
    }
    this.busy = false
    return waitMs
  }

  /** Gives how long to wait before the next, ms. */
  #note({ status, headers, tookMs }, timeMs, sequence) {
    tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
    if (status >= 200 && status < 300) {
      tally.acknowledged += this.#body.samples
      tally.acked.add(tookMs)
      this.acknowledged.push([timeMs, sequence])
      return 0
    }
    tally.refused.add(tookMs)
    const retryAfterSec = Number(headers['retry-after'])
    if (!(retryAfterSec > 0)) tally.withoutRetryAfter++
    return Math.min(retryAfterMsMax, 1000 * (retryAfterSec || 1))
  }

  async sendInCircles() {
    while (state.running && state.perSecond === null) {
      const waitMs = await this.send()
      if (waitMs > 0) await sleep(waitMs)
    }
  }
}

function tick() {
  if (!state.running || state.perSecond === null) return
  const samples = state.lanes[0].body.samples
  const nowMs = performance.now()
  // A process that did not get the CPU does not make up for more than this.
  state.due += Math.min(0.25, (nowMs - state.tickedMs) / 1000) * (state.perSecond / samples)
  state.tickedMs = nowMs
  for (; state.due >= 1; state.due--) {
    const lane = idleLane()
    if (lane === null) tally.heldBack += samples
    else void lane.send()
  }
}

function idleLane() {
  const { lanes } = state
  for (let tried = 0; tried < lanes.length; tried++) {
    const lane = lanes[state.next]
    state.next = (state.next + 1) % lanes.length
    if (!lane.busy) return lane
  }
  return null
}

const commands = {
  open({ url, kind, connections, hosts, run, firstSender = 0 }) {
    state.lanes = Array.from(
      { length: connections },
      (_, index) => new Lane(url, liveBody(kind, { sender: firstSender + index, hosts, run })),
    )
    setInterval(tick, tickMs)
    return { series: connections * state.lanes[0].body.samples, bytes: state.lanes[0].body.bytes.length }
  },
  /** Samples a second, or null for as many as are taken. */
  rate({ perSecond }) {
    const wasClosed = state.running && state.perSecond === null
    Object.assign(state, { perSecond, due: 0, tickedMs: performance.now(), running: true })
    if (perSecond === null && !wasClosed) for (const lane of state.lanes) void lane.sendInCircles()
  },
  /** Some series end and others begin: one host of each sender, never the first, by which the ledger is checked. */
  churn({ round }) {
    for (const { body, busy } of state.lanes) if (!busy) body.replaceHost(1 + (round % (body.hosts - 1)))
  },
  /** What happened since the last call. */
  tally() {
    const result = tally
    tally = emptyTally()
    return result
  },
  async stop() {
    state.running = false
    while (state.lanes.some(({ busy }) => busy)) await sleep(10)
  },
  /** What each sender had acknowledged. */
  ledger() {
    return state.lanes.map(({ body, acknowledged, unclear }) => ({
      selector: body.selectorOf(0),
      acknowledged,
      unclear,
      samples: body.samples,
    }))
  },
}

setPriority(Math.min(19, getPriority() + nicer))
process.on('message', ({ id, command, facts }) => {
  void Promise.resolve(commands[command](facts ?? {})).then((result) => process.send({ id, result: result ?? null }))
})
process.on('disconnect', () => process.exit(0))

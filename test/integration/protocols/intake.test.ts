/** The common memory of requests, with real sockets: many large bodies that stop half-way neither fill it nor keep others out. */
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { otherTestKey, testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { otlpProtobuf } from '../../../apps/server/src/protocols/testing/otlp-bodies.ts'
import { connectRaw, exportCall, frameTypes, http2Frame } from '../../support/http2-frames.ts'
import { until } from '../../support/wait.ts'

const mib = 1024 * 1024
const inFlightBytesMax = 24 * mib
const senderCount = 1000
/** What a stopped sender has sent of its body. */
const sentBytes = 256 * 1024

/** A sender that says it has 8 MiB and stops after a part of it. */
interface StoppedSender {
  readonly socket: Socket
  /** The beginning of its answer; '' as long as there is none. */
  answer: string
}

let listening: Listening
let senders: StoppedSender[] = []
let highestBytes = 0
let looking: NodeJS.Timeout

beforeEach(async () => {
  listening = await listen({ inFlightBytesMax })
  highestBytes = 0
  const { budget } = listening.it.door.intake
  looking = setInterval(() => (highestBytes = Math.max(highestBytes, budget.takenBytes)), 1)
})

afterEach(async () => {
  clearInterval(looking)
  for (const { socket } of senders) socket.destroy()
  senders = []
  await listening[Symbol.asyncDispose]()
})

const part = Buffer.alloc(sentBytes)

function startAndStop(key: string): StoppedSender {
  const { port } = new URL(listening.httpUrl)
  const socket = connect(Number(port), '127.0.0.1')
  const sender: StoppedSender = { socket, answer: '' }
  socket.on('data', (chunk) => (sender.answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const head = ['POST /v1/metrics HTTP/1.1', 'host: test', `authorization: Bearer ${key}`, 'content-type: application/x-protobuf']
  socket.write(`${[...head, `content-length: ${8 * mib}`].join('\r\n')}\r\n\r\n`)
  socket.write(part)
  senders.push(sender)
  return sender
}

async function send(key: string): Promise<number> {
  const body = otlpProtobuf({ metrics: [{ kind: 'gauge', name: 'g', points: [{ timeMs: listening.it.nowMs, int: 1n }] }] })
  const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${key}` }
  const response = await fetch(`${listening.httpUrl}/v1/metrics`, { method: 'POST', headers, body: new Uint8Array(body) })
  await response.arrayBuffer()
  return response.status
}

describe(`${senderCount} bodies that stop half-way`, () => {
  test('stay within the bound, are told to come again, and other projects go on', async () => {
    const { budget } = listening.it.door.intake
    for (let index = 0; index < senderCount; index++) startAndStop(testKey)
    const statuses: number[] = []
    const held = (2 / 3) * inFlightBytesMax
    await until(
      'every sender to hold its part or be refused',
      async () => {
        statuses.push(await send(otherTestKey))
        const refused = senders.filter(({ answer }) => answer !== '').length
        return refused >= senderCount - Math.ceil(held / sentBytes) && budget.takenBytes > 0
      },
      180_000,
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(highestBytes).toBeLessThanOrEqual(held)
    for (const { answer } of senders.filter((sender) => sender.answer !== '')) {
      expect(answer).toMatch(/^HTTP\/1\.1 503 /)
      expect(answer).toMatch(/\r\nretry-after: \d+\r\n/i)
    }
  })

  test('give way to the next of their own project once they are silent', async () => {
    const { budget } = listening.it.door.intake
    for (let index = 0; index < 200; index++) startAndStop(testKey)
    await until('memory to be short', () => senders.filter(({ answer }) => answer.startsWith('HTTP/1.1 503')).length > 100)
    const filled = senders.filter(({ answer }) => answer === '')
    await until('room for one that sends', async () => (await send(testKey)) === 200)
    await until('a silent one to be told', () => filled.some(({ answer }) => answer.startsWith('HTTP/1.1 503')))
    expect(highestBytes).toBeLessThanOrEqual(inFlightBytesMax)
    for (const { socket } of senders) socket.destroy()
    await until('everything to be given back', () => budget.takenBytes === 0)
  })
})

function openSocket(): Socket {
  const socket = connect(Number(new URL(listening.httpUrl).port), '127.0.0.1')
  socket.on('error', () => undefined)
  senders.push({ socket, answer: '' })
  return socket
}

function gauge(name: string): Buffer {
  return otlpProtobuf({ metrics: [{ kind: 'gauge', name, points: [{ timeMs: listening.it.nowMs, int: 1n }] }] })
}

function requestOf(body: Buffer, ...headers: string[]): Buffer {
  const head = ['POST /v1/metrics HTTP/1.1', 'host: test', `authorization: Bearer ${testKey}`, 'content-type: application/x-protobuf']
  return Buffer.concat([Buffer.from([...head, ...headers, `content-length: ${body.byteLength}`, '', ''].join('\r\n')), body])
}

describe('what a sender held that has gone is given back', () => {
  test('when its body was complete and waits for its turn', async () => {
    const { budget } = listening.it.door.intake
    const { metrics } = listening.it
    for (const headers of [[], ['content-encoding: gzip']]) {
      const body = headers.length === 0 ? gauge('g') : gzipSync(gauge('g'))
      const accepted = metrics.batches
      // Nobody has a turn until the sender is gone.
      const turns = [
        await listening.it.door.intake.turn({ organizationId: 9, projectId: 9 }, 1),
        await listening.it.door.intake.turnElsewhere({ organizationId: 9, projectId: 9 }, 1),
        await listening.it.door.intake.turnElsewhere({ organizationId: 9, projectId: 9 }, 1),
      ]
      const closed = new Promise<void>((resolve) => listening.onceDisconnected(resolve))
      const socket = openSocket()
      socket.write(requestOf(body, ...headers))
      await until('the body to be there', () => budget.takenBytes >= body.byteLength)
      socket.destroy()
      await closed
      for (const turn of turns) turn[Symbol.dispose]()
      await until('the body to be stored all the same', () => metrics.batches > accepted)
      await until('everything to be given back', () => budget.takenBytes === 0)
    }
  })

  test('when its requests were sent one behind another', async () => {
    const { budget } = listening.it.door.intake
    const { metrics } = listening.it
    using turn = await listening.it.door.intake.turn({ organizationId: 9, projectId: 9 }, 1)
    const closed = new Promise<void>((resolve) => listening.onceDisconnected(resolve))
    const socket = openSocket()
    // Three that are complete and one that is not, before the first has its answer.
    const half = requestOf(Buffer.alloc(100_000)).subarray(0, 50_000)
    socket.write(Buffer.concat([requestOf(gauge('a')), requestOf(gauge('b')), requestOf(gauge('c')), half]))
    await until('all of it to be there', () => budget.takenBytes > 40_000)
    socket.destroy()
    await closed
    turn[Symbol.dispose]()
    await until('the complete ones to be stored', () => metrics.batches === 3)
    await until('everything to be given back', () => budget.takenBytes === 0)
  })
})

describe('a body in pieces of one byte', () => {
  const pieceCount = 150_000
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const usedBytes = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  /** What may be there beside the bodies: buffers of sockets, what the test itself made. */
  const otherBytesMax = 4 * mib

  test('takes no more memory than it counts: HTTP', async () => {
    const { budget } = listening.it.door.intake
    const socket = openSocket()
    const head = requestOf(Buffer.alloc(0)).toString('latin1').replace('content-length: 0', 'transfer-encoding: chunked')
    const pieces = Buffer.from('1\r\nx\r\n'.repeat(pieceCount))
    const before = usedBytes()
    socket.write(head)
    socket.write(pieces)
    await until('the pieces to be there', () => budget.takenBytes >= pieceCount)
    expect(usedBytes() - before - budget.takenBytes).toBeLessThan(otherBytesMax)
    socket.destroy()
    await until('everything to be given back', () => budget.takenBytes === 0)
  })

  test('takes no more memory than it counts: gRPC', async () => {
    const { budget } = listening.it.door.intake
    const socket = connectRaw(listening.grpcPort).resume()
    senders.push({ socket, answer: '' })
    const pieces = Buffer.alloc(pieceCount * 10, http2Frame(frameTypes.data, 0, 1, Buffer.from('x')))
    const before = usedBytes()
    socket.write(exportCall(1, { authorization: `Bearer ${testKey}` }))
    socket.write(pieces)
    await until('the pieces to be there', () => budget.takenBytes >= pieceCount)
    expect(usedBytes() - before - budget.takenBytes).toBeLessThan(otherBytesMax)
    socket.destroy()
    await until('everything to be given back', () => budget.takenBytes === 0)
  })
})

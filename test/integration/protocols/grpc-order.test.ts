/** What a hostile client of the gRPC server sends, as bytes: in an order that node:http2 by itself answers with memory it has freed. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Listening, callExport, grpcStatus, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { otlpProtobuf } from '../../../apps/server/src/protocols/testing/otlp-bodies.ts'
import { connectRaw, exportCall, frameFlags, frameTypes, framesUntilEnd, http2Frame, uint32s } from '../../support/http2-frames.ts'

let listening: Listening

beforeEach(async () => {
  listening = await listen({ inFlightBytesMax: 3_000_000 })
})

afterEach(async () => {
  await listening[Symbol.asyncDispose]()
})

const goaway = (code: number): Buffer => http2Frame(frameTypes.goaway, 0, 0, uint32s(0, code))
const data = (streamId: number, bytes: Buffer, flags = 0): Buffer => http2Frame(frameTypes.data, flags, streamId, bytes)
const reset = (streamId: number, code: number): Buffer => http2Frame(frameTypes.rstStream, 0, streamId, uint32s(code))

const elsewhere = { ':path': '/elsewhere' }
/** A message of one byte, which is no metrics; and the beginning of one of 10,000,000. */
const malformed = Buffer.from([0, 0, 0, 0, 1, 0xff])
const begun = Buffer.concat([Buffer.from([0, 0, 0x98, 0x96, 0x80]), Buffer.alloc(16_000)])

test('a call that comes with the word that no more will come is answered, and the connection ends', async () => {
  const socket = connectRaw(listening.grpcPort)
  socket.write(Buffer.concat([goaway(0), exportCall(1, elsewhere, frameFlags.endStream)]))
  const frames = await framesUntilEnd(socket)
  expect(frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type)).toContain(frameTypes.headers)
})

test('a call under way is answered after the client has said that it is the last', async () => {
  const socket = connectRaw(listening.grpcPort)
  socket.write(Buffer.concat([exportCall(1), goaway(0)]))
  socket.write(data(1, malformed, frameFlags.endStream))
  const frames = await framesUntilEnd(socket)
  expect(frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type)).toContain(frameTypes.headers)
})

test('a server that stops answers the call under way, then ends the connection', async () => {
  const socket = connectRaw(listening.grpcPort)
  socket.write(Buffer.concat([exportCall(1), data(1, malformed.subarray(0, 3))]))
  await once(socket, 'data')
  const stopped = listening[Symbol.asyncDispose]()
  // It says so before.
  await once(socket, 'data')
  socket.write(data(1, malformed.subarray(3), frameFlags.endStream))
  const frames = await framesUntilEnd(socket)
  expect(frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type)).toContain(frameTypes.headers)
  await stopped
  listening = await listen()
})

test('a connection that the client gives up with an error ends, whatever it goes on to send', async () => {
  const socket = connectRaw(listening.grpcPort)
  socket.write(Buffer.concat([exportCall(1), data(1, begun), goaway(2), data(1, begun), exportCall(3), data(3, malformed)]))
  await framesUntilEnd(socket)
  await expectToServe()
})

test('frames of all kinds in any order, by seed', async () => {
  for (let seed = 1; seed <= 200; seed += 40) {
    await Promise.all(Array.from({ length: 40 }, (_, index) => sendAnything(connectRaw(listening.grpcPort), seed + index)))
  }
  await expectToServe()
})

async function expectToServe(): Promise<void> {
  const body = otlpProtobuf({ metrics: [{ kind: 'gauge', name: 'g', points: [{ timeMs: listening.it.nowMs, int: 1n }] }] })
  expect((await callExport(listening.grpcPort, body)).error?.code ?? grpcStatus.OK).toBe(grpcStatus.OK)
}

async function sendAnything(socket: Socket, seed: number): Promise<void> {
  const under = numbersBelow(seed)
  const closed = new Promise<void>((resolve) => socket.resume().once('close', () => resolve()))
  let nextId = 1
  const frame = (): Buffer => {
    const kind = under(20)
    const someId = 1 + 2 * under((nextId + 1) / 2)
    const end = under(2)
    if (kind < 7) {
      const opened = exportCall(nextId, [{}, elsewhere, { 'grpc-encoding': 'x' }, { authorization: 'Bearer wrong' }][under(4)], end)
      nextId += 2
      return opened
    }
    if (kind < 15) return data(someId, [malformed, begun, Buffer.alloc(5), Buffer.alloc(0)][under(4)] ?? begun, end)
    if (kind < 18) return reset(someId, under(10))
    if (kind < 19) return exportCall(someId, elsewhere, frameFlags.endStream)
    return under(3) === 0 ? goaway(under(2)) : data(someId, begun)
  }
  // Each part with what came of the one before.
  for (let part = 0; part < 6 && !socket.destroyed; part++) {
    await new Promise<void>((resolve) => socket.write(Buffer.concat(Array.from({ length: 15 }, frame)), () => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.destroy()
  await closed
}

/** The same numbers for the same seed. */
function numbersBelow(seed: number): (end: number) => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
}

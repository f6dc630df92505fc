import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAppError } from '../../kernel/errors.ts'
import { dsnOfBody } from './dsn-of-body.ts'

const dsn = 'http://key@localhost/1'
const envelope = `{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","dsn":"${dsn}"}\n{"type":"event"}\n{"message":"${'x'.repeat(50_000)}"}\n`

interface Seen {
  readonly dsn: string | null
  /** Of the whole body, as a reader behind sees it. */
  readonly bodyBytes: number
}

/** What became of the next request. */
let seen: PromiseWithResolver
interface PromiseWithResolver {
  readonly promise: Promise<Seen | string>
  readonly resolve: (value: Seen | string) => void
}

function expectOne(): void {
  let resolve: (value: Seen | string) => void = () => undefined
  const promise = new Promise<Seen | string>((settle) => (resolve = settle))
  seen = { promise, resolve }
}

async function look(request: IncomingMessage): Promise<Seen> {
  const found = await dsnOfBody(request, request.headers['content-encoding'])
  // As bodies are received: by their pieces, some time later.
  await new Promise((resolve) => setImmediate(resolve))
  let bodyBytes = 0
  request.on('data', (chunk: Buffer) => (bodyBytes += chunk.byteLength))
  await once(request, 'end')
  return { dsn: found, bodyBytes }
}

const server = createServer((request, response) => {
  look(request)
    .then(seen.resolve, (error: unknown) => seen.resolve(isAppError(error) ? error.code : String(error)))
    .finally(() => response.end())
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Sends the parts one after the other, each when the one before it is on its way. */
async function send(parts: readonly (string | Buffer)[], encoding = ''): Promise<Seen | string> {
  expectOne()
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  const sizeBytes = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${sizeBytes}\r\n\r\n`)
  for (const part of parts) {
    await new Promise((resolve) => socket.write(part, resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const outcome = await seen.promise
  socket.destroy()
  return outcome
}

const bytes = Buffer.from(envelope)

test.each<[string, readonly (string | Buffer)[], string, string | null]>([
  ['at once', [envelope], '', dsn],
  ['line by line', envelope.split(/(?<=\n)/), '', dsn],
  ['a first line in three pieces', [bytes.subarray(0, 1), bytes.subarray(1, 60), bytes.subarray(60)], '', dsn],
  ['a first line alone, without its end', [`{"dsn":"${dsn}"}`], '', dsn],
  ['gzip', [zlib.gzipSync(bytes)], 'gzip', dsn],
  ['deflate', [zlib.deflateSync(bytes)], 'deflate', dsn],
  ['br', [zlib.brotliCompressSync(bytes)], 'br', dsn],
  ['no gzip', [envelope], 'gzip', null],
  ['an encoding that is not known', [envelope], 'lzma', null],
  ['no dsn', ['{}\n'], '', null],
  ['no JSON', ['x'.repeat(200_000)], '', null],
  ['a first line that is too long', [`{"x":"${'x'.repeat(40_000)}","dsn":"${dsn}"}\n`], '', null],
])('%s: the dsn is found if there is one, and the body is whole behind it', async (_, parts, encoding, wanted) => {
  expect(await send(parts, encoding)).toEqual({ dsn: wanted, bodyBytes: parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0) })
})

test('a sender that breaks off in its first line', async () => {
  expectOne()
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"dsn":')
  await once(server, 'request')
  socket.destroy()
  expect(await seen.promise).toBe('body.malformed')
})

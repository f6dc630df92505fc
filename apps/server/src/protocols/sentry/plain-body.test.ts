/** What bodies of Sentry's clients hold while they are read, and that they wait for one another. */
import Fastify from 'fastify'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { SignalIngest } from '../../signals/index.ts'
import { EventDoor } from '../event-door.ts'
import { createTestDoor, testKey, testTenant } from '../testing/door.ts'
import { PlainBody } from './plain-body.ts'
import { registerSentryRoutes } from './routes.ts'

const text = `{"message":"${'x'.repeat(100_000)}"}`
const bytesMax = 1_000_000

const bodies: [string, Uint8Array, string | undefined, boolean][] = [
  ['gzip', gzipSync(text), 'gzip', false],
  ['deflate', deflateSync(text), 'deflate', false],
  ['brotli', brotliCompressSync(text), 'br', false],
  ['zlib in base64', Buffer.from(deflateSync(text).toString('base64')), undefined, true],
]
test.each(bodies)('%s: waits for its turn, holds what it became, and lets go of it', async (_name, bytes, encoding, mayBeBase64) => {
  const { intake } = createTestDoor({ decompressedAtOnceMax: 1, turnWaitMsMax: 60_000 }).door
  using lease = intake.open(testTenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: true })
  const handled = { tenant: testTenant, lane: 'ready', lease, [Symbol.dispose]: () => undefined } as const
  const before = await intake.turnElsewhere(testTenant, 1)
  const opening = PlainBody.open(intake, handled, { bytes, encoding, mayBeBase64, bytesMax })
  expect([intake.waitingBytes, lease.heldBytes]).toEqual([bytes.byteLength, 0])
  before[Symbol.dispose]()
  const plain = await opening
  expect([plain.bytes.byteLength, lease.heldBytes]).toEqual([text.length, text.length])
  plain[Symbol.dispose]()
  plain[Symbol.dispose]()
  expect([plain.bytes.byteLength, lease.heldBytes]).toEqual([0, 0])
  using _next = await intake.turnElsewhere(testTenant, 1)
})

test('a body that becomes too large gives its turn back', async () => {
  const { intake } = createTestDoor({ decompressedAtOnceMax: 1, turnWaitMsMax: 60_000 }).door
  using lease = intake.open(testTenant, { sizeBytes: 1, isDecompressedElsewhere: true })
  const handled = { tenant: testTenant, lane: 'ready', lease, [Symbol.dispose]: () => undefined } as const
  for (let i = 0; i < 3; i++) {
    const opening = PlainBody.open(intake, handled, { bytes: gzipSync(text), encoding: 'gzip', mayBeBase64: false, bytesMax: 1000 })
    await expect(opening).rejects.toThrow('1000 bytes after decompression')
  }
  expect(lease.heldBytes).toBe(0)
})

test('an envelope over HTTP: its rows are held until they are durable, its bytes are not', async () => {
  const { door: front, conservation } = createTestDoor({ decompressedAtOnceMax: 1, turnWaitMsMax: 60_000 })
  const held: number[] = []
  const log = { append: () => Promise.resolve(void held.push(front.intake.budget.takenBytes)) }
  const ingest = new SignalIngest({ log, conservation, stages: [], observers: [] })
  const door = new EventDoor({
    front,
    decoders: {},
    batches: { prepare: () => undefined },
    logs: ingest,
    spans: ingest,
    conservation,
    log,
    sources: { note: () => undefined },
    refusedSamples: { note: () => undefined },
    clock: { nowMs: () => Date.now() },
  })
  const app = Fastify()
  await registerSentryRoutes(app, door, {
    observe: () => Promise.resolve(),
    discarded: () => Promise.resolve(),
    pseudonymOf: () => '',
    resolverOf: () => Promise.resolve((chain) => chain),
  })
  const item = `{"type":"log","item_count":1000}\n{"items":[${Array.from({ length: 1000 }, () => '{}').join(',')}]}\n`
  const padding = `{"type":"attachment","length":5000000}\n${'x'.repeat(5_000_000)}\n`
  const send = (path: string, payload: Buffer): Promise<{ statusCode: number }> =>
    app.inject({
      method: 'POST',
      url: `/api/${testTenant.projectId}/${path}/?sentry_key=${testKey}`,
      payload,
      headers: { 'content-encoding': 'gzip' },
    })
  const answers = await Promise.all(Array.from({ length: 3 }, () => send('envelope', gzipSync(`{}\n${item}${padding}`))))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
  // A row takes more than fifty bytes, twice.
  expect(Math.min(...held)).toBeGreaterThan(100_000)
  expect(Math.max(...held)).toBeLessThan(12_000_000)
  const large = await send('store', gzipSync(`{"message":"${'x'.repeat(5_000_000)}"}`))
  expect(large.statusCode).toBe(413)
  await app.close()
})

import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { hearServer } from './hearing.ts'

/** Time passes a hundred times faster. */
const hurriedClock: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs / 100, run) }

let folder: string
let path: string
let server: Server | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-hearing-'))
  path = join(folder, 'socket')
  server = null
})

afterEach(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A server that says `answers`, one for each message. */
async function serve(...answers: string[]): Promise<void> {
  const listening = createServer((socket) => {
    const left = [...answers]
    socket.on('error', () => {})
    socket.on('data', () => {
      const next = left.shift()
      if (next !== undefined) socket.write(Buffer.from(next, 'latin1'))
    })
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(path, resolve))
}

/** A socket that the system refuses. */
function refused(code: string): Socket {
  const socket = new Socket()
  process.nextTick(() => socket.destroy(Object.assign(new Error(code), { code })))
  return socket
}

const hear = (clock: Clock, open?: (path: string) => Socket): Promise<string> =>
  hearServer(path, 'someone', open === undefined ? { clock } : { clock, open })

test('a server that asks for the password is well, one that recovers says so', async () => {
  await serve('N', 'R\0\0\0\x08\0\0\0\x0a')
  expect(await hear(systemClock)).toBe('well')
  server?.close()
  rmSync(path, { force: true })
  await serve('N', 'E\0\0\0\x20SFATAL\0C57P03\0\0')
  expect(await hear(systemClock)).toBe('recovering')
})

test('nobody there is not silence; no answer in time is', async () => {
  expect(await hear(systemClock)).toBe('well')
  await serve()
  expect(await hear(hurriedClock)).toBe('silent')
})

test.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES'])('%s of our own says nothing about the server', async (code) => {
  expect(await hear(systemClock, () => refused(code))).toBe('unknown')
})

test('a full queue is tried again, and is silence only when it stays full', async () => {
  await serve('N', 'R\0\0\0\x08\0\0\0\x0a')
  let asked = 0
  expect(await hear(systemClock, (to) => (++asked < 3 ? refused('EAGAIN') : connect(to)))).toBe('well')
  expect(asked).toBe(3)
  expect(await hear(hurriedClock, () => refused('EAGAIN'))).toBe('silent')
})

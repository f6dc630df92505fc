/** The listener on real sockets: both transports, many messages in few batches, who has no project, and a log without room. */
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { until } from '../../support/wait.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { createInstruments, type Registry } from '../../../apps/server/src/kernel/instruments.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createTestDoor, testTenant } from '../../../apps/server/src/protocols/testing/door.ts'
import { createTestEvents, type TestEvents } from '../../../apps/server/src/protocols/testing/test-events.ts'
import { startSyslog, type SyslogListener } from '../../../apps/server/src/protocols/syslog/listen.ts'

const key = '0123456789abcdef0123456789abcdef'

async function listen(
  tenantOf = (): typeof testTenant | null => testTenant,
): Promise<{ events: TestEvents; listener: SyslogListener; instruments: Registry }> {
  const it = createTestDoor()
  it.nowMs = Date.now()
  const events = createTestEvents(it)
  const instruments = createInstruments()
  const options = { host: '127.0.0.1', port: 0, events: events.door, tenantOf, instruments, clock: systemClock, logger: silentLogger }
  return { events, instruments, listener: await startSyslog(options) }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return socket
}

test('datagrams and both framings of a connection', async () => {
  const { events, listener } = await listen()
  await using _ = listener
  const udp = createSocket('udp4')
  await new Promise((resolve) => udp.send('<14>1 - h udp - - - over UDP', listener.port, '127.0.0.1', resolve))
  udp.close()
  const socket = await connected(listener.port)
  const counted = '<14>1 - h tcp - - - counted\nwith a newline'
  socket.write(`<14>1 - h tcp - - - a line\n${counted.length} ${counted}`)
  socket.end('<14>1 - h tcp - - - the last, without an end')
  await until('four rows', () => events.logs.length === 4)
  expect(events.logs.map(({ body }) => body).sort()).toEqual(['a line', 'counted\nwith a newline', 'over UDP', 'the last, without an end'])
})

test('many messages become few batches, and what was gathered is stored when it stops', async () => {
  const { events, listener } = await listen()
  const socket = await connected(listener.port)
  for (let i = 0; i < 12_000; i++) socket.write(`<14>1 - h a - - - message ${i}\n`)
  socket.end()
  await until('rows', () => events.logs.length === 12_000)
  const { batches } = events
  expect(batches).toBeLessThan(50)
  expect(new Set(events.logs.map(({ body }) => body)).size).toBe(12_000)
  const last = await connected(listener.port)
  last.end('<14>1 - h a - - - the last\n')
  await once(last, 'close')
  await listener[Symbol.asyncDispose]()
  expect(events.logs.at(-1)?.body).toBe('the last')
})

test('messages without a project are dropped and counted; the key in the structured data counts', async () => {
  const it = createTestDoor()
  it.nowMs = Date.now()
  const events = createTestEvents(it)
  const instruments = createInstruments()
  await using listener = await startSyslog({
    host: '127.0.0.1',
    port: 0,
    events: events.door,
    tenantOf: (given) => (given === key ? testTenant : null),
    instruments,
    clock: systemClock,
    logger: silentLogger,
  })
  const socket = await connected(listener.port)
  socket.end(`<14>1 - h a - - - no key\n<14>1 - h a - - [bellwether key="${key}"] with a key\n`)
  await until('the row', () => events.logs.length === 1)
  expect(events.logs[0]?.body).toBe('with a key')
  expect(await instruments.metrics()).toContain('bellwether_syslog_dropped_total{reason="unowned"} 1')
})

test('messages wait while the log has no room', async () => {
  const { events, listener } = await listen()
  await using _ = listener
  events.failure = new AppError({ code: 'ingest.log_full', kind: 'unavailable', publicText: 'full' })
  const socket = await connected(listener.port)
  socket.end('<14>1 - h a - - - waits\n')
  await once(socket, 'close')
  await until('it was tried', () => events.attempts > 0)
  expect(events.logs).toEqual([])
  events.failure = null
  await until('the row', () => events.logs.length === 1)
  expect(events.logs[0]?.body).toBe('waits')
})

test('a project whose log is full takes no room from the others, over both transports', async () => {
  const stuckKey = 'f'.repeat(32)
  const stuck = { organizationId: 1, projectId: testTenant.projectId + 1 }
  const it = createTestDoor()
  it.nowMs = Date.now()
  const { door, logs } = createTestEvents(it)
  let isFull = true
  const instruments = createInstruments()
  await using listener = await startSyslog({
    host: '127.0.0.1',
    port: 0,
    events: {
      front: door.front,
      record: async (part, fill) => {
        if (isFull && part.tenant.projectId === stuck.projectId)
          throw new AppError({ code: 'ingest.log_full', kind: 'unavailable', publicText: 'full' })
        return await door.record(part, fill)
      },
    },
    tenantOf: (given) => (given === stuckKey ? stuck : testTenant),
    instruments,
    clock: systemClock,
    logger: silentLogger,
  })
  const udp = createSocket('udp4')
  const send = (text: string): Promise<unknown> => new Promise((resolve) => udp.send(text, listener.port, '127.0.0.1', resolve))
  const flood = `<14>1 - h a - - [bellwether key="${stuckKey}"] ${'x'.repeat(50_000)}`
  await until('the one has no room', async () => {
    for (let i = 0; i < 50; i++) await send(flood)
    return (await instruments.metrics()).includes('reason="queue_full"')
  })
  const bodies = (): string[] => logs.map(({ body }) => body)
  await send('<14>1 - h a - - - over UDP')
  await until('over UDP', () => bodies().includes('over UDP'))
  const socket = await connected(listener.port)
  socket.write('<14>1 - h a - - - first over TCP\n')
  await until('first over TCP', () => bodies().includes('first over TCP'))
  socket.write('<14>1 - h a - - - second over TCP\n')
  await until('second over TCP', () => bodies().includes('second over TCP'))
  // A connection of the one waits, and goes on where it was.
  const waiting = await connected(listener.port)
  waiting.write(`${flood}\n`)
  waiting.end(`<14>1 - h a - - [bellwether key="${stuckKey}"] the last\n`)
  isFull = false
  await until('the last', () => bodies().includes('the last'))
  udp.close()
  socket.destroy()
})

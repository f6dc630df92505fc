/** The sockets of syslog: UDP, a message a datagram, and TCP on the same port. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Registry } from '../../kernel/instruments.ts'
import { SyslogCollector, type SyslogCollectorDeps } from './collector.ts'
import { SyslogFraming } from './framing.ts'
import { connectionsMax, idleMs, messageBytesMax } from './limits.ts'
import { createSyslogInstruments } from './metrics.ts'

export interface SyslogOptions extends Omit<SyslogCollectorDeps, 'instruments'> {
  readonly host: string
  /** 0 takes any free one, the same for both. */
  readonly port: number
  readonly instruments: Registry
}

export interface SyslogListener extends AsyncDisposable {
  readonly port: number
}

/** Asked of the kernel; it gives what it allows. */
const receiveBufferBytes = 8 * 1024 * 1024

/** Listens. Disposing stores what came. Errors: those of binding the port. */
export async function startSyslog(options: SyslogOptions): Promise<SyslogListener> {
  const { host, logger } = options
  const instruments = createSyslogInstruments(options.instruments)
  const collector = new SyslogCollector({ ...options, instruments })
  const connections = new Set<Socket>()
  const tcp = createServer((socket) => {
    if (connections.size >= connectionsMax) {
      instruments.dropped.inc({ reason: 'too_many_connections' })
      socket.destroy()
      return
    }
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    receive(socket, collector, () => instruments.messages.inc({ transport: 'tcp' }))
  })
  tcp.listen(options.port, host)
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' })
  try {
    udp.bind({ address: host, port, exclusive: true })
    await once(udp, 'listening')
  } catch (error) {
    udp.close()
    tcp.close()
    throw error
  }
  try {
    udp.setRecvBufferSize(receiveBufferBytes)
  } catch (error) {
    logger.debug('the receive buffer stays as it is', { error: String(error) })
  }
  udp.on('error', (error) => logger.warn('the UDP socket of syslog failed', { error: error.message }))
  udp.on('message', (bytes, { address }) => {
    instruments.messages.inc({ transport: 'udp' })
    if (bytes.length === 0) return
    if (!collector.offer(bytes.subarray(0, messageBytesMax), address)) instruments.dropped.inc({ reason: 'queue_full' })
  })
  return { port, [Symbol.asyncDispose]: () => stop({ tcp, udp, connections, collector }) }
}

/** A connection that is faster than the log waits. */
function receive(socket: Socket, collector: SyslogCollector, count: () => void): void {
  const address = socket.remoteAddress ?? ''
  /** Projects of the last part that have no room for more. */
  const full = new Set<number>()
  const framing = new SyslogFraming((bytes) => {
    count()
    const projectId = collector.take(bytes, address)
    if (projectId !== null) full.add(projectId)
  })
  socket.setTimeout(idleMs, () => socket.destroy())
  // A connection that breaks: what it sent whole is here.
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    framing.push(chunk)
    if (full.size === 0) return
    const room = [...full].map((projectId) => collector.room(projectId))
    full.clear()
    socket.pause()
    void Promise.all(room).then(() => socket.resume())
  })
  socket.once('end', () => framing.end())
}

async function stop(parts: { tcp: Server; udp: UdpSocket; connections: ReadonlySet<Socket>; collector: SyslogCollector }): Promise<void> {
  const { tcp, udp, connections, collector } = parts
  const closed = Promise.all([once(tcp, 'close'), once(udp, 'close')])
  tcp.close()
  udp.close()
  for (const socket of connections) socket.destroy()
  await closed
  await collector[Symbol.asyncDispose]()
}

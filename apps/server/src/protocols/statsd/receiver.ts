/**
 * The UDP socket. Datagrams are queued as they come and decoded in short slices between other work, so that a flood costs its own lines and nobody
 * else's time. What does not fit the queue is counted; so is what the kernel had no room for, where it says so.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { StatsdDecoder } from './decoder.ts'
import { parseKernelDrops } from './kernel-drops.ts'
import type { StatsdInstruments } from './metrics.ts'
import type { StatsdProjects } from './projects.ts'

export interface StatsdReceiverOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly decoder: StatsdDecoder
  readonly projects: StatsdProjects
  readonly instruments: StatsdInstruments
  readonly clock: Clock
  readonly logger: Logger
  /** Longest time spent on datagrams between two runs of the event loop, ms. */
  readonly sliceMs: number
  readonly queueBytesMax?: number
  readonly queueDatagramsMax?: number
}

export interface StatsdReceiver extends AsyncDisposable {
  readonly port: number
  /** Resolves when all that has been received is decoded. */
  idle(): Promise<void>
}

/** Asked of the kernel; it gives what it allows (`net.core.rmem_max`). */
const receiveBufferBytes = 8 * 1024 * 1024
const defaultQueueBytesMax = 16 * 1024 * 1024
const defaultQueueDatagramsMax = 65_536
/** What a datagram takes beside its bytes. */
const datagramOverheadBytes = 256
const tellPeriodMs = 1_000
const kernelPeriodMs = 5_000

interface Datagram {
  readonly bytes: Uint8Array
  readonly address: string
}

class Receiver implements StatsdReceiver {
  readonly port: number
  readonly #options: StatsdReceiverOptions
  readonly #socket: Socket
  readonly #timers: Disposable[]
  #queue: Datagram[] = []
  /** Next of the queue. */
  #next = 0
  #queuedBytes = 0
  #isRunning = false
  #kernelDrops = 0
  #idle: (() => void)[] = []

  constructor(socket: Socket, options: StatsdReceiverOptions) {
    this.#socket = socket
    this.#options = options
    this.port = socket.address().port
    socket.on('message', (bytes, { address }) => this.#receive(bytes, address))
    socket.on('error', (error) => options.logger.warn('the UDP socket of StatsD failed', { error: error.message }))
    this.#timers = [
      options.clock.every(tellPeriodMs, () => options.projects.tell()),
      options.clock.every(kernelPeriodMs, () => void this.#askKernel()),
    ]
    void this.#askKernel()
  }

  idle(): Promise<void> {
    return this.#isRunning ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) timer[Symbol.dispose]()
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
    await this.idle()
    await this.#askKernel()
    this.#options.projects.tell()
  }

  #receive(bytes: Uint8Array, address: string): void {
    const { instruments, decoder, queueBytesMax, queueDatagramsMax } = this.#options
    instruments.datagrams.inc()
    instruments.bytes.inc(bytes.length)
    const size = bytes.length + datagramOverheadBytes
    const isFull =
      this.#queuedBytes + size > (queueBytesMax ?? defaultQueueBytesMax) ||
      this.#queue.length - this.#next >= (queueDatagramsMax ?? defaultQueueDatagramsMax)
    if (isFull) {
      instruments.dropped.inc({ reason: 'queue_full' })
      decoder.refuse(bytes, address, 'queue_full')
      return
    }
    this.#queue.push({ bytes, address })
    this.#queuedBytes += size
    if (this.#isRunning) return
    this.#isRunning = true
    setImmediate(this.#slice)
  }

  readonly #slice = (): void => {
    const { clock, decoder, sliceMs } = this.#options
    let atMs = clock.monotonicMs()
    const untilMs = atMs + sliceMs
    do {
      const datagram = this.#queue[this.#next++]
      if (datagram === undefined) break
      this.#queuedBytes -= datagram.bytes.length + datagramOverheadBytes
      const startedMs = atMs
      const project = decoder.decode(datagram.bytes, datagram.address)
      atMs = clock.monotonicMs()
      project?.spent(atMs - startedMs)
    } while (atMs < untilMs)
    if (this.#next < this.#queue.length) {
      if (this.#next > 1024) this.#compact()
      setImmediate(this.#slice)
      return
    }
    this.#queue = []
    this.#next = 0
    this.#isRunning = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #compact(): void {
    this.#queue = this.#queue.slice(this.#next)
    this.#next = 0
  }

  /** Linux counts what it dropped of each socket. */
  async #askKernel(): Promise<void> {
    const { instruments, host } = this.#options
    try {
      const drops = parseKernelDrops(await readFile(isIPv6(host) ? '/proc/net/udp6' : '/proc/net/udp', 'utf8'), this.port)
      if (drops > this.#kernelDrops) instruments.dropped.inc({ reason: 'kernel_buffer' }, drops - this.#kernelDrops)
      this.#kernelDrops = Math.max(drops, this.#kernelDrops)
    } catch {
      // Not Linux.
    }
  }
}

/** Errors: those of `bind`, e.g. EADDRINUSE. */
export async function startStatsdReceiver(options: StatsdReceiverOptions): Promise<StatsdReceiver> {
  const socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4' })
  try {
    socket.bind({ address: options.host, port: options.port, exclusive: true })
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    throw error
  }
  try {
    socket.setRecvBufferSize(receiveBufferBytes)
  } catch (error) {
    options.logger.debug('the receive buffer stays as it is', { error: String(error) })
  }
  return new Receiver(socket, options)
}

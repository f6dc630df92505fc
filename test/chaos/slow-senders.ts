/** Connections whose senders begin a request and stop: half of them within the headers, half within the body. */
import { connect, type Socket } from 'node:net'
import { until } from '../support/wait.ts'
import type { Target } from './load.ts'

const declaredBytes = 100_000
const sentBytes = 20_000

export class SlowSenders implements Disposable {
  readonly #sockets: Socket[] = []
  #open = 0

  /** Opens them and sends what they will ever send. */
  constructor(target: Target, count: number) {
    const { hostname, port } = new URL(target.url)
    const headers = [
      'POST /api/v1/write HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: Bearer ${target.ingestKey}`,
      'Content-Type: application/x-protobuf',
      `Content-Length: ${declaredBytes}`,
    ].join('\r\n')
    for (let each = 0; each < count; each++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.once('connect', () => this.#open++)
      socket.once('close', () => this.#open--)
      socket.write(each % 2 === 0 ? headers : `${headers}\r\n\r\n${'x'.repeat(sentBytes)}`)
      this.#sockets.push(socket.resume())
    }
  }

  get open(): number {
    return this.#open
  }

  async allOpen(): Promise<void> {
    await until('all slow senders to be connected', () => this.#open === this.#sockets.length)
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/**
 * Whether a PostgreSQL server hangs: it takes connections (the system does that for it) and says nothing. Asked with the smallest
 * question of the protocol, an SSLRequest, that needs no password and is answered with one byte by a server in any state
 * (PostgreSQL docs, "Message Formats").
 */
import { connect } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'

const answerMsMax = 2_000

/** Length 8, code 80877103. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Nobody listens: the server is not there, which is not silence. */
const absent = new Set(['ECONNREFUSED', 'ENOENT'])

/** True when the server at this socket gives no answer in time, or its queue of unanswered connections is full. */
export function isServerSilent(socketPath: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const deadline = clock.after(answerMsMax, () => settle(true))
    function settle(silent: boolean): void {
      deadline[Symbol.dispose]()
      socket.destroy()
      resolve(silent)
    }
    socket.on('error', (error: NodeJS.ErrnoException) => settle(!absent.has(error.code ?? '')))
    socket.once('connect', () => socket.write(sslRequest))
    socket.once('data', () => settle(false))
    socket.once('close', () => settle(false))
  })
}

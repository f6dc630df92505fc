/**
 * How a PostgreSQL server is: whether it hangs (it takes connections, which the system does for it, and says nothing), or is there and
 * recovers, which it does in the same process after one of its own ended badly. Asked as a client that goes away when it is asked
 * for its password: an SSLRequest, answered with one byte by a server in any state, then a startup message, answered with an
 * authentication request, or with error 57P03 (cannot_connect_now) by a server that recovers. PostgreSQL docs, "Message Formats".
 */
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import type { Heard } from '../supervisor/supervised-process.ts'

const answerMsMax = 2_000
/** How soon a full queue of connections is tried again. */
const retryMs = 50

/** Length 8, code 80877103. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Nobody listens: the server is not there, which is not silence. */
const absent = new Set(['ECONNREFUSED', 'ENOENT'])

/** Length, protocol 3.0, the user. */
function startupMessage(user: string): Buffer {
  const fields = Buffer.from(`user\0${user}\0\0`, 'latin1')
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + fields.length, 0)
  head.writeInt32BE(3 << 16, 4)
  return Buffer.concat([head, fields])
}

export interface HearingDeps {
  readonly clock: Clock
  /** Opens a connection to a Unix socket. */
  readonly open?: (path: string) => Socket
}

/**
 * Silent: no answer in time, or its queue of unanswered connections was full all that time. Unknown: it could not be asked, e.g. because
 * this process has no file descriptor or memory left for a socket, which says nothing about the server.
 */
export function hearServer(socketPath: string, user: string, { clock, open = connect }: HearingDeps): Promise<Heard> {
  return new Promise((resolve) => {
    let socket: Socket | null = null
    let settled = false
    let retry: Disposable | null = null
    const deadline = clock.after(answerMsMax, () => settle('silent'))
    function settle(heard: Heard): void {
      settled = true
      deadline[Symbol.dispose]()
      retry?.[Symbol.dispose]()
      socket?.destroy()
      resolve(heard)
    }
    function ask(): void {
      socket = converse(open(socketPath), user, (heard) => {
        if (settled) return
        if (heard === 'queue full') retry = clock.after(retryMs, ask)
        else settle(heard)
      })
    }
    ask()
  })
}

/** One connection. Calls `done` with what came of it, at least once if the connection ends. */
function converse(socket: Socket, user: string, done: (heard: Heard | 'queue full') => void): Socket {
  let answer = ''
  let failed = false
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failed = true
    if (answer !== '' || absent.has(error.code ?? '')) done('well')
    else done(error.code === 'EAGAIN' ? 'queue full' : 'unknown')
  })
  socket.once('connect', () => socket.write(sslRequest))
  socket.on('data', (chunk: Buffer) => {
    if (answer === '') socket.write(startupMessage(user))
    answer += chunk.toString('latin1')
    // A severity and a code end in a zero byte each; other errors (too many connections) come from a server that is well.
    if (answer.includes('C57P03\0')) done('recovering')
    else if (answer.length > 1 && !answer.startsWith('E', 1)) done('well')
  })
  socket.once('close', () => {
    if (!failed) done('well')
  })
  return socket
}

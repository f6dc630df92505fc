/**
 * Connections of node:http2, kept such that nothing a client sends makes the process touch memory that it has freed.
 *
 * node:http2 hands on what it reads from within its parser, and runs our handlers there, with the promises and ticks that they settle.
 * Closing a stream, or destroying or closing a session, makes it write at once; what it writes may end a stream whose frame the parser
 * is still at, which then goes on with freed memory (nodejs/node#39076, #64113, #64850). Node does the same by itself: on a GOAWAY, on
 * an error of the protocol, for a stream that comes after it has closed the session. So:
 * - answers and resets are sent after `afterParsing`;
 * - `destroy`, whoever calls it, happens outside the parser;
 * - `close` never reaches node, so that its sessions are never "closed" with the parser at work. We drain them instead.
 */
import type { ServerHttp2Session } from 'node:http2'

/** What a GOAWAY says that refuses nothing: sending one with a lower number ends streams at once, also the one that is being read. */
const everyStreamId = 2 ** 31 - 1

/** Resolves when no parser of node:http2 is on the stack. A promise that is settled already is not enough: those run within it. */
export function afterParsing(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export interface GuardedSession {
  /** Asks for no more calls; ends the connection when none is under way. */
  drain(): void
}

/** To be called when the session begins. */
export function guardSession(session: ServerHttp2Session): GuardedSession {
  let underWay = 0
  let isDraining = false
  const destroyNow = session.destroy.bind(session)
  session.destroy = (...reason) => void setImmediate(() => destroyNow(...reason))
  const endIfIdle = (): void =>
    void setImmediate(() => {
      // A call may have come with what said that there will be no more.
      if (isDraining && underWay === 0) destroyNow()
    })
  // By node, when the client has said that it will make no more calls, or has gone.
  session.close = () => {
    isDraining = true
    endIfIdle()
  }
  session.on('stream', (stream) => {
    underWay++
    stream.once('close', () => {
      underWay--
      endIfIdle()
    })
  })
  return {
    drain() {
      if (session.destroyed) return
      session.goaway(0, everyStreamId)
      session.close()
    },
  }
}

/**
 * When an HTTP request is over. A response's own `close` is not enough: of requests sent one behind another on a connection, only the
 * one whose turn it is to be answered hears that the connection is gone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What to call when a connection ends; one listener a connection, however many requests it brings. */
const endsBySocket = new WeakMap<Socket, Set<() => void>>()

/** Calls back once: when the answer is sent or given up, or the connection is gone; at once if it is gone already. */
export function onceOver({ socket }: IncomingMessage, response: ServerResponse, over: () => void): void {
  if (socket.closed || response.closed) return over()
  const ends = endsOf(socket)
  const end = (): void => {
    response.off('close', end)
    if (ends.delete(end)) over()
  }
  ends.add(end)
  response.once('close', end)
}

function endsOf(socket: Socket): Set<() => void> {
  const known = endsBySocket.get(socket)
  if (known !== undefined) return known
  const ends = new Set<() => void>()
  endsBySocket.set(socket, ends)
  socket.once('close', () => {
    for (const end of ends) end()
  })
  return ends
}

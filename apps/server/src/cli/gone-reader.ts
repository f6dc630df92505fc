/** What becomes of output that nobody reads any more: `bellwether config | head -1`, a terminal that was closed. */
import type { Writable } from 'node:stream'

/** The reader is gone; what is written after that finds the stream closed. */
const goneCodes: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])

/**
 * Lets a command go on to its end when the reader of its output goes away: what it has done is done, and a server does not end because someone
 * has read enough of its log. Other errors of the stream are thrown, as without this.
 */
export function outliveReader(stream: Pick<Writable, 'on'>): void {
  stream.on('error', (error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (!goneCodes.has(code)) throw error
  })
}

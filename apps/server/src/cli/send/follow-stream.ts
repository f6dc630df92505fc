/**
 * Reads a stream that has no place to come back to, as standard input: its lines as they come, joined to records. The last record is closed when
 * no line has come for a while, and at the end.
 */
import type { Clock } from '../../kernel/clock.ts'
import { type CutLine, LineCutter } from './line-cutter.ts'
import { openMs, RecordJoiner, type Multiline } from './record-joiner.ts'

export interface FollowStreamOptions {
  /** Gives buffers. */
  readonly stream: AsyncIterable<unknown>
  readonly clock: Pick<Clock, 'sleep'>
  /** Who stops it has closed the stream: what was read so far is given, and how the stream ended does not matter. */
  readonly stop: AbortSignal
  readonly multiline: Multiline
}

/** The records of a stream, never an empty list of them. Errors: those of the stream. */
export async function* followStream({ stream, clock, stop, multiline }: FollowStreamOptions): AsyncGenerator<readonly Buffer[]> {
  const [cutter, joiner] = [new LineCutter(), new RecordJoiner(multiline)]
  try {
    for await (const lines of linesAndPauses(stream, cutter, clock)) {
      const records = lines === null ? joiner.close() : joiner.add(lines)
      if (records.length > 0) yield records
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
  const rest = [...joiner.add(cutter.end()), ...joiner.close()]
  if (rest.length > 0) yield rest
}

/** The lines that end in what comes; null, once, when no line has ended for a while. What half a line brings is no line. */
async function* linesAndPauses(
  stream: AsyncIterable<unknown>,
  cutter: LineCutter,
  clock: Pick<Clock, 'sleep'>,
): AsyncGenerator<readonly CutLine[] | null> {
  const chunks = stream[Symbol.asyncIterator]()
  let next = chunks.next()
  let waiting = new AbortController()
  let pause: Promise<null> | null = null
  try {
    for (;;) {
      const got: IteratorResult<unknown> | null = await (pause === null ? next : Promise.race([next, pause]))
      if (got === null) {
        pause = null
        yield null
        continue
      }
      if (got.done === true) return
      const lines = Buffer.isBuffer(got.value) ? cutter.push(got.value) : []
      if (lines.length > 0) {
        waiting.abort()
        yield lines
        waiting = new AbortController()
        pause = clock.sleep(openMs, waiting.signal).then(() => null)
      }
      next = chunks.next()
    }
  } finally {
    waiting.abort()
  }
}

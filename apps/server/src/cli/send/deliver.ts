/** Batches of lines to a running Bellwether: again and again, ever more slowly, while it cannot be reached or has no room. */
import type { Clock } from '../../kernel/clock.ts'
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'

export const sendRefused: ErrorSpec = { code: 'send.refused', kind: 'invalid', publicText: 'Bellwether does not take the lines.' }
export const sendUnreachable: ErrorSpec = {
  code: 'send.not_reachable',
  kind: 'unavailable',
  publicText: 'No Bellwether answers.',
  hint: "Start one with 'npm start' in another terminal, or name its address with --url.",
}

export interface DeliveryOptions {
  readonly address: string
  readonly key: string | null
  readonly clock: Pick<Clock, 'sleep'>
  readonly stop: AbortSignal
  /** How often one batch is tried; infinity: until it is stopped. */
  readonly attemptsMax: number
  /** The same while nobody answers at all. */
  readonly unansweredMax: number
  complain(line: string): void
}

export interface Delivered {
  readonly accepted: number
  /** Rows by reason. */
  readonly refused: ReadonlyMap<string, number>
}

const firstWaitMs = 500
const longestWaitMs = 30_000
const answerMs = 30_000

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterSec: number
}

/** Resolves when the lines are durable, or refused for good. Errors by code: `send.refused`, `send.not_reachable` when it is given up. */
export async function deliver(lines: readonly string[], options: DeliveryOptions): Promise<Delivered> {
  const { clock, stop, attemptsMax, unansweredMax, complain } = options
  let waitMs = firstWaitMs
  for (let attempt = 1; ; attempt++) {
    const answer = await post(lines, options)
    if (typeof answer !== 'string') {
      if (answer.status === 413 && lines.length > 1) return await inHalves(lines, options)
      if (answer.status === 413) return { accepted: 0, refused: new Map([['too_large', 1]]) }
      const delivered = deliveredOf(answer, lines.length)
      if (delivered !== null) return delivered
    }
    const why = typeof answer === 'string' ? answer : `the answer was ${answer.status}`
    const triesMax = typeof answer === 'string' ? Math.min(unansweredMax, attemptsMax) : attemptsMax
    if (attempt >= triesMax || stop.aborted) throw new AppError(sendUnreachable, { publicText: `The lines could not be sent: ${why}.` })
    if (attempt === 1 || attempt % 10 === 0) complain(`cannot send now (${why}); trying again`)
    const saidMs = typeof answer === 'string' ? 0 : answer.retryAfterSec * 1000
    // Not all senders at once.
    await clock.sleep(Math.max(saidMs, waitMs * (0.75 + Math.random() / 2)), stop)
    waitMs = Math.min(waitMs * 2, longestWaitMs)
  }
}

async function inHalves(lines: readonly string[], options: DeliveryOptions): Promise<Delivered> {
  const middle = Math.ceil(lines.length / 2)
  const first = await deliver(lines.slice(0, middle), options)
  const second = await deliver(lines.slice(middle), options)
  const refused = new Map(first.refused)
  for (const [reason, rows] of second.refused) refused.set(reason, (refused.get(reason) ?? 0) + rows)
  return { accepted: first.accepted + second.accepted, refused }
}

/** Null: it may be taken later. */
function deliveredOf({ status, text }: Answer, lines: number): Delivered | null {
  if (status === 202) return { accepted: lines, refused: new Map() }
  if (status === 200 || status === 400) {
    const refused = refusedIn(text)
    if (status === 200 || refused.size > 0) return { accepted: lines - [...refused.values()].reduce((sum, rows) => sum + rows, 0), refused }
  }
  if (status === 408 || status === 429 || status >= 500) return null
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? `the answer was ${status}`
  throw new AppError(sendRefused, { publicText: said, ...(status === 401 ? { hint: 'Give the ingest key of a project with --key.' } : {}) })
}

function refusedIn(text: string): Map<string, number> {
  const found = new Map<string, number>()
  try {
    const parsed: unknown = JSON.parse(text)
    const refused: unknown = typeof parsed === 'object' && parsed !== null && 'refused' in parsed ? parsed.refused : null
    for (const [reason, rows] of Object.entries<unknown>({ ...(typeof refused === 'object' ? refused : {}) }))
      if (typeof rows === 'number' && rows > 0) found.set(reason, rows)
    return found
  } catch {
    return found
  }
}

/** A text: why there was no answer. */
async function post(lines: readonly string[], { address, key, stop }: DeliveryOptions): Promise<Answer | string> {
  try {
    const response = await fetch(`${address}/v1/logs/jsonl`, {
      method: 'POST',
      body: lines.join('\n'),
      headers: { 'content-type': 'application/x-ndjson', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      // Who stops it waits for the batch under way, but not long.
      signal: AbortSignal.timeout(stop.aborted ? 5_000 : answerMs),
    })
    return { status: response.status, text: await response.text(), retryAfterSec: Number(response.headers.get('retry-after') ?? 0) || 0 }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message || cause.name : String(cause)
  }
}

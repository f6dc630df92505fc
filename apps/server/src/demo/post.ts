/** One request to Bellwether as any sender makes it: "later" and a Bellwether that is away are waited out, a refusal is an error. */
import type { Clock } from '../kernel/clock.ts'

/** Where to, with which key, and until when. */
export interface Target {
  /** Where Bellwether listens, `http://127.0.0.1:4400`. */
  readonly url: string
  /** Null: without a key, where anonymous ingest allows it. */
  readonly ingestKey: string | null
  /** Ends the demo. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** One line for a person to read. */
  readonly log: (line: string) => void
}

export interface Body {
  readonly path: string
  readonly type: string
  readonly encoding: string | null
  readonly bytes: Buffer | string
}

interface Later {
  readonly reason: string
  readonly retryAfterMs: number | null
}

/** A sender that is told to wait waits no longer than this before it tries again. */
const retryDelayMsMax = 30_000

/** Sends until it is taken. */
export async function send(target: Target, body: Body): Promise<void> {
  const { clock, signal, log } = target
  for (let attempt = 0; !signal.aborted; attempt++) {
    const answer = await post(target, body)
    if (answer === 'taken') return
    if (attempt === 0) log(`Waiting for Bellwether: ${answer.reason}`)
    await clock.sleep(Math.min(retryDelayMsMax, answer.retryAfterMs ?? 500 * 2 ** Math.min(attempt, 6)), signal)
  }
}

async function post({ url, ingestKey, signal }: Target, body: Body): Promise<'taken' | Later> {
  const headers: Record<string, string> = { 'content-type': body.type, 'user-agent': 'bellwether-demo' }
  if (body.encoding !== null) headers['content-encoding'] = body.encoding
  if (body.encoding === 'snappy') headers['x-prometheus-remote-write-version'] = '0.1.0'
  if (ingestKey !== null) headers['authorization'] = `Bearer ${ingestKey}`
  let response: Response
  try {
    response = await fetch(new URL(body.path, url), { method: 'POST', headers, body: body.bytes, signal })
  } catch (error) {
    if (signal.aborted) return 'taken'
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return { reason: cause instanceof Error ? cause.message : 'no answer', retryAfterMs: null }
  }
  const text = await response.text().catch(() => '')
  if (response.ok) return 'taken'
  if (response.status === 429 || response.status === 503) {
    const seconds = Number(response.headers.get('retry-after') ?? 'NaN')
    return { reason: `it answers ${response.status}`, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null }
  }
  throw new Error(`Bellwether refuses the demo's data: ${response.status} ${text.slice(0, 300)}`)
}

/**
 * Sessions of programs and browsers as observations of the session metrics, and what clients report to have thrown away. Started sessions are
 * counted once (`init`), and once more with how they ended; nothing of a single one is kept.
 */
import { listOf, numberOf, objectOf, textOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import type { Discarded, SessionObservation } from './session.ts'

type Origin = Pick<SessionObservation, 'release' | 'environment'>

const counter = 'c:sessions/session@none'
const errors = 's:sessions/error@none'
const users = 's:sessions/user@none'

function originOf(json: JsonObject): Origin {
  const attrs = objectOf(json['attrs'])
  return { release: textOf(attrs['release'], 200), environment: textOf(attrs['environment'], 64) || 'production' }
}

/** An item `session`: the state of one. Without a release it says nothing. */
export function readSession(json: JsonObject): SessionObservation[] {
  const origin = originOf(json)
  const id = textOf(json['sid'], 64)
  if (origin.release === '' || id === '') return []
  const user = textOf(json['did'], 200)
  const status = textOf(json['status'], 20)
  const isBad = status === 'crashed' || status === 'abnormal'
  const hasErrors = isBad || (numberOf(json['errors']) ?? 0) > 0
  const found: SessionObservation[] = []
  if (json['init'] === true) found.push({ ...origin, metric: counter, value: 1, status: 'init' })
  if (isBad) found.push({ ...origin, metric: counter, value: 1, status })
  // A set: later updates of the same session do not count again.
  if (hasErrors) found.push({ ...origin, metric: errors, value: id, status: isBad ? status : 'errored' })
  if (user !== '') {
    found.push({ ...origin, metric: users, value: user, status: '' })
    if (hasErrors) found.push({ ...origin, metric: users, value: user, status: isBad ? status : 'errored' })
  }
  return found
}

/** An item `sessions`: sums by minute, made by servers. */
export function readSessions(json: JsonObject): SessionObservation[] {
  const origin = originOf(json)
  if (origin.release === '') return []
  const found: SessionObservation[] = []
  for (const each of listOf(json['aggregates']).slice(0, sentryLimits.sessionGroupsMax)) {
    const group = objectOf(each)
    const user = textOf(group['did'], 200)
    const of = (name: string): number => Math.max(0, Math.min(1e9, Math.floor(numberOf(group[name]) ?? 0)))
    const counts = { init: 0, crashed: of('crashed'), abnormal: of('abnormal'), errored_preaggr: 0 }
    counts.errored_preaggr = of('errored') + counts.crashed + counts.abnormal
    counts.init = of('exited') + counts.errored_preaggr
    for (const [status, value] of Object.entries(counts)) if (value > 0) found.push({ ...origin, metric: counter, value, status })
    if (user === '' || counts.init === 0) continue
    found.push({ ...origin, metric: users, value: user, status: '' })
    for (const [status, value] of [
      ['crashed', counts.crashed],
      ['abnormal', counts.abnormal],
      ['errored', of('errored')],
    ] as const)
      if (value > 0) found.push({ ...origin, metric: users, value: user, status })
  }
  return found
}

const reportLists = ['discarded_events', 'rate_limited_events', 'filtered_events', 'filtered_sampling_events'] as const

/** An item `client_report`. */
export function readClientReport(json: JsonObject): Discarded[] {
  return reportLists.flatMap((name) =>
    listOf(json[name])
      .slice(0, 100)
      .map((each) => {
        const event = objectOf(each)
        const count = Math.max(0, Math.min(1e9, Math.floor(numberOf(event['quantity']) ?? 0)))
        return { reason: textOf(event['reason'], 60) || 'unknown', category: textOf(event['category'], 60) || 'unknown', count }
      })
      .filter(({ count }) => count > 0),
  )
}

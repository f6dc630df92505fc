/**
 * DogStatsD's events (`_e{title,text}:…`) and service checks (`_sc|name|status|…`) as metrics. An event is counted, by what kind it is; its text is
 * not kept. A service check is a gauge of its status: 0 ok, 1 warning, 2 critical, 3 unknown.
 */
import type { ProtocolLimits } from '../limits.ts'
import { finished, TagLabels, type StatsdLabels } from './labels.ts'

export const eventMetric = 'statsd_events'
export const serviceCheckMetric = 'statsd_service_check'

/** What a notice becomes: an increment of one, or a gauge's value. */
export interface Notice {
  readonly found: StatsdLabels
  /** Null: count one. */
  readonly status: number | null
}

const eventHead = /^_e\{(\d{1,6}),(\d{1,6})\}:/

/** Fields of both, by the letter before the colon. */
interface Fields {
  readonly tags: TagLabels
  readonly byLetter: ReadonlyMap<string, string>
}

function fieldsOf(parts: readonly string[], limits: ProtocolLimits): Fields {
  const tags = new TagLabels(limits)
  const byLetter = new Map<string, string>()
  for (const part of parts) {
    if (part.startsWith('#')) tags.addList(part.slice(1))
    else if (part[1] === ':') byLetter.set(part[0] ?? '', part.slice(2))
  }
  return { tags, byLetter }
}

function oneOf(value: string | undefined, allowed: readonly string[]): string {
  const found = value?.toLowerCase() ?? ''
  return allowed.includes(found) ? found : (allowed[0] ?? '')
}

/** Null when it is not in order. Lengths count bytes of UTF-8. */
export function readEvent(line: string, limits: ProtocolLimits): Notice | null {
  const head = eventHead.exec(line)
  if (head === null) return null
  const body = Buffer.from(line.slice(head[0].length), 'utf8')
  const [title, text] = [Number(head[1]), Number(head[2])]
  const end = title + 1 + text
  if (title === 0 || body.length < end || body[title] !== 0x7c || (body.length > end && body[end] !== 0x7c)) return null
  const { tags, byLetter } = fieldsOf(body.toString('utf8', end + 1).split('|'), limits)
  tags.add('alert_type', oneOf(byLetter.get('t'), ['info', 'success', 'warning', 'error']))
  tags.add('priority', oneOf(byLetter.get('p'), ['normal', 'low']))
  tags.add('source', byLetter.get('s') ?? '')
  tags.add('host', byLetter.get('h') ?? '')
  return { found: finished(eventMetric, tags, limits), status: null }
}

/** Null when it is not in order. */
export function readServiceCheck(line: string, limits: ProtocolLimits): Notice | null {
  const [, name = '', status = '', ...rest] = line.split('|')
  if (name === '' || !/^[0-3]$/.test(status)) return null
  const { tags, byLetter } = fieldsOf(rest, limits)
  tags.add('check', name)
  tags.add('host', byLetter.get('h') ?? '')
  return { found: finished(serviceCheckMetric, tags, limits), status: Number(status) }
}

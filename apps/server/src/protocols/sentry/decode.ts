/**
 * An envelope, a legacy event or a browser's report into the batches of a session. An item that cannot be read is refused alone and counted; what
 * is wrong with the envelope itself refuses all of it.
 */
import type { SignalBatch } from '../../signals/index.ts'
import { EnvelopeError, isRecord, isTooMuchJson, JsonAllowance, parseEnvelope, parseJson, type EnvelopeItem } from './envelope.ts'
import { weightOf } from './event.ts'
import { idOf, listOf, objectOf, textOf, timeOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import { SentryResources, type Discarded, type SentryRules, type SentrySession, type SessionObservation } from './session.ts'
import { readClientReport, readSession, readSessions } from './sessions.ts'
import { writeCheckIn, writeErrorEvent, writeFeedback, writeSecurityReport, type EventContext, type SecurityOrigin } from './write-event.ts'
import { writeLog } from './write-logs.ts'
import { writeLoneSpan, writeSpan2, writeTransaction } from './write-spans.ts'

export interface SentryOutcome {
  /** 32 hexadecimal digits; null when nothing had an id. */
  readonly eventId: string | null
  readonly sessions: readonly SessionObservation[]
  readonly discarded: readonly Discarded[]
}

interface Collected {
  eventId: string
  readonly sessions: SessionObservation[]
  readonly discarded: Discarded[]
}

/** A clock that is wrong by less is only a slow sender, s. */
const driftSecMin = 55 * 60

/** Errors: `EnvelopeError`, when nothing of it was taken. Between two of its steps the session may go on in further batches. */
export function* decodeEnvelope(bytes: Uint8Array, session: SentrySession, rules: SentryRules): Generator<void, SentryOutcome> {
  const { header, items } = parseEnvelope(bytes)
  const { dsn } = header
  if (typeof dsn === 'string' && !rules.isOwnDsn(dsn)) throw new EnvelopeError('malformed', 'its dsn is another than that of the request')
  const drift = driftOf(header['sent_at'], session.logs.nowMs)
  const context: ItemContext = { ...contextOf(session, rules, drift), allowance: new JsonAllowance(bytes.byteLength) }
  const collected: Collected = { eventId: idOf(header['event_id'], 32), sessions: [], discarded: [] }
  for (const item of items) {
    const entries = readItem(context, item, { header, collected })
    if (entries !== null) yield* entries
    if (session.isDue()) yield
  }
  return { ...collected, eventId: collected.eventId === '' ? null : collected.eventId }
}

/** One event as `/store/` takes it. Errors: `EnvelopeError`. */
export function decodeStoreEvent(bytes: Uint8Array, session: SentrySession, rules: SentryRules): SentryOutcome {
  const json = boundedJson(bytes, sentryLimits.eventBytesMax, 'the event')
  if (!isRecord(json)) throw new EnvelopeError('malformed', 'the event is no JSON object')
  const context = contextOf(session, rules, 0)
  const isTransaction = json['type'] === 'transaction'
  const eventId = isTransaction ? writeTransaction(context, json, { eventId: '', trace: undefined }) : writeErrorEvent(context, json, '')
  return { eventId: eventId === '' ? null : eventId, sessions: [], discarded: [] }
}

/** One report of a browser, or a list of them. Errors: `EnvelopeError`. */
export function decodeSecurityReports(bytes: Uint8Array, session: SentrySession, origin: SecurityOrigin): SentryOutcome {
  const json = boundedJson(bytes, sentryLimits.smallBytesMax, 'the report')
  const reports = isRecord(json) ? [json] : listOf(json).filter(isRecord)
  const context = contextOf(session, nobodysRules, 0)
  let written = 0
  for (const report of reports.slice(0, sentryLimits.itemsMax)) if (writeSecurityReport(context, report, origin)) written++
  if (written === 0) throw new EnvelopeError('malformed', 'this is no report that is known')
  return { eventId: null, sessions: [], discarded: [] }
}

/** Nothing is made of what is too large. Undefined where it is no JSON. Errors: `EnvelopeError`. */
function boundedJson(bytes: Uint8Array, bytesMax: number, what: string): unknown {
  if (bytes.byteLength > bytesMax) throw new EnvelopeError('too_large', `${what} has ${bytes.byteLength} bytes; ${bytesMax} are taken`)
  if (isTooMuchJson(bytes)) throw new EnvelopeError('malformed', `${what} is too much JSON`)
  return parseJson(bytes)
}

/** Reports of browsers name nobody and have no stacks. */
const nobodysRules: EventContext['rules'] = { pseudonymOf: () => '', resolve: (chain) => chain }

function contextOf(session: SentrySession, rules: EventContext['rules'], driftSec: number): EventContext {
  return { session, resources: new SentryResources(), rules, driftSec }
}

function driftOf(sentAt: unknown, nowMs: number): number {
  const sent = timeOf(sentAt)
  if (sent === null) return 0
  const drift = Math.round(nowMs / 1000 - sent.seconds)
  return Math.abs(drift) >= driftSecMin ? drift : 0
}

interface ItemContext extends EventContext {
  readonly allowance: JsonAllowance
}

interface Surroundings {
  readonly header: JsonObject
  readonly collected: Collected
}

/** Gives the steps in which the entries of a container are read. */
function readItem(context: ItemContext, item: EnvelopeItem, around: Surroundings): Entries | null {
  const { collected } = around
  const { logs, spans } = context.session
  if (isBeyond(context, item, collected)) return null
  switch (item.type) {
    case 'event':
      withJson(context, item, sentryLimits.eventBytesMax, (json) => {
        collected.eventId = writeErrorEvent(context, json, collected.eventId) || collected.eventId
      })
      return null
    case 'transaction':
      withJson(context, item, sentryLimits.containerBytesMax, (json) => {
        collected.eventId =
          writeTransaction(context, json, { eventId: collected.eventId, trace: around.header['trace'] }) || collected.eventId
      })
      return null
    case 'span':
      return readSpans(context, item, around.header)
    case 'log':
      return withEntries(context, item, (json) => writeLog(context, json))
    case 'feedback':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => writeFeedback(context, json, collected.eventId))
      return null
    case 'user_report':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => writeFeedback(context, json, ''))
      return null
    case 'check_in':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => writeCheckIn(context, json))
      return null
    case 'security':
    case 'raw_security':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => {
        if (!writeSecurityReport(context, json, { environment: '', release: '', userAgent: '' })) refuseItem(logs, item, 'malformed')
      })
      return null
    case 'session':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => void collected.sessions.push(...readSession(json)))
      return null
    case 'sessions':
      withJson(context, item, sentryLimits.containerBytesMax, (json) => void collected.sessions.push(...readSessions(json)))
      return null
    case 'client_report':
      withJson(context, item, sentryLimits.smallBytesMax, (json) => void collected.discarded.push(...readClientReport(json)))
      return null
    default:
      refuseItem(item.type === 'otel_span' ? spans : logs, item, keptNot.has(item.type) ? `unsupported_${item.type}` : 'unknown_item')
      return null
  }
}

/** Whether there is no room for what the item holds: then it is refused, with as many rows as it says, and not even parsed. */
function isBeyond({ session: { logs, spans } }: ItemContext, item: EnvelopeItem, { sessions, discarded }: Collected): boolean {
  const { type } = item
  const isSession = type === 'session' || type === 'sessions'
  if (isSession || type === 'client_report') {
    const isOver = isSession ? sessions.length >= sentryLimits.observationsMax : discarded.length >= sentryLimits.discardedMax
    if (isOver) logs.refuse('too_many_entries', `An envelope has more items of type ${type} than are taken.`)
    return isOver
  }
  const batch = type === 'transaction' || type === 'span' ? spans : logs
  if (!batch.isFull) return false
  const said = item.header['item_count']
  batch.refuseTooMany(typeof said === 'number' && said >= 1 ? Math.min(Math.floor(said), sentryLimits.entriesMax) : 1)
  return true
}

/** Types that are known and not kept here; the others are counted together. */
const keptNot = new Set([
  'attachment',
  'profile',
  'profile_chunk',
  'replay_event',
  'replay_recording',
  'replay_video',
  'statsd',
  'metric_buckets',
  'trace_metric',
  'otel_span',
  'otel_log',
])

function refuseItem(batch: { refuse(reason: string, text: string): void }, item: EnvelopeItem, reason: string): void {
  const name = textOf(item.header['filename'], 80)
  const what = name === '' ? '' : ` (${JSON.stringify(name)})`
  batch.refuse(reason, `An item of type ${JSON.stringify(item.type.slice(0, 60))}${what} of ${item.payload.byteLength} bytes was not kept.`)
}

/** Reads the payload of an item, or refuses the item. */
// oxlint-disable-next-line max-params -- where to, what, how large, what becomes of it
function withJson(context: ItemContext, item: EnvelopeItem, bytesMax: number, read: (json: JsonObject) => void): void {
  const { logs, spans } = context.session
  const batch = item.type === 'transaction' || item.type === 'span' ? spans : logs
  if (item.payload.byteLength > bytesMax) {
    batch.refuse('too_large', `An item of type ${item.type} has ${item.payload.byteLength} bytes; ${bytesMax} are taken.`)
    return
  }
  const json = context.allowance.takes(item.payload) ? parseJson(item.payload) : undefined
  if (isRecord(json)) read(json)
  else batch.refuse('malformed', `An item of type ${item.type} is no JSON object.`)
}

type Entries = Generator<void, void>

function* withEntries(context: ItemContext, item: EnvelopeItem, read: (json: JsonObject) => void): Entries {
  let container: JsonObject | null = null
  withJson(context, item, sentryLimits.containerBytesMax, (json) => (container = json))
  if (container === null) return
  const entries = listOf(container['items'])
  const { session } = context
  const taken = entries.slice(0, sentryLimits.entriesMax)
  const batch = (): SignalBatch => (item.type === 'span' ? session.spans : session.logs)
  for (const [i, entry] of taken.entries()) {
    if (session.isDue()) yield
    if (batch().isFull) {
      batch().refuseTooMany(taken.length - i)
      break
    }
    if (isRecord(entry)) read(entry)
    else batch().refuse('malformed', `An entry of a container of type ${item.type} is no JSON object.`)
  }
  const rest = entries.length - sentryLimits.entriesMax
  if (rest > 0) batch().refuse('too_many_entries', `A container has ${entries.length} entries; ${sentryLimits.entriesMax} are taken.`, rest)
}

/** A container of spans, or one span. What is common to a container is in the attributes of each. */
function readSpans(context: ItemContext, item: EnvelopeItem, header: JsonObject): Entries | null {
  const weight = weightOf(header['trace'])
  const trace = objectOf(header['trace'])
  const resourceOf = (json: JsonObject) => {
    const attributes = objectOf(json['attributes'] ?? json['data'])
    const text = (name: string): string => {
      const value = attributes[name]
      return textOf(isRecord(value) ? value['value'] : value, 250)
    }
    const release = text('sentry.release') || textOf(trace['release'], 250)
    return context.resources.of([
      ['service.name', text('service.name') || (/^(.+)@[^@]+$/.exec(release)?.[1] ?? text('sentry.platform'))],
      ['host.name', text('server.address.host') || text('host.name')],
      ['deployment.environment.name', text('sentry.environment') || textOf(trace['environment'], 64)],
      ['service.version', release],
      ['telemetry.sdk.name', text('sentry.sdk.name')],
      ['telemetry.sdk.version', text('sentry.sdk.version')],
    ])
  }
  const isContainer = item.header['item_count'] !== undefined || textOf(item.header['content_type']).includes('items.span')
  if (isContainer) return withEntries(context, item, (json) => writeSpan2(context, json, { resource: resourceOf(json), weight }))
  withJson(context, item, sentryLimits.smallBytesMax, (json) => writeLoneSpan(context, json, { resource: resourceOf(json), weight }))
  return null
}

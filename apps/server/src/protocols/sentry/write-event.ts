/** Events as rows of logs: errors, messages, feedback, check-ins, reports of browsers' security policies. */
import { errorAttributes, groupError, placeOf, tagPrefix } from '../../problems/index.ts'
import type { Resource } from '../../signals/index.ts'
import { readBase, readErrorEvent, severityOf, type ErrorEvent, type EventBase } from './event.ts'
import { anyTextOf, idOf, numberOf, objectOf, textOf, timeOf, type JsonObject } from './json-values.ts'
import { bytesOfId, sources, type SentryResources, type SentryRules, type SentrySession } from './session.ts'
import { chainText, stackText } from './stacks.ts'

export interface EventContext {
  readonly session: SentrySession
  readonly resources: SentryResources
  readonly rules: Omit<SentryRules, 'isOwnDsn'>
  /** What the sender's clock is to be moved by, s. */
  readonly driftSec: number
}

type Pair = readonly [name: string, value: string]

interface Row {
  readonly time: { readonly seconds: number; readonly nanos: number } | null
  readonly resource: Resource
  readonly severity: number
  readonly body: string
  readonly source: string
  readonly traceId: string
  readonly spanId: string
  /** 16 hexadecimal digits; ''. */
  readonly problem: string
  readonly attributes: readonly Pair[]
}

/** The row is refused where its time is none that is kept; without a time it has that of its receipt. */
function writeRow({ session: { logs }, driftSec }: EventContext, row: Row): void {
  const seconds = row.time === null ? Math.floor(logs.nowMs / 1000) : row.time.seconds + driftSec
  const nanos = row.time === null ? Math.floor((logs.nowMs % 1000) * 1e6) : row.time.nanos
  if (!logs.time(seconds, nanos)) {
    logs.dropRow()
    return
  }
  logs.from(row.resource)
  logs.source.pushString(row.source)
  logs.severity.pushU8(row.severity)
  logs.body.pushString(row.body)
  if (row.traceId !== '') logs.traceId.pushRaw(bytesOfId(row.traceId))
  if (row.spanId !== '') logs.spanId.pushRaw(bytesOfId(row.spanId))
  if (row.problem !== '') logs.problem.pushU64(Number.parseInt(row.problem.slice(8), 16), Number.parseInt(row.problem.slice(0, 8), 16))
  for (const [name, value] of row.attributes) if (value !== '') logs.attribute(name, value)
  logs.endRow()
}

/** Where an event comes from. Browsers are many and alike: what differs from user to user is no part of it. */
export function resourceOf({ service, host, environment, release, sdkName, sdkVersion, platform }: EventBase): readonly Pair[] {
  return [
    ['service.name', service],
    ['host.name', host],
    ['deployment.environment.name', environment],
    ['service.version', release],
    ['telemetry.sdk.name', sdkName],
    ['telemetry.sdk.version', sdkVersion],
    ['telemetry.sdk.language', platform],
  ]
}

/** An event of type error, or none. Gives its id. */
export function writeErrorEvent(context: EventContext, json: JsonObject, eventId: string): string {
  const event = readErrorEvent(json, eventId, context.rules.resolve)
  const { chain, grouping } = event
  const [first] = chain
  writeRow(context, {
    time: timeOf(json['timestamp']),
    resource: context.resources.of(resourceOf(event)),
    severity: event.severity,
    body: event.message !== '' && first?.type === '' ? event.message : first === undefined ? event.message : grouping.title,
    source: sources.error,
    traceId: event.traceId,
    spanId: event.spanId,
    problem: grouping.id,
    attributes: [[errorAttributes.userHash, userHashOf(context, event)], ...errorPairs(event)],
  })
  return event.eventId
}

const whoNames: ReadonlySet<string> = new Set([
  errorAttributes.userId,
  errorAttributes.userEmail,
  errorAttributes.userName,
  errorAttributes.clientAddress,
])

/** Of what says most exactly who it was; '' when nothing does. */
function userHashOf({ rules }: EventContext, { attributes }: ErrorEvent): string {
  const who = attributes.find(([name]) => whoNames.has(name))
  return who === undefined ? '' : rules.pseudonymOf(who.join('='))
}

function errorPairs(event: ErrorEvent): Pair[] {
  const { chain } = event
  const [first] = chain
  const handled = first?.isHandled ?? null
  const pairs: Pair[] = [
    [errorAttributes.eventId, event.eventId],
    [errorAttributes.type, first?.type ?? ''],
    [errorAttributes.message, first?.type === '' ? '' : (first?.message ?? '')],
    ['exception.escaped', handled === null ? '' : String(!handled)],
    [errorAttributes.chain, chain.length === 0 ? '' : chainText(chain)],
    [errorAttributes.stack, chain.length === 0 ? '' : stackText(chain)],
    [errorAttributes.fingerprint, event.fingerprint.length === 0 ? '' : JSON.stringify(event.fingerprint)],
    [errorAttributes.template, event.template],
    [errorAttributes.operation, event.operation],
    [errorAttributes.place, event.grouping.place === placeOf({ chain, operation: event.operation }) ? '' : event.grouping.place],
    [errorAttributes.dist, event.dist],
    [errorAttributes.breadcrumbs, event.breadcrumbs],
    [errorAttributes.debugIds, event.debugIds],
    ['logger.name', event.logger],
  ]
  return [...pairs, ...event.tags.map(([name, value]): Pair => [`${tagPrefix}${name}`, value]), ...event.attributes]
}

/** What a person wrote: an item `feedback` (an event) or `user_report`. */
export function writeFeedback(context: EventContext, json: JsonObject, eventId: string): void {
  const base = readBase(json, eventId)
  const feedback = objectOf(objectOf(json['contexts'])['feedback'])
  const isEvent = Object.keys(feedback).length > 0
  const name = isEvent ? textOf(feedback['name'], 200) : textOf(json['name'], 200)
  const email = isEvent ? textOf(feedback['contact_email'], 200) : textOf(json['email'], 200)
  const about = isEvent ? idOf(feedback['associated_event_id'], 32) : idOf(json['event_id'], 32)
  writeRow(context, {
    time: timeOf(json['timestamp']),
    resource: context.resources.of(resourceOf(base)),
    severity: 9,
    body: isEvent ? textOf(feedback['message'], 8192) : textOf(json['comments'], 8192),
    source: sources.feedback,
    traceId: base.traceId,
    spanId: base.spanId,
    problem: '',
    attributes: [
      [errorAttributes.eventId, isEvent ? base.eventId : ''],
      ['feedback.event_id', about],
      [errorAttributes.userName, name],
      [errorAttributes.userEmail, email],
      ['url.full', textOf(feedback['url'], 1000)],
      ...base.tags.map(([tag, value]): Pair => [`${tagPrefix}${tag}`, value]),
    ],
  })
}

/** A monitor said how it does. Kept as a row until crons are watched. */
export function writeCheckIn(context: EventContext, json: JsonObject): void {
  const slug = textOf(json['monitor_slug'], 200)
  const status = textOf(json['status'], 20)
  const duration = numberOf(json['duration'])
  const trace = objectOf(objectOf(json['contexts'])['trace'])
  const config = json['monitor_config']
  writeRow(context, {
    time: null,
    resource: context.resources.of([
      ['deployment.environment.name', textOf(json['environment'], 64)],
      ['service.version', textOf(json['release'], 250)],
    ]),
    severity: severityOf(status, 9),
    body: `${slug}: ${status}`,
    source: sources.checkIn,
    traceId: idOf(trace['trace_id'], 32),
    spanId: idOf(trace['span_id'], 16),
    problem: '',
    attributes: [
      ['check_in.id', textOf(json['check_in_id'], 36)],
      ['check_in.monitor', slug],
      ['check_in.status', status],
      ['check_in.duration_sec', duration === null ? '' : String(duration)],
      ['check_in.config', typeof config === 'object' ? anyTextOf(config, 4000) : ''],
    ],
  })
}

/** Where browsers report from, and what of it is in the query string of their address. */
export interface SecurityOrigin {
  readonly environment: string
  readonly release: string
  readonly userAgent: string
}

/** A report of a browser: `{"csp-report": …}`, `{"expect-ct-report": …}`, or one of the Reporting API. False: it is none. */
export function writeSecurityReport(context: EventContext, json: JsonObject, origin: SecurityOrigin): boolean {
  const report = readSecurityReport(json)
  if (report === null) return false
  const { kind, directive, blocked, pairs } = report
  const message = directive === '' ? `${kind}: ${blocked}` : `Blocked '${directive}' from '${blocked}'`
  const grouping = groupError({ chain: [], message, operation: '', fingerprint: [kind, directive, blocked] })
  writeRow(context, {
    time: null,
    resource: context.resources.of([
      ['deployment.environment.name', origin.environment],
      ['service.version', origin.release],
      ['service.name', 'browser'],
    ]),
    severity: 13,
    body: message,
    source: sources.security,
    traceId: '',
    spanId: '',
    problem: grouping.id,
    attributes: [
      [errorAttributes.fingerprint, JSON.stringify([kind, directive, blocked])],
      ['security.kind', kind],
      ['user_agent.original', origin.userAgent],
      ...pairs,
    ],
  })
  return true
}

interface SecurityReport {
  readonly kind: string
  readonly directive: string
  /** Host, or `inline`, `eval`, `data`. */
  readonly blocked: string
  readonly pairs: readonly Pair[]
}

function readSecurityReport(json: JsonObject): SecurityReport | null {
  for (const [name, kind] of [
    ['csp-report', 'csp'],
    ['expect-ct-report', 'expect-ct'],
    ['expect-staple-report', 'expect-staple'],
  ] as const)
    if (name in json) return reportOf(kind, objectOf(json[name]))
  if (typeof json['type'] === 'string' && 'body' in json)
    return reportOf(json['type'] === 'csp-violation' ? 'csp' : textOf(json['type'], 50), objectOf(json['body']))
  return 'known-pins' in json ? reportOf('hpkp', json) : null
}

function reportOf(kind: string, body: JsonObject): SecurityReport {
  const field = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = textOf(body[name], 1000)
      if (value !== '') return value
    }
    return ''
  }
  const directive = /^\S*/.exec(field('effective-directive', 'effectiveDirective', 'violated-directive'))?.[0] ?? ''
  const uri = field('blocked-uri', 'blockedURL', 'hostname')
  return {
    kind,
    directive,
    blocked: URL.canParse(uri) ? new URL(uri).host || uri.split(':', 1)[0] || uri : uri === '' || uri === 'self' ? 'self' : uri,
    pairs: [
      ['security.directive', directive],
      ['security.blocked', uri],
      ['url.full', field('document-uri', 'documentURL', 'url')],
      ['security.source_file', field('source-file', 'sourceFile')],
      ['security.line', field('line-number', 'lineNumber')],
      ['security.disposition', field('disposition')],
      ['security.policy', field('original-policy', 'originalPolicy')],
    ],
  }
}

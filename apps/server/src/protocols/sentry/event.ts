/**
 * An event of Sentry's clients, taken apart: https://develop.sentry.dev/sdk/data-model/event-payloads/. What has the wrong type is left out;
 * cookies, headers that carry secrets and the body of the request are never kept.
 */
import { groupError, type Grouping, type ResolveChain, type Thrown } from '../../problems/index.ts'
import { anyTextOf, cut, idOf, listOf, numberOf, objectOf, textOf, timeOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import { otherFrames, readExceptions } from './stacks.ts'

/** What events, transactions and the like have in common. */
export interface EventBase {
  readonly eventId: string
  readonly release: string
  readonly dist: string
  readonly environment: string
  readonly host: string
  readonly service: string
  readonly platform: string
  readonly sdkName: string
  readonly sdkVersion: string
  readonly operation: string
  readonly traceId: string
  readonly spanId: string
  /** Names without the prefix of tags. */
  readonly tags: readonly (readonly [string, string])[]
  /** What else there is to search for: user, request, contexts, extra. */
  readonly attributes: readonly (readonly [string, string])[]
}

export interface ErrorEvent extends EventBase {
  /** OpenTelemetry severity number. */
  readonly severity: number
  readonly message: string
  /** Of the message before its parameters were put in; ''. */
  readonly template: string
  readonly logger: string
  readonly chain: readonly Thrown[]
  readonly fingerprint: readonly string[]
  readonly grouping: Grouping
  /** JSON; ''. */
  readonly breadcrumbs: string
  /** JSON of `{file: debug id}`; ''. */
  readonly debugIds: string
}

const severities: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  log: 9,
  warn: 13,
  warning: 13,
  error: 17,
  fatal: 21,
  critical: 21,
}

/** OpenTelemetry's number for a level in words; `otherwise` where it is none. */
export function severityOf(level: unknown, otherwise: number): number {
  return severities[textOf(level, 20).toLowerCase()] ?? otherwise
}

export function readErrorEvent(event: JsonObject, eventId: string, resolve: ResolveChain): ErrorEvent {
  const base = readBase(event, eventId)
  const { message, template } = readMessage(event)
  const chain = readExceptions(event)
  const fingerprint = listOf(event['fingerprint'])
    .slice(0, 20)
    .map((part) => textOf(part, 200))
    .filter((part) => part !== '')
  const own = fingerprint.length === 1 && /^\{\{ ?default ?\}\}$/.test(fingerprint[0] ?? '') ? [] : fingerprint
  const stack = chain.length === 0 ? otherFrames(event) : []
  const shown: readonly Thrown[] =
    stack.length === 0 ? chain : [{ type: '', message, mechanism: 'message', isHandled: true, frames: stack }]
  return {
    ...base,
    severity: severityOf(event['level'], 17),
    message,
    template,
    logger: textOf(event['logger'], 200),
    chain: shown,
    fingerprint: own,
    // A message is grouped by what it says, not by where it was said.
    grouping: groupError({
      chain: resolve(chain),
      message: template === '' ? message : template,
      operation: base.operation,
      fingerprint: own,
    }),
    breadcrumbs: readBreadcrumbs(event['breadcrumbs']),
    debugIds: debugIdsText(event['debug_meta']),
  }
}

export function readBase(event: JsonObject, eventId: string): EventBase {
  const contexts = objectOf(event['contexts'])
  const trace = objectOf(contexts['trace'])
  const sdk = objectOf(event['sdk'])
  const release = textOf(event['release'], 250)
  const platform = textOf(event['platform'], 50)
  const tags = readTags(event['tags'])
  return {
    eventId: eventId === '' ? idOf(event['event_id'], 32) : eventId,
    release,
    dist: textOf(event['dist'], 64),
    environment: textOf(event['environment'], 64),
    host: textOf(event['server_name'], 200),
    service: serviceOf({ contexts, tags, release, platform }),
    platform,
    sdkName: textOf(sdk['name'], 100),
    sdkVersion: textOf(sdk['version'], 50),
    operation: textOf(event['transaction'], 300),
    traceId: idOf(trace['trace_id'], 32),
    spanId: idOf(trace['span_id'], 16),
    tags,
    attributes: readAttributes(event, contexts),
  }
}

interface ServiceFacts {
  readonly contexts: JsonObject
  readonly tags: EventBase['tags']
  readonly release: string
  readonly platform: string
}

/** Sentry has no services: the resource of OpenTelemetry, a tag, the name in `shop@1.2.3`, and last the platform tell which one it is. */
function serviceOf({ contexts, tags, release, platform }: ServiceFacts): string {
  const resource = objectOf(objectOf(contexts['otel'])['resource'])
  const named = textOf(resource['service.name'], 200)
  if (named !== '' && !/^(?:unknown_service.*|node)$/.test(named)) return named
  const tag = tags.find(([name]) => name === 'service' || name === 'service.name')?.[1]
  if (tag !== undefined) return tag
  const packageName = /^(.+)@[^@]+$/.exec(release)?.[1]
  return packageName ?? platform
}

function readMessage(event: JsonObject): { message: string; template: string } {
  const entry = typeof event['message'] === 'object' ? objectOf(event['message']) : objectOf(event['logentry'])
  const template = textOf(entry['message'], sentryLimits.messageCharsMax)
  const formatted = textOf(entry['formatted'], sentryLimits.messageCharsMax)
  const plain = textOf(event['message'], sentryLimits.messageCharsMax)
  if (formatted !== '') return { message: formatted, template }
  if (template === '') return { message: plain, template: '' }
  return { message: filled(template, entry['params']), template }
}

/** `%s` and `{}` in a template, one parameter each, and `%(name)s`. */
function filled(template: string, params: unknown): string {
  if (params === undefined || params === null) return template
  const named = objectOf(params)
  const inOrder = Array.isArray(params) ? params : []
  let next = 0
  const text = template.replace(/%\((\w{1,60})\)[sdif]|%[sdifj]|\{\}/g, (whole, name: string | undefined) => {
    if (name !== undefined) return anyTextOf(named[name], 500)
    return next < inOrder.length ? anyTextOf(inOrder[next++], 500) : whole
  })
  return cut(text, sentryLimits.messageCharsMax)
}

/** An object, or pairs as a list. */
export function readTags(value: unknown): [string, string][] {
  const pairs: (readonly unknown[])[] = Array.isArray(value) ? value.map((pair) => listOf(pair)) : Object.entries(objectOf(value))
  const tags: [string, string][] = []
  for (const [name, content] of pairs.slice(0, sentryLimits.tagsMax)) {
    const key = textOf(name, 200)
    const text = textOf(content, 500)
    if (key !== '' && text !== '') tags.push([key, text])
  }
  return tags
}

function readAttributes(event: JsonObject, contexts: JsonObject): [string, string][] {
  const user = objectOf(event['user'])
  const request = objectOf(event['request'])
  const headers = new Map(readTags(request['headers']).map(([name, value]) => [name.toLowerCase(), value]))
  const address = textOf(user['ip_address'], 64)
  const found: [string, string][] = [
    ['user.id', textOf(user['id'], 200)],
    ['user.email', textOf(user['email'], 200)],
    ['user.name', textOf(user['username'], 200) || textOf(user['name'], 200)],
    ['client.address', address.startsWith('{{') ? '' : address],
    ['http.request.method', textOf(request['method'], 20)],
    ['url.full', textOf(request['url'], 1000)],
    ['url.query', typeof request['query_string'] === 'string' ? textOf(request['query_string'], 500) : ''],
    ['user_agent.original', headers.get('user-agent') ?? ''],
    ['http.request.header.referer', headers.get('referer') ?? ''],
  ]
  for (const [name, value] of Object.entries(contexts))
    if (name !== 'trace' && name !== 'otel') flatten(found, `contexts.${name}`, value, 0)
  flatten(found, 'extra', event['extra'], 0)
  return found.filter(([, value]) => value !== '').slice(0, sentryLimits.contextValuesMax)
}

const depthMax = 3

/** Objects become names with dots; what lies deeper is JSON. */
// oxlint-disable-next-line max-params -- recursive: where to, what it is called, what it is, how deep
function flatten(found: [string, string][], name: string, value: unknown, depth: number): void {
  if (found.length >= sentryLimits.contextValuesMax) return
  if (depth >= depthMax || typeof value !== 'object' || value === null || Array.isArray(value)) {
    const text = anyTextOf(value)
    if (text !== '' && value !== undefined) found.push([cut(name, 200), text])
    return
  }
  for (const [key, inner] of Object.entries(value)) if (key !== 'type' || depth !== 0) flatten(found, `${name}.${key}`, inner, depth + 1)
}

/** The newest that fit. */
function readBreadcrumbs(value: unknown): string {
  const crumbs = listOf(value)
    .slice(-sentryLimits.breadcrumbsMax)
    .map((each) => {
      const crumb = objectOf(each)
      const time = timeOf(crumb['timestamp'])
      return {
        // ms since 1970: words for it are made when somebody looks.
        timestamp: time === null ? null : Math.round(time.seconds * 1000 + time.nanos / 1e6),
        category: textOf(crumb['category'], 100) || textOf(crumb['type'], 100),
        level: textOf(crumb['level'], 20),
        message: textOf(crumb['message'], 500),
        data: crumb['data'] === undefined || crumb['data'] === null ? '' : anyTextOf(crumb['data'], 500),
      }
    })
  for (let from = 0; from < crumbs.length; from += Math.max(1, Math.floor((crumbs.length - from) / 4))) {
    const text = JSON.stringify(crumbs.slice(from))
    if (Buffer.byteLength(text) <= sentryLimits.breadcrumbsBytesMax) return text
  }
  return ''
}

/** By file, of the minified files that have one. */
export function readDebugIds(value: unknown): Record<string, string> {
  const ids: Record<string, string> = {}
  for (const each of listOf(objectOf(value)['images']).slice(0, 100)) {
    const image = objectOf(each)
    const id = idOf(image['debug_id'], 32)
    const file = textOf(image['code_file'], 500)
    if (image['type'] === 'sourcemap' && id !== '' && file !== '') ids[file] = id
  }
  return ids
}

function debugIdsText(value: unknown): string {
  const ids = readDebugIds(value)
  return Object.keys(ids).length === 0 ? '' : JSON.stringify(ids)
}

/** The share of traces that are kept, as the trace header says it; 1 where it does not. What is kept stands for 1 / share of them. */
export function weightOf(trace: unknown): number {
  const rate = numberOf(objectOf(trace)['sample_rate'])
  return rate === null || rate <= 0 || rate > 1 ? 1 : Math.min(1e6, 1 / rate)
}

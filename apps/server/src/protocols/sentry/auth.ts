/**
 * Which key a request of Sentry's clients carries. Places: `X-Sentry-Auth`, `Authorization: Sentry …`, Basic, the query string. More than one
 * is refused (401), as clients are told which of two keys counted by nobody. The envelope's own `dsn` must agree, or stands alone.
 */
import { AppError } from '../../kernel/errors.ts'
import { sentryAuthMalformed, sentryAuthRepeated, sentryVersionUnsupported } from './errors.ts'

/** Versions of the protocol up to this one are the same to us. */
const versionMax = 8

export interface SentryCredentials {
  readonly key: string
  /** `sentry.javascript.node/9.1.0`; ''. */
  readonly client: string
}

export interface SentryHeaders {
  readonly sentryAuth: string | undefined
  readonly authorization: string | undefined
  /** The query string without its question mark. */
  readonly query: string
}

/** Null: the request has none. Errors: those above. */
export function readSentryAuth({ sentryAuth, authorization, query }: SentryHeaders): SentryCredentials | null {
  const found: SentryCredentials[] = []
  if (sentryAuth !== undefined && sentryAuth.trim() !== '') found.push(fromHeader(sentryAuth))
  const scheme = /^\s*(\S+)/.exec(authorization ?? '')?.[1]?.toLowerCase()
  if (authorization !== undefined && scheme === 'sentry') found.push(fromHeader(authorization))
  if (authorization !== undefined && scheme === 'basic') found.push(fromBasic(authorization))
  if (query.includes('sentry_')) {
    const params = new URLSearchParams(query)
    const key = params.get('sentry_key')
    if (key !== null) found.push(checked({ key, client: params.get('sentry_client') ?? '', version: params.get('sentry_version') ?? '' }))
  }
  if (found.length > 1) throw new AppError(sentryAuthRepeated)
  return found[0] ?? null
}

/** Key and project of a DSN, `https://key[:secret]@host/path/project`; null when it is none. */
export function parseDsn(dsn: string): { readonly key: string; readonly project: string } | null {
  if (!URL.canParse(dsn)) return null
  const { username, pathname } = new URL(dsn)
  const project = /\/([^/]+)\/?$/.exec(pathname)?.[1] ?? ''
  return username === '' || project === '' ? null : { key: username, project }
}

function fromHeader(header: string): SentryCredentials {
  const body = header.trim().replace(/^sentry\s+/i, '')
  const values = new Map<string, string>()
  for (const part of body.split(',')) {
    const at = part.indexOf('=')
    if (at > 0) values.set(part.slice(0, at).trim().toLowerCase(), decoded(part.slice(at + 1).trim()))
  }
  const key = values.get('sentry_key')
  if (key === undefined) throw new AppError(sentryAuthMalformed, { publicText: 'the authorization header has no sentry_key' })
  return checked({ key, client: values.get('sentry_client') ?? '', version: values.get('sentry_version') ?? '' })
}

function fromBasic(header: string): SentryCredentials {
  const encoded = /^\s*basic\s+(\S+)/i.exec(header)?.[1] ?? ''
  const [key = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':', 1)
  return checked({ key, client: '', version: '' })
}

function checked({ key, client, version }: { key: string; client: string; version: string }): SentryCredentials {
  const [plain = ''] = key.trim().split(':', 1)
  if (plain === '') throw new AppError(sentryAuthMalformed, { publicText: 'the sentry_key is empty' })
  const number = version.trim() === '' ? versionMax : Number.parseFloat(version)
  if (!Number.isFinite(number) || number > versionMax)
    throw new AppError(sentryVersionUnsupported, { publicText: `unsupported protocol version (${version.slice(0, 20)})` })
  return { key: plain, client }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

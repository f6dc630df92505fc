/** What can be wrong with a request of Sentry's clients, beside what can be with any. */
import type { ErrorSpec } from '../../kernel/errors.ts'

export const sentryAuthRepeated: ErrorSpec = {
  code: 'ingest.auth_repeated',
  kind: 'unauthenticated',
  publicText: 'multiple authorization payloads detected',
  hint: 'Send the key in one place: X-Sentry-Auth, Authorization or the query string.',
}

export const sentryAuthMalformed: ErrorSpec = {
  code: 'ingest.auth_malformed',
  kind: 'unauthenticated',
  publicText: 'bad sentry authentication header',
}

export const sentryVersionUnsupported: ErrorSpec = {
  code: 'ingest.sentry_version',
  kind: 'invalid',
  publicText: 'unsupported protocol version',
}

export const sentryWrongProject: ErrorSpec = {
  code: 'ingest.dsn_mismatch',
  kind: 'forbidden',
  publicText: 'event submission rejected with_reason: ProjectId',
  hint: 'The key of the DSN belongs to another project.',
}

export const sentryErrors: readonly ErrorSpec[] = [sentryAuthRepeated, sentryAuthMalformed, sentryVersionUnsupported, sentryWrongProject]

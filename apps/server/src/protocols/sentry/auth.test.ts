import { describe, expect, test } from 'vitest'
import { isAppError } from '../../kernel/errors.ts'
import { parseDsn, readSentryAuth, type SentryHeaders } from './auth.ts'

const key = '0123456789abcdef0123456789abcdef'
const nothing: SentryHeaders = { sentryAuth: undefined, authorization: undefined, query: '' }

function outcome(headers: Partial<SentryHeaders>): string | null {
  try {
    return readSentryAuth({ ...nothing, ...headers })?.key ?? null
  } catch (error) {
    return isAppError(error) ? error.code : String(error)
  }
}

describe('the key of a request', () => {
  test.each([
    [{}, null],
    [{ sentryAuth: `Sentry sentry_key=${key}, sentry_version=7, sentry_client=x/1` }, key],
    [{ sentryAuth: `sentry sentry_version=7,sentry_key=${key},sentry_secret=s` }, key],
    [{ authorization: `Sentry sentry_key=${key},sentry_version=7` }, key],
    [{ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }, key],
    [{ query: `sentry_version=7&sentry_key=${key}&sentry_client=sentry.javascript.browser%2F9` }, key],
    [{ sentryAuth: `Sentry sentry_key=${key}:no-cache` }, key],
    // Ours, and somebody else's: none of Sentry's places.
    [{ authorization: `Bearer ${key}` }, null],
    [{ query: 'a=1' }, null],
    [{ sentryAuth: `Sentry sentry_key=${key}`, query: `sentry_key=${key}` }, 'ingest.auth_repeated'],
    [{ sentryAuth: `Sentry sentry_key=${key}`, authorization: `Sentry sentry_key=${key}` }, 'ingest.auth_repeated'],
    [{ sentryAuth: 'Sentry sentry_version=7' }, 'ingest.auth_malformed'],
    [{ sentryAuth: 'Sentry sentry_key=' }, 'ingest.auth_malformed'],
    [{ sentryAuth: `Sentry sentry_key=${key}, sentry_version=99` }, 'ingest.sentry_version'],
    [{ sentryAuth: `Sentry sentry_key=${key}, sentry_version=x` }, 'ingest.sentry_version'],
  ] as const)('%j', (headers, want) => {
    expect(outcome(headers)).toBe(want)
  })

  test.each([
    [`https://${key}@a.example/1`, { key, project: '1' }],
    [`http://${key}:secret@a.example:3100/with/path/42`, { key, project: '42' }],
    ['https://a.example/1', null],
    [`https://${key}@a.example/`, null],
    ['nonsense', null],
  ])('the DSN %s', (dsn, want) => {
    expect(parseDsn(dsn)).toEqual(want)
  })
})

/** The door: keys, anonymous senders of this machine, back-pressure, rate, size, stopping. */
import { describe, expect, test } from 'vitest'
import { AppError } from '../kernel/errors.ts'
import type { AdmissionDeps } from './admission.ts'
import { createAdmission } from './admission.ts'
import { ingestErrors } from './errors.ts'
import { rateBucketsMax } from './limits.ts'
import type { AdmissionRequest } from './ports.ts'
import { createRateLimit } from './rate-limit.ts'
import { ManualClock } from './testing/manual-clock.ts'

const first = { organizationId: 1, projectId: 1 }
const shop = { organizationId: 1, projectId: 2 }
const keys = { resolve: (key: string) => (key === 'good' ? shop : null), anonymousTenant: first }

function door(extra: Partial<AdmissionDeps> = {}, sizeBytes = 0): ReturnType<typeof createAdmission> {
  return createAdmission({
    keys,
    anonymous: 'loopback',
    log: { backlog: () => ({ segments: 0, records: 0, rows: 0, sizeBytes, sizeBytesMax: 1000, oldestMs: 0 }) },
    clock: new ManualClock(),
    limits: { bodyBytesMax: 100, projectBytesPerSecond: null },
    ...extra,
  })
}

function request(facts: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return { kind: 'metrics', key: 'good', remoteAddress: '203.0.113.9', sizeBytes: 10, ...facts }
}

function refusal(run: () => unknown): { code: string; status: number; retryAfterSec: number | null } | null {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, status: error.httpStatus, retryAfterSec: error.retryAfterSec }
    throw error
  }
  return null
}

describe('who', () => {
  test('a key leads to its project', () => expect(door().admit(request())).toEqual({ tenant: shop, lane: 'ready' }))
  test('an unknown key is 401, from this machine too', () =>
    expect(refusal(() => door().admit(request({ key: 'bad', remoteAddress: '127.0.0.1' })))).toMatchObject({
      code: 'ingest.key_unknown',
      status: 401,
    }))
  test('no key from elsewhere is 401', () =>
    expect(refusal(() => door().admit(request({ key: null })))).toMatchObject({ code: 'ingest.key_missing', status: 401 }))
  test('no key from this machine is the first project', () =>
    expect(door().admit(request({ key: null, remoteAddress: '::1' })).tenant).toEqual(first))
  test('an empty key is no key', () => expect(door().admit(request({ key: '', remoteAddress: '127.0.0.1' })).tenant).toEqual(first))
  test('anonymous ingest can be switched off', () =>
    expect(refusal(() => door({ anonymous: 'off' }).admit(request({ key: null, remoteAddress: '127.0.0.1' })))?.code).toBe(
      'ingest.key_missing',
    ))
  test('before there is a project there is no anonymous tenant', () => {
    const empty = door({ keys: { ...keys, anonymousTenant: null } })
    expect(refusal(() => empty.admit(request({ key: null, remoteAddress: '127.0.0.1' })))?.code).toBe('ingest.key_missing')
  })
})

describe('whether now', () => {
  test('a nearly full log is 429 with Retry-After, before anything is decoded', () => {
    expect(door({}, 949).admit(request())).toMatchObject({ tenant: shop })
    expect(refusal(() => door({}, 950).admit(request()))).toEqual({ code: 'ingest.log_full', status: 429, retryAfterSec: 10 })
  })
  test('a wrong key hears that it is wrong even when the log is full', () =>
    expect(refusal(() => door({}, 999).admit(request({ key: 'bad' })))?.code).toBe('ingest.key_unknown'))
  test('a body over the bound is 413', () => {
    expect(door().admit(request({ sizeBytes: 100 })).tenant).toEqual(shop)
    expect(refusal(() => door().admit(request({ sizeBytes: 101 })))).toMatchObject({ code: 'ingest.body_too_large', status: 413 })
  })
  test('stopping is 503 with Retry-After for everyone', () => {
    const stopped = door()
    stopped.stop()
    expect(refusal(() => stopped.admit(request()))).toEqual({ code: 'ingest.stopping', status: 503, retryAfterSec: 5 })
  })
  test('a project over its rate is 429 with the seconds to wait, another is not', async () => {
    const clock = new ManualClock()
    const limited = door({ clock, limits: { bodyBytesMax: 100, projectBytesPerSecond: { perSecond: 10, burst: 50 } } })
    for (let at = 0; at < 5; at++) limited.admit(request())
    expect(refusal(() => limited.admit(request({ sizeBytes: 30 })))).toEqual({ code: 'ingest.rate_limited', status: 429, retryAfterSec: 3 })
    expect(limited.admit(request({ key: null, remoteAddress: '::1' })).tenant).toEqual(first)
    await clock.advance(3000)
    expect(limited.admit(request({ sizeBytes: 30 })).tenant).toEqual(shop)
  })
  test('the lane is asked for after the tenant is known', () =>
    expect(door({ laneOf: (tenant) => (tenant === shop ? 'low' : 'ready') }).admit(request())).toEqual({ tenant: shop, lane: 'low' }))
})

describe('rate limit', () => {
  test('an amount over the burst passes a full bucket and is paid back', async () => {
    const clock = new ManualClock()
    const limit = createRateLimit({ perSecond: 10, burst: 20 }, clock)
    expect(limit.take(shop, 100)).toBe(0)
    expect(limit.take(shop, 1)).toBe(9)
    await clock.advance(9000)
    expect(limit.take(shop, 1)).toBe(0)
  })
  test('buckets are bounded, the longest unused is forgotten', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1 }, new ManualClock())
    limit.take(shop, 1)
    for (let project = 10; project < 10 + rateBucketsMax; project++) limit.take({ organizationId: 1, projectId: project }, 1)
    expect(limit.take(shop, 1)).toBe(0)
    expect(limit.take({ organizationId: 1, projectId: 9 + rateBucketsMax }, 1)).toBe(1)
  })
})

test('error codes are unique and of this domain', () => {
  const codes = ingestErrors.map((spec) => spec.code)
  expect(new Set(codes).size).toBe(codes.length)
  for (const code of codes) expect(code).toMatch(/^ingest\.[a-z_]+$/)
})

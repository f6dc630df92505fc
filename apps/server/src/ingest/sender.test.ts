import { describe, expect, test } from 'vitest'
import { isLoopback, senderAddress } from './sender.ts'

describe('loopback', () => {
  const cases: [string, boolean][] = [
    ['127.0.0.1', true],
    ['127.255.3.4', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['127.0.0.1.example.org', false],
    ['fe80::1', false],
    ['', false],
  ]
  test.each(cases)('%s: %s', (address, want) => expect(isLoopback(address)).toBe(want))
})

describe('a sender is this machine', () => {
  const isLocal = (address: string, headers: Readonly<Record<string, string>>): boolean =>
    isLoopback(senderAddress(address, (name) => headers[name]))
  test('when its connection says so and no header speaks against it', () => {
    expect(isLocal('127.0.0.1', { 'user-agent': 'curl' })).toBe(true)
    expect(isLocal('203.0.113.9', {})).toBe(false)
  })
  test.each([
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '203.0.113.9, ::1' },
    { 'x-forwarded-for': '' },
    { forwarded: 'for=127.0.0.1' },
    { 'x-real-ip': '127.0.0.1' },
    { via: '1.1 proxy' },
    { 'x-forwarded-proto': 'https' },
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ])('never because of a header: %j', (headers) => {
    expect(isLocal('203.0.113.9', headers)).toBe(false)
    expect(isLocal('127.0.0.1', headers)).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'
import { usableKey } from './keys.queries.ts'

describe('usableKey', () => {
  const key = { name: 'k', key: 'f'.repeat(32) }
  it('is the newest that still works', () => {
    expect(
      usableKey([
        { ...key, id: '1', createdAt: '2026-01-01T00:00:00Z', revokedAt: null },
        { ...key, id: '2', createdAt: '2026-03-01T00:00:00Z', revokedAt: '2026-03-02T00:00:00Z' },
        { ...key, id: '3', createdAt: '2026-02-01T00:00:00Z', revokedAt: null },
      ])?.id,
    ).toBe('3')
    expect(usableKey([])).toBeNull()
  })
})

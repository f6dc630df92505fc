import { describe, expect, it } from 'vitest'
import { expiryOf } from './token-lifetime.ts'

describe('expiryOf', () => {
  it('counts days from now, or never', () => {
    expect(expiryOf('30', 0)).toBe('1970-01-31T00:00:00.000Z')
    expect(expiryOf('never', 0)).toBeNull()
  })
})

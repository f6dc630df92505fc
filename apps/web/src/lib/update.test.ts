import { describe, expect, it } from 'vitest'
import { mayReload } from './update.ts'

describe('mayReload', () => {
  it('allows one reload, not a loop', () => {
    expect(mayReload(Number.NEGATIVE_INFINITY, 0)).toBe(true)
    expect(mayReload(1000, 5000)).toBe(false)
    expect(mayReload(1000, 60_000)).toBe(true)
  })
})

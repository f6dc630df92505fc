import { describe, expect, it } from 'vitest'
import { targetOf } from './use-chart-keys.ts'

describe('targetOf', () => {
  it('stays among the points and ignores other keys', () => {
    expect(targetOf('ArrowLeft', 10, 9)).toBe(9)
    expect(targetOf('ArrowLeft', 0, 9)).toBe(0)
    expect(targetOf('ArrowRight', 9, 9)).toBe(9)
    expect(targetOf('PageUp', 4, 9)).toBe(0)
    expect(targetOf('End', 0, 9)).toBe(9)
    expect(targetOf('a', 0, 9)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { allPages } from './navigation.ts'

describe('navigation', () => {
  it('has one key and one address for each page', () => {
    expect(new Set(allPages.map((page) => page.key)).size).toBe(allPages.length)
    expect(new Set(allPages.map((page) => page.to)).size).toBe(allPages.length)
  })
})

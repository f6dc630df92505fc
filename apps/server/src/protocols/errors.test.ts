import { expect, test } from 'vitest'
import { protocolErrors } from './errors.ts'

test('codes are unique and say what is wrong in a sentence', () => {
  const codes = protocolErrors.map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
  for (const { code, publicText } of protocolErrors) {
    expect(code).toMatch(/^(?:body|protocols|import)\.[a-z_]+$/)
    expect(publicText).toMatch(/^[A-Z].*\.$/)
  }
})

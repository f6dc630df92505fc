import { expect, test } from 'vitest'
import { protocolErrors } from './errors.ts'

test('codes are unique and say what is wrong in a sentence', () => {
  const codes = protocolErrors.map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
  for (const { code, publicText } of protocolErrors) {
    expect(code).toMatch(/^(?:body|protocols|import|ingest)\.[a-z_]+$/)
    // Where clients know the words, they are not ours.
    if (!code.startsWith('ingest.')) expect(publicText).toMatch(/^[A-Z].*\.$/)
  }
})

import { passwordLengthMin } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { passwordProblem } from './password-model.ts'

describe('passwordProblem', () => {
  it('names the first thing wrong', () => {
    expect(passwordProblem('short', null)).toContain(`${passwordLengthMin - 5} more`)
    expect(passwordProblem('x'.repeat(300), null)).toContain('At most')
    expect(passwordProblem('aaaaaaaaaaaa', null)).toContain('over and over')
    expect(passwordProblem('correct horse', 'correct house')).toContain('differ')
    expect(passwordProblem('correct horse', 'correct horse')).toBeNull()
  })
})

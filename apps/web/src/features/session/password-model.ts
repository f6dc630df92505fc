/** What makes a new password acceptable; the server decides in the end. */
import { passwordLengthMax, passwordLengthMin } from '@bellwether/protocol'

/** What is wrong with a new password, or null. `repeated` null: it is typed once. */
export function passwordProblem(password: string, repeated: string | null): string | null {
  if (password.length < passwordLengthMin) return `At least ${passwordLengthMin} characters; ${passwordLengthMin - password.length} more.`
  if (password.length > passwordLengthMax) return `At most ${passwordLengthMax} characters.`
  if (/^(.)\1*$/.test(password)) return 'One character over and over is guessed at once.'
  if (repeated !== null && repeated !== password) return 'The two passwords differ.'
  return null
}

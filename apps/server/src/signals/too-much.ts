/** Answers that are tried the cheap way first, within a bound, and asked for in another way when they are beyond it. */
import { isAppError } from '../kernel/errors.ts'

/** Null where the engine says that there are more rows or bytes than the statement allows. Errors: the engine's others. */
export async function unlessTooMuch<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer
  } catch (error) {
    if (isAppError(error) && error.code === 'engine.too_many_rows') return null
    throw error
  }
}

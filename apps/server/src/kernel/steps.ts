/** Work in pieces: whoever runs it may let others go before between two of them. */
export type Steps<Result = void> = Generator<void, Result>

/** Runs all steps in one go. */
export function allSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

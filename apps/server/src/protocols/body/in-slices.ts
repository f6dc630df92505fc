/** Work at a project's turn, in slices: every so often it lets the others go before, and its time is counted as the project's cost. */
import type { Tenant } from '../../kernel/scope.ts'
import type { Steps } from '../../kernel/steps.ts'
import type { CostSink } from '../../metrics/index.ts'
import type { Turn } from './fair-turns.ts'
import { measured } from './measured.ts'

export interface Worker {
  readonly tenant: Tenant
  readonly cost: CostSink | undefined
}

/** Runs the steps to their end and gives their result. Errors: those of a step. */
export async function inSlices<Result>(turn: Turn, worker: Worker, steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const slice = oneSlice(turn, worker, steps)
    if (slice.done === true) return slice.value
    await turn.pause()
  }
}

function oneSlice<Result>(turn: Turn, { cost, tenant }: Worker, steps: Steps<Result>): IteratorResult<void, Result> {
  using _cost = measured(cost, tenant)
  for (;;) {
    const step = steps.next()
    if (step.done === true || turn.isLong) return step
  }
}

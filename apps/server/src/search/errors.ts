/** What can be wrong with a search. The place is in the error for whoever shows it (`problem`) and in its text for whoever only reads. */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import type { SearchProblem } from './ports.ts'

const badSearch: ErrorSpec = { code: 'search.invalid', kind: 'invalid', publicText: 'The search is not valid.' }
export const badSearchPattern: ErrorSpec = {
  code: 'search.pattern',
  kind: 'invalid',
  publicText: 'The regular expression of the search cannot be used.',
}

/** A search that cannot be understood. */
export class SearchError extends AppError {
  readonly problem: SearchProblem

  constructor(problem: SearchProblem, spec: ErrorSpec = badSearch) {
    const where = `at character ${problem.from + 1}`
    super(spec, { publicText: `${problem.message} (${where})`, ...(problem.hint === null ? {} : { hint: problem.hint }) })
    this.problem = problem
  }
}

/** Refuses a search because of what stands at `place`. */
export function failAt(message: string, place: { readonly from: number; readonly to: number }, hint: string | null = null): never {
  throw new SearchError({ message, hint, from: place.from, to: Math.max(place.to, place.from + 1) })
}

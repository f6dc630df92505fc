/** What a search probably meant otherwise, beside what it found. */
import type { SearchSignal } from '@bellwether/protocol'
import type { Scope } from '../../kernel/scope.ts'
import type { LogAnalysis } from '../../logs/index.ts'

export interface SearchedPage {
  readonly query: string
  readonly cursor: string | null
  readonly hints: boolean
  readonly fromMs: number
  readonly toMs: number
}

export interface HintsAsked {
  readonly scope: Scope
  readonly signal: SearchSignal
  readonly asked: SearchedPage
  /** Rows of the page. */
  readonly found: number
  readonly aborted: AbortSignal
}

/** The member `hints` of an answer; nothing where there is nothing to say, or on a further page. Errors: the caller’s cancel. */
export async function hintsOf(
  analysis: Pick<LogAnalysis, 'hints'>,
  { scope, signal, asked, found, aborted }: HintsAsked,
): Promise<{ hints?: string[] }> {
  const { query, cursor, fromMs, toMs } = asked
  if (!asked.hints || cursor !== null || query === '') return {}
  const hints = await analysis.hints(scope, { signal, query, fromMs, toMs, isNothing: found === 0 }, aborted)
  return hints.length === 0 ? {} : { hints }
}

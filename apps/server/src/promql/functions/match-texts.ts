/**
 * The pattern of `label_replace` over label values, within a bound on time. JavaScript's expressions backtrack: for some patterns and
 * texts that takes longer than anyone waits, and nothing on the same thread could stop it but V8's own watchdog, to which node:vm leads.
 */
import { runInNewContext } from 'node:vm'
import { executionError } from '../errors.ts'

/** Longest one call may match, ms; the thread does nothing else meanwhile. 200,000 ordinary values take half of it. */
export const matchMsMax = 500

/** The match of each text, null where there is none. Throws `promql.execution` when it takes too long. */
export function matchTexts(regex: RegExp, texts: Iterable<string>): Map<string, RegExpExecArray | null> {
  const matches = new Map<string, RegExpExecArray | null>()
  const matchThem = (): void => {
    for (const text of texts) if (!matches.has(text)) matches.set(text, regex.exec(text))
  }
  try {
    runInNewContext('matchThem()', { matchThem }, { timeout: matchMsMax })
  } catch (error) {
    // The watchdog's error is of the other context, so it is no instance of this one's Error.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw executionError(`regular expression in label_replace() takes longer than ${matchMsMax} ms: ${regex.source.slice(0, 100)}`)
    throw error
  }
  return matches
}

/** What can be said of a search that finds nothing, from what its parts find. */
import type { SearchPartBody } from '@bellwether/protocol'

export interface PartToDrop {
  readonly text: string
  /** The search without it. */
  readonly rest: string
}

export interface Why {
  readonly sentence: string
  /** Parts without which the search goes on. */
  readonly drops: readonly PartToDrop[]
}

/** Null when there is nothing to say: one part, or nothing known in time. `what`: "row", "span". */
export function whyNothing(parts: readonly SearchPartBody[], what: string): Why | null {
  if (parts.length === 0) return null
  const empty = parts.filter(({ found }) => found === false)
  if (empty.length > 0) {
    const all = empty.length === parts.length
    return {
      sentence: all
        ? `No ${what} of this range meets any part of the search.`
        : `No ${what} of this range meets ${empty.length === 1 ? 'this part' : 'these parts'}; leave ${empty.length === 1 ? 'it' : 'them'} out:`,
      drops: all ? [] : empty.map(({ text, rest }) => ({ text, rest })),
    }
  }
  const loose = parts.filter(({ restFound }) => restFound === true)
  if (loose.length > 0) {
    return {
      sentence: `Each part finds ${what}s, but none meets all of them. Without one of these there are some:`,
      drops: loose.map(({ text, rest }) => ({ text, rest })),
    }
  }
  if (parts.every(({ found, restFound }) => found === true && restFound === false)) {
    return {
      sentence: `Each part finds ${what}s alone, but leaving one out is not enough: no ${what} meets the others together.`,
      drops: [],
    }
  }
  return null
}

/** The searches that were run last on this browser, offered when the field is empty. */
import type { CompleteSearch, SearchCompletion, SearchSuggestion } from '../../ui/use-search-completion.ts'

/** Searches kept. */
export const recentMax = 8
/** Longer ones are not worth a line. */
const lengthMax = 400

/** Where the searches are kept; local storage in the page. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem'>

/** Local storage, which may be forbidden: asked only when it is used. */
export const browserShelf: Shelf = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, value),
}

function keyOf(projectPath: string): string {
  return `bellwether-log-searches ${projectPath}`
}

export function recentSearches(shelf: Shelf, projectPath: string): readonly string[] {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(keyOf(projectPath)) ?? '[]')
    return Array.isArray(kept) ? kept.filter((text): text is string => typeof text === 'string').slice(0, recentMax) : []
  } catch {
    return []
  }
}

/** Puts a search first among those kept. */
export function keepSearch(shelf: Shelf, projectPath: string, text: string): void {
  if (text === '' || text.length > lengthMax) return
  const kept = [text, ...recentSearches(shelf, projectPath).filter((each) => each !== text)].slice(0, recentMax)
  try {
    shelf.setItem(keyOf(projectPath), JSON.stringify(kept))
  } catch {
    // Storage may be full or forbidden; nothing depends on it.
  }
}

/** Completion that begins with the latest searches while nothing is typed. */
export function withRecent(complete: CompleteSearch, shelf: Shelf, projectPath: string): CompleteSearch {
  return async (text, cursor, signal): Promise<SearchCompletion | null> => {
    const found = await complete(text, cursor, signal)
    if (text.trim() !== '') return found
    const recent = recentSearches(shelf, projectPath).map((search): SearchSuggestion => ({ kind: 'recent', label: search, insert: search }))
    return { from: 0, to: text.length, items: [...recent, ...(found?.items ?? [])] }
  }
}

/**
 * Signs that a call needed the answer of one before it. A trace holds no answers, but ids that come from nowhere else, keys of what was just
 * read, and columns that were just asked for give them away.
 */
import type { Call } from './trace-view.ts'

/** `known`: all that the request itself said. */
export function needsAnswer(later: Call, earlier: readonly Call[], known: string): boolean {
  const [first] = earlier
  if (first === undefined) return false
  // An id that the first call had already was there from the beginning.
  if (idsOf(later).some((id) => !known.includes(id) && !first.text.includes(id))) return true
  return earlier.some((call) => isKeyedBy(later, call))
}

/** Values that name one thing: in a path, or written into a query. */
function idsOf({ on, text }: Call): string[] {
  if (on === 'http') {
    const path = text.split(/[?#]/, 1)[0] ?? ''
    return path.split('/').filter((part) => /^(\d{3,}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})$/i.test(part))
  }
  return (text.slice(0, 4_000).match(/=\s*(?:'[^']{3,64}'|\d{3,})/g) ?? []).map((found) => found.replace(/^=\s*|'/g, ''))
}

interface ReadShape {
  readonly table: string
  /** Named in the list of what is selected. */
  readonly columns: ReadonlySet<string>
  /** Compared with a value. */
  readonly compared: ReadonlySet<string>
}

/** Is `later` restricted by a key of the rows that `earlier` found, or by a column that it asked for? */
function isKeyedBy(later: Call, earlier: Call): boolean {
  const [found, wanted] = [shapeOf(earlier), shapeOf(later)]
  if (found === null || wanted === null) return false
  for (const column of wanted.compared) {
    // The request knew the value already when both are restricted by it.
    if (found.compared.has(column)) continue
    if (found.columns.has(column)) return true
    if (isKeyOf(column, found.table) && !found.compared.has('id')) return true
  }
  return false
}

/** `post_id`, `postId` for a table `posts`. */
function isKeyOf(column: string, table: string): boolean {
  const bare = column.toLowerCase().replaceAll('_', '')
  const name = table.toLowerCase().replaceAll('_', '')
  const singular = name.endsWith('ies') ? `${name.slice(0, -3)}y` : name.endsWith('s') ? name.slice(0, -1) : name
  return bare === `${singular}id` || bare === `${name}id`
}

function shapeOf({ dialect, subject }: Call): ReadShape | null {
  if (dialect !== 'sql') return null
  const read = /^SELECT (.{1,1000}?) FROM ["`]?([\w.]{1,100})/.exec(subject)
  if (read === null) return null
  const [, list = '', table = ''] = read
  const columns = list.split(',').map((part) => (/([A-Za-z_]\w*)["`]?\s*$/.exec(part)?.[1] ?? '').toLowerCase())
  const where = subject.slice(subject.indexOf(' WHERE ') + 1)
  const compared = Array.from(where.matchAll(/([A-Za-z_]\w{0,60})["`]? (?:= \?|= ANY|IN ?\()/g), ([, column = '']) => column.toLowerCase())
  return { table: table.split('.').pop() ?? table, columns: new Set(columns.filter((name) => name !== '')), compared: new Set(compared) }
}

/**
 * Which indented lines begin a record all the same: layouts fill their columns up with blanks (`%5p` makes ` INFO` of `INFO`), so that a line
 * may be indented by chance. In doubt a line begins a record: what is in two pieces is found, what is glued to another line is not.
 */

const blanks = /^[ \t]*/
const levelWords =
  'trace|debug|verbose|fine|finer|finest|config|info|notice|warn|warning|err|error|severe|fatal|crit|critical|alert|emerg|panic'
/** No assignment: source code stands below Python's places. */
const level = new RegExp(`(?<![\\w.])(?:${levelWords.toUpperCase()})(?![\\w.]|\\s*=)`)
/** In small letters only as the first word: they are words of the language too, and names in objects that are printed. */
const firstLevel = new RegExp(`^[ \\t]*(?:${levelWords})(?=[:|\\s])`, 'i')
const firstNumber = /^[ \t]*\d+(?:\.\d+)?(?=[|\s])/
/** RFC 3339 and relatives, a time of day, syslog's. */
const time =
  /^[ \t]+[[(<"]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d|\d\d?:\d\d:\d\d(?!\d)|(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d)/
/** Lines of stacks, however far they are indented. */
const frame = /^[ \t]+(?:at \S|File "|\.\.\. \d+ |from \S+:\d+:in )/
/** Where a level is looked for. */
const headChars = 64

/** Whether an indented line begins a record although one is open that began with `first`. */
export function isIndentedHead(text: string, first: string): boolean {
  if (frame.test(text) || text.trim() === '') return false
  const indentation = blanksOf(first)
  // Nothing is continued by what is indented like it, or less.
  if (indentation > 0 && blanksOf(text) <= indentation) return true
  if (time.test(text)) return true
  return isSameEnd(firstLevel, text, first) || isSameEnd(firstNumber, text, first) || hasLevelOfHead(text, first)
}

const blanksOf = (text: string): number => blanks.exec(text)?.[0].length ?? 0

/** Columns that are filled up on the left end at the same place. */
function isSameEnd(column: RegExp, text: string, first: string): boolean {
  const found = column.exec(text)
  return found !== null && column.exec(first)?.[0].length === found[0].length
}

/** A level in capitals as the first word, or in the column of the first line's. */
function hasLevelOfHead(text: string, first: string): boolean {
  const found = level.exec(text.slice(0, headChars))
  if (found === null) return false
  if (/^[ \t]+[[(<]?$/.test(text.slice(0, found.index))) return true
  const ofFirst = level.exec(first.slice(0, headChars))
  if (ofFirst === null) return false
  return ofFirst.index === found.index || ofFirst.index + ofFirst[0].length === found.index + found[0].length
}

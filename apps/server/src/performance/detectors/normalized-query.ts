/**
 * What a query is without its values, so that the calls of one place in a program look alike: literals and parameters become `?`, lists of
 * them one, comments and line breaks go. One pass over the text, in linear time, for any dialect of SQL; JSON (MongoDB) and commands
 * (Redis) have rules of their own.
 */
import { statementLengthMax, subjectLengthMax } from '../limits.ts'

const keywords = new Set(
  (
    'select from where and or not in is null as on join left right inner outer full cross group by order having limit offset insert into ' +
    'values update set delete returning union all distinct case when then else end exists between like ilike asc desc with using for ' +
    'begin commit rollback savepoint create alter drop table index truncate lateral fetch first next rows only conflict do nothing'
  ).split(' '),
)

export type QueryDialect = 'sql' | 'command' | 'json'

/** By `db.system`; '' for unknown. */
export function dialectOf(system: string, statement: string): QueryDialect {
  if (/^\s*[{[]/.test(statement.slice(0, 100))) return 'json'
  return /^(redis|valkey|memcached|memcache|dragonfly)/.test(system) ? 'command' : 'sql'
}

/** At most `subjectLengthMax` characters. */
export function normalizedQuery(statement: string, dialect: QueryDialect): string {
  const text = statement.slice(0, statementLengthMax)
  const out = dialect === 'json' ? normalizedJson(text) : dialect === 'command' ? normalizedCommand(text) : normalizedSql(text)
  return out.length > subjectLengthMax ? `${out.slice(0, subjectLengthMax - 1)}…` : out
}

function normalizedSql(text: string): string {
  const words: string[] = []
  let at = 0
  while (at < text.length) {
    const end = tokenEnd(text, at)
    const word = wordOf(text, at, end)
    if (word !== '') push(words, word)
    at = end
  }
  while (words[words.length - 1] === ';') words.pop()
  return spaced(words)
}

/** Adds a word; lists of values are folded when they close. */
function push(words: string[], word: string): void {
  // A sign before a value belongs to it, unless it stands between two values.
  if (word === '?' && /^[-+]$/.test(words[words.length - 1] ?? '') && isBeforeValue(words[words.length - 2])) words.pop()
  words.push(word)
  if (word !== ')' && word !== ']') return
  const open = word === ')' ? '(' : '['
  let from = words.length - 2
  let values = 0
  while (from >= 0 && (words[from] === '?' || words[from] === ',')) {
    if (words[from] === '?') values++
    from--
  }
  if (values === 0 || words[from] !== open) return
  const before = words[from - 1] ?? ''
  // Rows of VALUES: (?), (?) are one row.
  if (before === ',' && words[from - 2] === ')' && words[from - 3] === '?' && isOfValues(words, from - 5)) words.length = from - 1
  else if (before === 'IN' || before === 'VALUES' || open === '[') words.splice(from + 1, words.length - from - 2, '?')
}

function isOfValues(words: readonly string[], at: number): boolean {
  return words[at] === 'VALUES'
}

function isBeforeValue(word: string | undefined): boolean {
  return word === undefined || word === '(' || word === ',' || /^[=<>!*/%|&]+$/.test(word) || keywords.has(word.toLowerCase())
}

function wordOf(text: string, from: number, to: number): string {
  const first = text.charCodeAt(from)
  if (isSpace(first) || isCommentAt(text, from)) return ''
  if (isDigit(first) || first === 39 /* ' */) return '?'
  if (first === 36 /* $ */ || first === 63 /* ? */) return '?'
  // :name, @name; %s and %(name)s. What else begins so is an operator.
  const isNamed = (first === 58 || first === 64) && isWordPart(text.charCodeAt(from + 1))
  if (isNamed || (first === 37 && to - from > 1 && /[sd]/.test(text[to - 1] ?? ''))) return '?'
  const word = text.slice(from, to)
  if (first === 34 /* " */) return /^"[\p{L}_][\p{L}\p{N}_$. -]*"$/u.test(word) ? word : '?'
  // Prefixed texts: E'…', N'…', X'…'.
  if (/^[a-z]{1,2}'/i.test(word.slice(0, 3))) return '?'
  return keywords.has(word.toLowerCase()) ? word.toUpperCase() : word
}

/** Where the token at `at` ends; always beyond `at`. */
function tokenEnd(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (isSpace(code)) return endWhile(text, at + 1, isSpace)
  if (text.startsWith('--', at)) return indexOrEnd(text, '\n', at)
  if (text.startsWith('/*', at)) return Math.min(text.length, indexOrEnd(text, '*/', at + 2) + 2)
  if (code === 39 || code === 34 || code === 96) return quotedEnd(text, at)
  if (code === 36) return dollarEnd(text, at)
  if (isDigit(code)) return endWhile(text, at + 1, isNumberPart)
  if (isWordPart(code)) {
    const end = endWhile(text, at + 1, isWordPart)
    // E'…' and the like are one token.
    return end - at <= 2 && text.charCodeAt(end) === 39 && /^(e|n|x|b|u|_n)$/i.test(text.slice(at, end)) ? quotedEnd(text, end) : end
  }
  if (code === 58 && text.charCodeAt(at + 1) === 58) return at + 2
  if ((code === 58 || code === 64) && isWordPart(text.charCodeAt(at + 1))) return endWhile(text, at + 1, isWordPart)
  if (code === 37 && /^%(s|d|\(\w{1,100}\)s)/.test(text.slice(at, at + 110))) return indexOrEnd(text, 's', at) + 1
  if (isOperator(code)) return endWhile(text, at + 1, (next) => isOperator(next) && next !== 45 && next !== 43)
  return at + 1
}

function quotedEnd(text: string, at: number): number {
  const quote = text[at] ?? ''
  let end = at + 1
  while (end < text.length) {
    if (text[end] === '\\' && quote === "'") end += 2
    else if (text[end] !== quote) end++
    else if (text[end + 1] === quote) end += 2
    else return end + 1
  }
  return text.length
}

/** `$1`, `$name`, or a text between dollar signs: `$tag$ … $tag$`. */
function dollarEnd(text: string, at: number): number {
  const end = endWhile(text, at + 1, isWordPart)
  if (text[end] !== '$') return Math.max(end, at + 1)
  const tag = text.slice(at, end + 1)
  return Math.min(text.length, indexOrEnd(text, tag, end + 1) + tag.length)
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from)
  return found < 0 ? text.length : found
}

function endWhile(text: string, from: number, holds: (code: number) => boolean): number {
  let end = from
  while (end < text.length && holds(text.charCodeAt(end))) end++
  return end
}

function isCommentAt(text: string, at: number): boolean {
  return text.startsWith('--', at) || text.startsWith('/*', at)
}
function isSpace(code: number): boolean {
  return code <= 32 || code === 0xa0
}
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
/** Digits, letters (0x1f, 1e5) and points. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 46 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}
function isWordPart(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code > 127
}
function isOperator(code: number): boolean {
  return '<>=!|&+-*/%^~#@'.includes(String.fromCharCode(code))
}

/** Words with blanks where people put them. */
function spaced(words: readonly string[]): string {
  let out = ''
  let last = ''
  for (const word of words) {
    const isClose = word === ',' || word === ')' || word === ']' || word === ';' || word === '.' || word === '::'
    const isCall = (word === '(' || word === '[') && /[\p{L}\p{N}_"]$/u.test(last) && !keywords.has(last.toLowerCase())
    const isOpen = last === '' || last === '(' || last === '[' || last === '.' || last === '::'
    out += isClose || isCall || isOpen ? word : ` ${word}`
    last = word
  }
  return out
}

/** Redis: the command stays, keys lose their ids, values go. */
function normalizedCommand(text: string): string {
  const [command = '', key = '', ...rest] = text.trim().split(/\s+/, 12)
  const bare = key.replace(/[0-9a-f]{8,}|\d+/gi, '?')
  return [command.toUpperCase(), bare, ...(rest.length > 0 ? ['?'] : [])].filter((part) => part !== '').join(' ')
}

/** JSON: names stay, values go. What is cut off at its end is read as far as it goes. */
function normalizedJson(text: string): string {
  let out = ''
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 34) {
      const end = jsonStringEnd(text, at)
      const isName = /^\s*:/.test(text.slice(end, end + 20))
      // The collection is a value, and what the query is about.
      out += isName || /"(find|aggregate|insert|update|delete|count|distinct)"\s*:\s*$/.test(out.slice(-30)) ? text.slice(at, end) : '?'
      at = end
    } else if (isDigit(code) || code === 45) {
      out += '?'
      at = endWhile(text, at + 1, (next) => isNumberPart(next) || next === 43 || next === 45)
    } else {
      out += text[at] ?? ''
      at++
    }
  }
  return out.replace(/\s+/g, ' ').replace(/\[\s*\?(?:\s*,\s*\?)*\s*\]/g, '[?]')
}

function jsonStringEnd(text: string, at: number): number {
  let end = at + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return Math.min(text.length, end + 1)
}

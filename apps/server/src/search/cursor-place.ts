/** Where the caret of a half-written search stands: at a name, or at a value of a field. Nothing here fails, whatever the text is. */
import { isFieldName } from './text-reader.ts'

export interface CursorPlace {
  /** The field whose value is written; null where a name or a word is. */
  readonly field: string | null
  /** What was written of it up to the caret, without quote and operator. */
  readonly written: string
  /** What a suggestion replaces. */
  readonly from: number
  readonly to: number
  /** `>`, `>=`, `<`, `<=` stand in front of the value. */
  readonly isCompared: boolean
  /** The value has its opening quote already. */
  readonly quote: string
  /** A condition stands before this one, without AND or OR between. */
  readonly followsCondition: boolean
}

const operatorPattern = /^(?:>=|<=|!=|[=<>!])/

interface Scan {
  /** Fields of the open parentheses; '' for plain ones. */
  readonly groups: string[]
  start: number
  isQuoted: boolean
  before: string
}

/** Goes through the text up to the caret. */
function scan(text: string, cursor: number): Scan {
  const state: Scan = { groups: [], start: 0, isQuoted: false, before: '' }
  for (let at = 0; at < cursor; at++) {
    const char = text.charAt(at)
    if (state.isQuoted) {
      if (char === '\\') at++
      else if (char === '"') state.isQuoted = false
    } else if (char === '\\') at++
    else if (char === '"') state.isQuoted = true
    else if (/\s/.test(char)) {
      if (at > state.start) state.before = text.slice(state.start, at)
      state.start = at + 1
    } else if (char === '(') {
      const head = text.slice(state.start, at).replace(/^[-!]/, '')
      if (head !== '' && !head.endsWith(':')) continue
      state.groups.push(head.endsWith(':') ? head.slice(0, -1) : (state.groups.at(-1) ?? ''))
      state.before = ''
      state.start = at + 1
    } else if (char === ')') state.groups.pop()
  }
  return state
}

export function placeOf(text: string, cursor: number): CursorPlace {
  const state = scan(text, cursor)
  let { start } = state
  if ((text[start] === '-' || text[start] === '!') && start < cursor) start++
  const followsCondition = state.before !== '' && !/^(?:AND|OR|NOT|&&|\|\|)$/.test(state.before)
  const token = text.slice(start, cursor)
  const group = state.groups.at(-1) ?? ''
  const head = /^(?:"((?:[^"\\]|\\.)*)"|([^\s:=<>!"()]+|\*))(:(?:>=|<=|!=|[=<>!])?|>=|<=|!=|[=<>])/.exec(token)
  const name = head?.[1] ?? head?.[2] ?? ''
  const hasName = head !== null && (head[1] !== undefined || name === '*' || isFieldName(name))
  if (!hasName && group === '') return { ...rest({ text, cursor, from: start }), field: null, isCompared: false, followsCondition }
  const valueStart = hasName ? start + (head[0].length ?? 0) : start
  const operator = hasName ? (operatorPattern.exec((head[3] ?? '').replace(/^:/, ''))?.[0] ?? '') : ''
  const value = rest({ text, cursor, from: valueStart })
  return { ...value, field: hasName ? name : group, isCompared: /[<>]/.test(operator), followsCondition }
}

/** What was written from `from` up to the caret, and where the word that it belongs to ends. */
function rest({
  text,
  cursor,
  from,
}: {
  readonly text: string
  readonly cursor: number
  readonly from: number
}): Pick<CursorPlace, 'written' | 'from' | 'to' | 'quote'> {
  const token = text.slice(from, cursor)
  const quote = token.startsWith('"') ? '"' : ''
  let to = cursor
  if (quote === '') while (to < text.length && !/[\s()"]/.test(text.charAt(to)) && !/[:=<>]/.test(text.charAt(to))) to++
  else if (text.charAt(to) === '"') to++
  return { written: token.slice(quote.length).replaceAll(/\\(.)/g, '$1'), from, to, quote }
}

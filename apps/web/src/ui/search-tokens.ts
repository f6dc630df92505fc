/**
 * The text of a search in pieces, for colouring and for adding or taking away a condition. It knows quotes, brackets, `field:` and the
 * words between conditions; whether a search is right, the server says.
 */

export type SearchTokenKind = 'space' | 'field' | 'text' | 'string' | 'number' | 'operator' | 'bracket'

export interface SearchToken {
  readonly kind: SearchTokenKind
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** What a word without quotes may have in a field's name; a name with anything else is quoted. */
const fieldPattern = /^[\w.@/*-]+$/
const numberPattern = /^-?\d+(\.\d+)?([a-zµ%]+)?$/i

function kindOfWord(word: string): SearchTokenKind {
  if (word === 'AND' || word === 'OR' || word === 'NOT') return 'operator'
  return numberPattern.test(word) ? 'number' : 'text'
}

/** The end of the quoted text that starts at `at`: after its closing quote, or the end. A backslash keeps the quote after it. */
export function endOfQuoted(text: string, at: number): number {
  const quote = text[at]
  let i = at + 1
  while (i < text.length && text[i] !== quote) i += text[i] === '\\' ? 2 : 1
  return Math.min(text.length, i + 1)
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'" || char === '`'
}

function endOfWord(text: string, at: number): number {
  let i = at
  while (i < text.length && !/[\s()"'`:<>=!]/.test(text[i] ?? '')) i += 1
  return i
}

/** All pieces, one after another without a hole: what they cover is the whole text. */
export function searchTokens(text: string): readonly SearchToken[] {
  const tokens: SearchToken[] = []
  let at = 0
  const push = (kind: SearchTokenKind, to: number): void => {
    tokens.push({ kind, from: at, to })
    at = to
  }
  while (at < text.length) {
    const char = text[at] ?? ''
    const isStart = at === 0 || /[\s(]/.test(text[at - 1] ?? '')
    if (/\s/.test(char)) push('space', at + (/^\s+/.exec(text.slice(at))?.[0].length ?? 1))
    else if (char === '(' || char === ')') push('bracket', at + 1)
    else if (isQuote(char)) {
      const end = endOfQuoted(text, at)
      push(text[end] === ':' ? 'field' : 'string', end)
    } else if ((char === '-' || char === '!') && isStart) push('operator', at + 1)
    else if (/[:<>=!]/.test(char)) push('operator', at + (/^[:<>=!~]+/.exec(text.slice(at))?.[0].length ?? 1))
    else {
      const end = endOfWord(text, at)
      const word = text.slice(at, end)
      const isField = /[:<>=!]/.test(text[end] ?? '') && fieldPattern.test(word)
      push(isField ? 'field' : kindOfWord(word), end)
    }
  }
  return tokens
}

/** Conditions that stand beside one another at the top: `a:1 (b OR c) -d` gives three. Words between them are with what follows. */
export function topTerms(text: string): readonly { readonly from: number; readonly to: number; readonly text: string }[] {
  const terms: { from: number; to: number; text: string }[] = []
  let depth = 0
  let from = -1
  const close = (to: number): void => {
    if (from !== -1) terms.push({ from, to, text: text.slice(from, to) })
    from = -1
  }
  for (const token of searchTokens(text)) {
    if (token.kind === 'space' && depth === 0) close(token.from)
    else if (from === -1) from = token.from
    if (token.kind === 'bracket') depth = Math.max(0, depth + (text[token.from] === '(' ? 1 : -1))
  }
  close(text.length)
  return terms
}

/** Writes a search one way: the same meaning, fit to be read again and to be the key of a cache. */
import type { Condition, SearchNode, TermNode, Value } from './ast.ts'
import { quotedText, writtenName } from './field-table.ts'

/** `printSearch(parseSearch(text))` means what `text` means, and printing what was printed changes nothing. */
export function printSearch(node: SearchNode): string {
  return node.type === 'all' ? '' : print(node, false)
}

function print(node: SearchNode, isInside: boolean): string {
  switch (node.type) {
    case 'all':
      return '*'
    case 'and': {
      if (node.parts.length === 0) return '*'
      const text = node.parts.map((part) => print(part, true)).join(' ')
      return isInside ? `(${text})` : text
    }
    case 'or': {
      const text = node.parts.map((part) => print(part, true)).join(' OR ')
      return isInside ? `(${text})` : text
    }
    case 'not':
      return `NOT ${print(node.inner, true)}`
    case 'term':
      return printTerm(node)
  }
}

function printTerm({ field, condition }: TermNode): string {
  if (field === null) return printCondition(condition, true)
  const name = field.name === '*' ? field.name : writtenName(field.name)
  return `${name}:${printCondition(condition, false)}`
}

function printCondition(condition: Condition, isText: boolean): string {
  switch (condition.op) {
    case 'is':
      return printValue(condition.value, isText)
    case 'equals':
      return `=${printValue(condition.value, false)}`
    case 'compare':
      return `${condition.with}${printValue(condition.value, false)}`
    case 'range':
      return printRange(condition)
    case 'pattern':
      return `/${condition.source.replaceAll(/\\[\s\S]|\//g, (part) => (part === '/' ? '\\/' : part))}/${condition.ignoresCase ? 'i' : ''}`
    case 'exists':
      return '*'
  }
}

function printRange({ low, lowOpen, high, highOpen, written }: Extract<Condition, { op: 'range' }>): string {
  if (written !== null) return printValue(written, false)
  const bound = (value: Value | null): string => (value === null ? '*' : (value.pieces[0] ?? ''))
  return `${lowOpen ? '{' : '['}${bound(low)} TO ${bound(high)}${highOpen ? '}' : ']'}`
}

const plainPattern = /^[\w.,@#%+][\w.,:;@#%+/=&?-]*$/
const words = new Set(['AND', 'OR', 'NOT', 'TO'])

/** Quoted unless it cannot be read as anything else; text that is no field's value must not look like one. */
function printValue({ pieces, isQuoted }: Value, isText: boolean): string {
  if (pieces.length > 1) return pieces.map((piece) => piece.replaceAll(/[\\\s()"'`:=<>!/[\]{}*&|-]/g, (char) => escaped(char))).join('*')
  const text = pieces[0] ?? ''
  if (isQuoted) return quotedText(text)
  const isPlain = plainPattern.test(text) && !words.has(text) && !(isText && /[:=]/.test(text))
  return isPlain ? text : quotedText(text)
}

function escaped(char: string): string {
  return `\\${char}`
}

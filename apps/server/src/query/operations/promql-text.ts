/** Pieces of PromQL from names and values of people: quoted and escaped, so that none of them means more than itself. */
import type { Matcher } from '../../metrics/index.ts'
import type { TagFilter } from './ports.ts'

/** A PromQL string literal. */
export function quoted(text: string): string {
  let out = '"'
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (char === '"' || char === '\\') out += `\\${char}`
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`
    else out += char
  }
  return `${out}"`
}

/** A pattern that only this text matches. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}

/** Only the texts themselves match. */
export function anyOf(texts: readonly string[]): string {
  return texts.map(literalPattern).join('|')
}

export function matcherOf({ tag, op, values }: TagFilter): Matcher {
  const [first = ''] = values
  switch (op) {
    case '=':
    case '!=':
      return { name: tag, op, value: first }
    case 'in':
      return values.length === 1 ? { name: tag, op: '=', value: first } : { name: tag, op: '=~', value: anyOf(values) }
    case 'not_in':
      return values.length === 1 ? { name: tag, op: '!=', value: first } : { name: tag, op: '!~', value: anyOf(values) }
    case 'prefix':
      return { name: tag, op: '=~', value: `${literalPattern(first)}.*` }
  }
}

/** The series of a stored name that satisfy the matchers. */
export function selectorText(name: string, matchers: readonly Matcher[]): string {
  const parts = [`__name__=${quoted(name)}`, ...matchers.map((one) => `${quoted(one.name)}${one.op}${quoted(one.value)}`)]
  return `{${parts.join(',')}}`
}

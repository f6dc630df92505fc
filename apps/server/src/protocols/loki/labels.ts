/** The labels of a Loki stream as text, `{app="shop", env="prod"}`, and as the resource that its lines come from. */
import { makeResource, type Resource } from '../../signals/index.ts'
import { resourceAttributesMax } from '../log-lines/limits.ts'
import { severityOfText } from '../log-lines/severity.ts'

export type Label = readonly [name: string, value: string]

/** What a stream says of its lines. */
export interface LokiStream {
  readonly resource: Resource
  /** Of the labels that name a level; 0 when none does. */
  readonly severity: number
}

const levelLabels = new Set(['level', 'detected_level', 'severity'])

/** A level is the severity of the lines and no part of where they come from; one that is no known word stays a label. */
export function streamOf(labels: readonly Label[]): LokiStream {
  let severity = 0
  const others: Label[] = []
  for (const label of labels) {
    const level = levelLabels.has(label[0]) ? severityOfText(label[1]) : 0
    if (level !== 0) severity = level
    else if (others.length < resourceAttributesMax) others.push(label)
  }
  return { resource: makeResource(others), severity }
}

/** Null when it is not a set of labels. Values are quoted as in Go. */
export function parseLabels(text: string): Label[] | null {
  const whole = text.trim()
  if (!whole.startsWith('{') || !whole.endsWith('}')) return null
  const labels: Label[] = []
  const pattern = /\s*([a-zA-Z_:][\w:.-]*)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|$)/gy
  const inner = whole.slice(1, -1)
  while (pattern.lastIndex < inner.length) {
    const from = pattern.lastIndex
    const match = pattern.exec(inner)
    if (match === null) return inner.slice(from).trim() === '' ? labels : null
    const value = unquoted(match[2] ?? '')
    if (value === null) return null
    labels.push([match[1] ?? '', value])
  }
  return labels
}

const goEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

function unquoted(quoted: string): string | null {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`') || !inner.includes('\\')) return inner
  let isBad = false
  const text = inner.replaceAll(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs, (_whole, ...groups) => {
    const [hex, short, long, octal, letter] = groups as (string | undefined)[]
    if (letter !== undefined) {
      const plain = goEscapes[letter]
      if (plain === undefined) isBad = true
      return plain ?? ''
    }
    const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8)
    if (code > 0x10ffff) isBad = true
    return code > 0x10ffff ? '' : String.fromCodePoint(code)
  })
  return isBad ? null : text
}

/** Small reading of PromQL texts in the browser: tokens and quoting. The server's parser is the one that decides. */

export interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'duration' | 'punct'
  /** Of a string: its content. */
  readonly text: string
  readonly at: number
}

const pattern =
  /\s+|#[^\n]*|(?<duration>\$__[a-z_]+|\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<punct>=~|!~|!=|==|>=|<=|[-+*/%^(){}[\],=<>@:])/gy

function unquote(text: string): string {
  const body = text.slice(1, -1)
  if (text.startsWith('`')) return body
  return body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_all, escape: string) => {
    const known: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' }
    if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return known[escape] ?? escape
  })
}

/** Tokens of a query; null when some part is none. */
export function tokenize(text: string): readonly Token[] | null {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return null
    for (const kind of ['duration', 'number', 'name', 'string', 'punct'] as const) {
      const found = match.groups?.[kind]
      if (found !== undefined) tokens.push({ kind, text: kind === 'string' ? unquote(found) : found, at })
    }
    at += match[0].length
  }
  return tokens
}

/** A string as PromQL writes it. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`
}

/** A name that needs no quotes as a metric. */
export function isPlainMetric(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}

/** A label name as it stands in matchers and `by (...)`. */
export function writeLabelName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quote(name)
}

/** Puts the ranges of the moment in place of `$__interval`, `$__rate_interval` and `$__range`. */
export function fillIntervals(query: string, stepMs: number, rangeMs: number): string {
  // A rate needs several samples in its window, and collectors commonly send once a minute.
  const rateSec = Math.max(300, Math.ceil((stepMs * 4) / 1000))
  return query
    .replace(/\$__rate_interval\b/g, `${rateSec}s`)
    .replace(/\$__interval\b/g, `${Math.max(1, Math.ceil(stepMs / 1000))}s`)
    .replace(/\$__range\b/g, `${Math.max(1, Math.round(rangeMs / 1000))}s`)
}

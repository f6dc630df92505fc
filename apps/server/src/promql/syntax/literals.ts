/** Reading and writing of PromQL's literals: numbers, durations, quoted strings. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
const durationPattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const unitOrder = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const

/** `1h30m` in ms, or null. Units must come in falling order, each once, as Prometheus wants it. '0' is zero. */
export function durationOrNull(text: string): number | null {
  if (text === '0') return 0
  const match = durationPattern.exec(text)
  if (text === '' || match === null) return null
  let total = 0
  for (let i = 0; i < unitOrder.length; i++) {
    const digits = match[i + 1]
    if (digits !== undefined) total += Number(digits) * (unitMs[unitOrder[i] ?? 'ms'] ?? 1)
  }
  return Number.isSafeInteger(total) ? total : null
}

/** The shortest Prometheus spelling: `90000` is `1m30s`, `0` is `0s`. Years, weeks and days only when exact, as Prometheus writes. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.abs(Math.round(ms))
  let out = ms < 0 ? '-' : ''
  const take = (unit: string, exact: boolean): void => {
    const size = unitMs[unit] ?? 1
    if (exact && rest % size !== 0) return
    const count = Math.floor(rest / size)
    if (count > 0) out += `${count}${unit}`
    rest -= count * size
  }
  take('y', true)
  take('w', true)
  take('d', false)
  take('h', false)
  take('m', false)
  take('s', false)
  take('ms', false)
  return out
}

/** A number as PromQL writes it (`Inf`, `NaN`, hexadecimal, `_`), or null. */
export function numberOrNull(text: string): number | null {
  const lower = text.toLowerCase()
  if (lower === 'inf' || lower === '+inf') return Infinity
  if (lower === '-inf') return -Infinity
  if (lower === 'nan') return NaN
  const plain = lower.replaceAll('_', '')
  if (plain.startsWith('0x')) {
    const value = Number(plain)
    return Number.isNaN(value) ? null : value
  }
  // A leading zero means octal to Prometheus (Go's base prefix rules) when only octal digits follow.
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8)
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain)) return null
  return Number(plain)
}

/** A float as Go's `%v` writes it, which Prometheus uses in expressions and messages: shortest digits, `+Inf`, `-Inf`, `NaN`. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value)
  if (Number.isFinite(value) && magnitude !== 0 && (magnitude >= 1e21 || magnitude < 1e-4)) return goExponent(value.toExponential())
  return formatPlain(value)
}

/** A float without exponent (Go's `'f', -1`), as `count_values` makes label values. */
export function formatPlain(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', head = '', tail = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  const digits = head + tail
  if (exponent >= 0) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
}

/** Go writes at least two exponent digits. */
function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/**
 * The value of a quoted string (quotes included in `text`), or null when an escape is wrong. Byte escapes (`\xff`, `\377`) that do not
 * form UTF-8 become lone surrogates U+DC80..U+DCFF, so that a later check of the name refuses them.
 */
export function unquote(text: string): string | null {
  const quote = text.charAt(0)
  const body = text.slice(1, -1)
  if (quote === '`') return body
  if (!body.includes('\\')) return body
  const bytes: number[] = []
  let out = ''
  const flush = (): void => {
    if (bytes.length > 0) out += decodeBytes(bytes.splice(0))
  }
  for (let i = 0; i < body.length; i++) {
    const char = body.charAt(i)
    if (char !== '\\') {
      flush()
      out += char
      continue
    }
    const kind = body.charAt(++i)
    const simple = simpleEscapes[kind]
    if (simple !== undefined) {
      if ((kind === "'" || kind === '"') && kind !== quote) return null
      flush()
      out += simple
      continue
    }
    const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : kind >= '0' && kind <= '7' ? 3 : 0
    if (digits === 0) return null
    const from = digits === 3 ? i : i + 1
    const code = Number.parseInt(body.slice(from, from + digits), digits === 3 ? 8 : 16)
    const pattern = digits === 3 ? /^[0-7]{3}$/ : /^[0-9a-fA-F]+$/
    const written = body.slice(from, from + digits)
    if (written.length !== digits || !pattern.test(written)) return null
    if (digits <= 3) {
      if (code > 255) return null
      bytes.push(code)
    } else {
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
      flush()
      out += String.fromCodePoint(code)
    }
    i = from + digits - 1
  }
  flush()
  return out
}

function decodeBytes(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
  } catch {
    return bytes.map((byte) => String.fromCharCode(byte < 128 ? byte : 0xdc00 + byte)).join('')
  }
}

/** True when the text is valid Unicode (no lone surrogates). */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text)
}

/** Double-quoted with Go's escapes, as Prometheus prints label values. */
export function quote(text: string): string {
  let out = '"'
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (char === '"' || char === '\\') out += `\\${char}`
    else if (char === '\n') out += '\\n'
    else if (char === '\t') out += '\\t'
    else if (char === '\r') out += '\\r'
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${(code - 0xdc00).toString(16)}`
    else out += char
  }
  return `${out}"`
}

/** Names that may stand unquoted. */
export function isLegacyMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}

export function isLegacyLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}

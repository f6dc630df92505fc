/** Numbers with units, as the search language writes them. Everything is case-sensitive only where it must be (`m` and `M`). */

const numberPattern = /^([+-]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-zA-Zµμ%]*)$/

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  sec: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
}

/** IEC 80000-13 for the ones with an i; the others are powers of ten. */
const bytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, '%': 0.01 }

function scaled(text: string, units: Readonly<Record<string, number>>, fold: boolean): number | null {
  const match = numberPattern.exec(text)
  const unit = match?.[2] ?? ''
  const factor = units[fold ? unit.toLowerCase() : unit]
  if (match === null || factor === undefined) return null
  const value = Number((match[1] ?? '').replaceAll('_', '')) * factor
  return Number.isFinite(value) ? value : null
}

/** A plain number, or with `k`, `M`, `G`; null when it is none. */
export function numberOf(text: string): number | null {
  return scaled(text, factors, false)
}

/** `1h30m`, `100ms` in nanoseconds; null without a unit. */
export function durationNsOf(text: string): number | null {
  const parts = text.match(/[+-]?[\d._]+(?:[eE][+-]?\d+)?[a-zµμ]+/g)
  if (parts === null || parts.join('') !== text) return null
  let total = 0
  for (const part of parts) {
    const value = scaled(part, nanoseconds, false)
    if (value === null) return null
    total += value
  }
  return Math.round(total)
}

/** `10kb`, `5MiB` in bytes; null without a unit. */
export function sizeBytesOf(text: string): number | null {
  return scaled(text, bytes, true)
}

const isoPattern = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?:Z|[+-]\d{2}:?\d{2})?$/

/** RFC 3339 (UTC without a zone), a date, `now`, `now-15m`, in ms since 1970; null when it is none. */
export function timeMsOf(text: string, nowMs: number): number | null {
  const relative = /^now(?:([+-])(.+))?$/.exec(text)
  if (relative !== null) {
    const offset = relative[2] === undefined ? 0 : durationNsOf(relative[2])
    if (offset === null) return null
    return nowMs + ((relative[1] === '-' ? -1 : 1) * offset) / 1e6
  }
  if (!isoPattern.test(text)) return null
  const hasZone = /Z$|T.*[+-]\d{2}:?\d{2}$| .*[+-]\d{2}:?\d{2}$/.test(text)
  const withTime = text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T')
  const ms = Date.parse(hasZone ? withTime : `${withTime}Z`)
  return Number.isFinite(ms) ? ms : null
}

/** Units that names of attributes end with, as factors of nanoseconds or bytes; `elapsed_ms`, `took.seconds`, `bodyBytes`. */
const nameUnits: readonly (readonly [ending: RegExp, unit: 'duration' | 'size', factor: number])[] = [
  [/(?:^|[_.-])(?:ns|nanos|nanoseconds)$|Ns$|Nanos$/, 'duration', 1],
  [/(?:^|[_.-])(?:us|micros|microseconds)$|Us$|Micros$/, 'duration', 1e3],
  [/(?:^|[_.-])(?:ms|millis|milliseconds)$|Ms$|Millis$/, 'duration', 1e6],
  [/(?:^|[_.-])(?:s|sec|secs|seconds)$|Sec$|Seconds$/, 'duration', 1e9],
  [/(?:^|[_.-])(?:bytes|size|length)$|Bytes$|Size$|Length$/, 'size', 1],
]

/**
 * A number to compare the text of an attribute with. A unit is turned into the one that the attribute's name says; null when the text is no
 * number, 'unit' when its unit has nothing to go by.
 */
export function attributeNumberOf(name: string, text: string): number | 'unit' | null {
  const plain = numberOf(text)
  if (plain !== null && !text.endsWith('%')) return plain
  const duration = durationNsOf(text)
  const size = sizeBytesOf(text)
  if (duration === null && size === null) return null
  for (const [ending, unit, factor] of nameUnits) {
    if (!ending.test(name)) continue
    const value = unit === 'duration' ? duration : size
    return value === null ? 'unit' : value / factor
  }
  return 'unit'
}

/**
 * The number that the text of an attribute is, NaN when it is none: decimal with an exponent or not, or infinity. The engine's
 * `toFloat64OrNull` reads the same ones.
 */
export function numberOfAttribute(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (!/^[+-]?inf(?:inity)?$/i.test(text)) return Number.NaN
  return text.startsWith('-') ? -Infinity : Infinity
}

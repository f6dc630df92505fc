/**
 * Numbers and times as Prometheus' JSON has them. Sample values are strings: the shortest text that reads back as the same number, with
 * an exponent below 1e-6 and from 1e21 on (its jsonutil), scalars without an exponent ever (Go's strconv 'f').
 * JavaScript's own shortest text has the same digits and the same two cut-offs; only exponents, signs of zero and infinities differ.
 */

/** Value of a sample, without quotes. */
export function formatSampleValue(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  if (Number.isFinite(value)) {
    const text = String(value)
    return Math.abs(value) >= 1e21 || Math.abs(value) < 1e-6 ? padExponent(text) : text
  }
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** Go writes at least two digits of exponent: `1e-07`. */
function padExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Value of a scalar result: never with an exponent. */
export function formatScalarValue(value: number): string {
  const text = formatSampleValue(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match
  const digits = whole + fraction
  const exponent = Number(exponentText)
  // Position of the decimal point in `digits`.
  const point = exponent + 1
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length
    ? sign + digits + '0'.repeat(point - digits.length)
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Milliseconds as seconds with three decimals, or none when they are whole: `1700000000.050`. */
export function formatTimeSec(timeMs: number): string {
  const negative = timeMs < 0
  const ms = Math.abs(Math.round(timeMs))
  const rest = ms % 1000
  const seconds = (ms - rest) / 1000
  const text = rest === 0 ? String(seconds) : `${seconds}.${String(rest).padStart(3, '0')}`
  return negative && ms !== 0 ? `-${text}` : text
}

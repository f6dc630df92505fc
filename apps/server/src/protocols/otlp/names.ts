/**
 * OpenTelemetry names to Prometheus names, after the OpenTelemetry specification "Prometheus and OpenMetrics Compatibility":
 * invalid characters become `_`, the unit becomes a suffix unless the name has it, monotonic sums end in `_total`.
 */

export type MetricKind = 'gauge' | 'sum' | 'counter' | 'histogram' | 'exponential' | 'summary'

/** UCUM units that have a Prometheus word. Others are used as they are. */
const unitWords: Readonly<Record<string, string>> = {
  // Time.
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  // Bytes.
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tebibytes',
  kBy: 'kilobytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  // SI.
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  // Others.
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
}

/** After a slash, in the singular. */
const perUnitWords: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

const invalidNameChars = /[^a-zA-Z0-9:]+/

/** The Prometheus name; '' when nothing of the name can be kept. */
export function metricName(name: string, unit: string, kind: MetricKind): string {
  let words = name.split(invalidNameChars).filter((word) => word !== '')
  if (words.length === 0) return ''
  for (const suffix of unitSuffixes(unit)) if (!words.includes(suffix) && !endsWithWords(words, suffix)) words.push(suffix)
  if (kind === 'counter') words = [...words.filter((word) => word !== 'total'), 'total']
  if (kind === 'gauge' && unit === '1') words = [...words.filter((word) => word !== 'ratio'), 'ratio']
  const joined = words.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** True when the last words of the name, joined, are already the suffix (`bytes_per_second`). */
function endsWithWords(words: readonly string[], suffix: string): boolean {
  return suffix.includes('_') && `_${words.join('_')}`.endsWith(`_${suffix}`)
}

/** `By/s` → `bytes`, `per_second`; annotations in braces are dropped. */
function unitSuffixes(unit: string): string[] {
  const slash = unit.indexOf('/')
  const main = unitWord(slash < 0 ? unit : unit.slice(0, slash), unitWords)
  const per = slash < 0 ? '' : unitWord(unit.slice(slash + 1), perUnitWords)
  const suffixes: string[] = []
  if (main !== '') suffixes.push(main)
  if (per !== '') suffixes.push(`per_${per}`)
  return suffixes
}

function unitWord(unit: string, words: Readonly<Record<string, string>>): string {
  const bare = unit.replaceAll(/\{[^}]*\}/g, '').trim()
  if (bare.includes('{') || bare.includes('}')) return ''
  const word = Object.hasOwn(words, bare) ? (words[bare] ?? '') : bare
  return word
    .split(invalidNameChars)
    .filter((part) => part !== '')
    .join('_')
}

/**
 * The Prometheus label name of an attribute. A name that would begin with a digit gets `key_` before it, one that would begin with
 * `_` gets `key`: names with leading underscores are Prometheus' own. '' only for the empty name.
 */
export function labelName(attribute: string): string {
  if (attribute === '') return ''
  const name = attribute.replaceAll(/[^a-zA-Z0-9]+/g, '_')
  if (/^[0-9]/.test(name)) return `key_${name}`
  return name.startsWith('_') ? `key${name}` : name
}

/** A bucket bound or quantile as label value: decimal digits without an exponent, `+Inf`, `-Inf`, `NaN`. */
export function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf'
  if (bound === -Infinity) return '-Inf'
  const text = String(bound)
  const exponentAt = text.indexOf('e')
  return exponentAt < 0 ? text : withoutExponent(text, exponentAt)
}

function withoutExponent(text: string, exponentAt: number): string {
  const exponent = Number(text.slice(exponentAt + 1))
  const negative = text.startsWith('-')
  const [whole = '', fraction = ''] = text.slice(negative ? 1 : 0, exponentAt).split('.')
  const digits = whole + fraction
  const point = whole.length + exponent
  const sign = negative ? '-' : ''
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + (point >= digits.length ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`)
}

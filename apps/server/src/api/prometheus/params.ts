/** Parameters of the Prometheus API: from the address and from a form, with Prometheus' own error texts. */
import { AppError, type ErrorSpec } from '../../kernel/errors.ts'
import { parameterRepeatsMax, quotedCharsMax } from '../limits.ts'
import { durationOrNull } from '../../promql/index.ts'

export const badParameter: ErrorSpec = { code: 'prometheus.bad_parameter', kind: 'invalid', publicText: 'A parameter is not valid.' }

/** Earlier and later than any sample. */
export const timeMsMin = -9_007_199_254_740_000
export const timeMsMax = 9_007_199_254_740_000

/** A parse failure of parameter `name`. */
export function invalidParameter(name: string, why: string): AppError {
  return new AppError(badParameter, { publicText: `invalid parameter "${name}": ${why}` })
}

export class PromParams {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  /** Of a form and an address, the form's values come first, as Go's `FormValue` has it. */
  static of(query: unknown, form: URLSearchParams | null): PromParams {
    const values = new Map<string, string[]>()
    const add = (name: string, value: string): void => {
      const given = values.get(name)
      if (given === undefined) values.set(name, [value])
      else given.push(value)
    }
    if (form !== null) for (const [name, value] of form) add(name, value)
    if (typeof query === 'object' && query !== null) {
      for (const [name, given] of Object.entries(query)) {
        const list: readonly unknown[] = Array.isArray(given) ? given : [given]
        for (const value of list) if (typeof value === 'string') add(name, value)
      }
    }
    return new PromParams(values)
  }

  /** The first value, '' when absent. */
  text(name: string): string {
    return this.#values.get(name)?.[0] ?? ''
  }

  /** Every value. Errors: `prometheus.bad_parameter` when there are too many to look at. */
  all(name: string): readonly string[] {
    const values = this.#values.get(name) ?? []
    if (values.length > parameterRepeatsMax) throw invalidParameter(name, `given more than ${parameterRepeatsMax} times`)
    return values
  }

  /** Milliseconds; `absent` when not given. */
  time(name: string, absent: number | null): number {
    const text = this.text(name)
    if (text === '' && absent !== null) return absent
    const timeMs = parseTime(text)
    if (timeMs === null) throw invalidParameter(name, `cannot parse ${quote(text)} to a valid timestamp`)
    return timeMs
  }

  /** Milliseconds; null when not given. */
  duration(name: string): number | null {
    const text = this.text(name)
    if (text === '') return null
    const durationMs = parseDuration(text)
    if (durationMs === null) throw invalidParameter(name, `cannot parse ${quote(text)} to a valid duration`)
    return durationMs
  }

  /** 0 when not given: no limit. */
  limit(name = 'limit'): number {
    const text = this.text(name)
    if (text === '') return 0
    if (!/^\d{1,9}$/.test(text)) {
      throw invalidParameter(name, /^-\d+$/.test(text) ? 'limit must be non-negative' : `cannot parse ${quote(text)} to a whole number`)
    }
    return Number(text)
  }
}

/** For a message: a value may be as long as a body. */
function quote(text: string): string {
  return JSON.stringify(text.length > quotedCharsMax ? `${text.slice(0, quotedCharsMax)}…` : text)
}

/** No two parts of it can take the same digits: a long value that does not match is refused in one pass. */
const numberPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const rfc3339Pattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Unix seconds (fraction allowed) or RFC 3339, as milliseconds; null when it is neither or out of range. */
export function parseTime(text: string): number | null {
  const timeMs = numberPattern.test(text) ? Math.round(Number(text) * 1000) : rfc3339Pattern.test(text) ? Date.parse(text) : Number.NaN
  return timeMs >= timeMsMin && timeMs <= timeMsMax ? timeMs : null
}

/** 292 years in ms: what Go's time.Duration holds. */
const durationMsMax = 9_223_372_036_854

/** Seconds (fraction allowed) or `1h30m`, as milliseconds; null when it is neither or too long. */
export function parseDuration(text: string): number | null {
  if (numberPattern.test(text)) {
    const durationMs = Number(text) * 1000
    return Math.abs(durationMs) <= durationMsMax ? durationMs : null
  }
  const durationMs = durationOrNull(text)
  return durationMs !== null && durationMs <= durationMsMax ? durationMs : null
}

const escapedPrefix = 'U__'

/**
 * A label name out of an address: `U__` marks Prometheus' "values" escaping of UTF-8 names (`__` is `_`, `_1F600_` a code point in
 * hexadecimal). A name that does not decode is taken as written.
 */
export function unescapeLabelName(name: string): string {
  if (!name.startsWith(escapedPrefix)) return name
  const rest = name.slice(escapedPrefix.length)
  let isValid = true
  const decoded = rest.replaceAll(/_([0-9a-fA-F]{0,6})(_?)/g, (whole: string, digits: string, end: string) => {
    if (end === '_' && digits === '') return '_'
    const codePoint = Number.parseInt(digits, 16)
    const isScalar = codePoint <= 0x10_ff_ff && (codePoint < 0xd8_00 || codePoint > 0xdf_ff)
    if (end === '_' && isScalar) return String.fromCodePoint(codePoint)
    isValid = false
    return whole
  })
  return isValid ? decoded : name
}

/**
 * The part of the address after `?`: every value is text, a repeated name is a list. Written so that a person can read and edit it:
 * `?q=rate(http_requests_total[5m])&q=up&from=now-1h`.
 */

export type SearchValue = string | readonly string[]

/** Longest address part that is read; a longer one is cut off by browsers and proxies anyway. */
const searchLengthMax = 16_000

export function parseSearch(text: string): Record<string, SearchValue> {
  const values: Record<string, SearchValue> = {}
  for (const [name, value] of new URLSearchParams(text.slice(0, searchLengthMax))) {
    const known = values[name]
    if (known === undefined) values[name] = value
    else values[name] = typeof known === 'string' ? [known, value] : [...known, value]
  }
  return values
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/%(3A|2C|2F|40|5B|5D|7B|7D|3D|24)/g, (escape) => decodeURIComponent(escape))
}

export function writeSearch(values: Record<string, unknown>): string {
  const parts: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const item of list) {
      if (typeof item === 'string' || typeof item === 'number' || item === true) parts.push(`${encode(name)}=${encode(String(item))}`)
    }
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

/** The one text of a name, or undefined. */
export function oneOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (Array.isArray(value)) return oneOf(value[0])
  return undefined
}

/** All texts of a name. */
export function allOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) return []
  return value.filter((item): item is string => typeof item === 'string')
}

/** The text when it is one of the choices, or undefined. */
export function choiceOf<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  const text = oneOf(value)
  return choices.find((choice) => choice === text)
}

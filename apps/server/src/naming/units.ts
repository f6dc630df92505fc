/**
 * Units of metrics: their families, their sizes within a family, and the words other systems have for them.
 * Duration is counted in nanoseconds, information in bits; fractions have no common size (0.5 ratio is not 50 of something).
 */

export type UnitFamily = 'duration' | 'information' | 'fraction' | 'none' | 'custom'

/** UTF-16 units of a unit's name. */
export const unitLengthMax = 30

const nanoseconds: Readonly<Record<string, number>> = {
  nanosecond: 1,
  microsecond: 1e3,
  millisecond: 1e6,
  second: 1e9,
  minute: 60e9,
  hour: 3600e9,
  day: 86_400e9,
  week: 604_800e9,
}

const bits: Readonly<Record<string, number>> = {
  bit: 1,
  byte: 8,
  kilobyte: 8e3,
  megabyte: 8e6,
  gigabyte: 8e9,
  terabyte: 8e12,
  petabyte: 8e15,
  exabyte: 8e18,
  kibibyte: 8 * 2 ** 10,
  mebibyte: 8 * 2 ** 20,
  gibibyte: 8 * 2 ** 30,
  tebibyte: 8 * 2 ** 40,
  pebibyte: 8 * 2 ** 50,
  exbibyte: 8 * 2 ** 60,
}

const fractions: ReadonlySet<string> = new Set(['ratio', 'percent'])

/** Every unit that has a family of its own. */
export const knownUnits: readonly string[] = [...Object.keys(nanoseconds), ...Object.keys(bits), ...fractions, 'none']

/** A word of ASCII letters, digits, `_` and `.`; every unit of a family is one. */
export function isUnit(text: string): boolean {
  return text.length <= unitLengthMax && /^[A-Za-z0-9_.]+$/.test(text)
}

/** A word that is no unit of a family is the user's own. */
export function unitFamilyOf(unit: string): UnitFamily {
  if (Object.hasOwn(nanoseconds, unit)) return 'duration'
  if (Object.hasOwn(bits, unit)) return 'information'
  if (fractions.has(unit)) return 'fraction'
  return unit === 'none' || unit === '' ? 'none' : 'custom'
}

/** Nanoseconds or bits of one `unit`; null in the families that have no common size. */
export function unitSizeOf(unit: string): number | null {
  if (Object.hasOwn(nanoseconds, unit)) return nanoseconds[unit] ?? null
  return Object.hasOwn(bits, unit) ? (bits[unit] ?? null) : null
}

/** The unit a family is counted in; the unit itself where there is none. */
export function referenceUnitOf(unit: string): string {
  const family = unitFamilyOf(unit)
  if (family === 'duration') return 'nanosecond'
  return family === 'information' ? 'bit' : unit
}

/** A value in `from` times this is the value in `to`; null when the one cannot be said in the other. */
export function unitFactor(from: string, to: string): number | null {
  if (from === to) return 1
  if (unitFamilyOf(from) !== unitFamilyOf(to)) return null
  const fromSize = unitSizeOf(from)
  const toSize = unitSizeOf(to)
  return fromSize === null || toSize === null ? null : fromSize / toSize
}

/** UCUM, Prometheus and everyday words for the units of a family. */
const wordsOfOthers: Readonly<Record<string, string>> = {
  ns: 'nanosecond',
  us: 'microsecond',
  µs: 'microsecond',
  ms: 'millisecond',
  s: 'second',
  sec: 'second',
  min: 'minute',
  h: 'hour',
  d: 'day',
  wk: 'week',
  By: 'byte',
  B: 'byte',
  kBy: 'kilobyte',
  KBy: 'kilobyte',
  MBy: 'megabyte',
  GBy: 'gigabyte',
  TBy: 'terabyte',
  KiBy: 'kibibyte',
  MiBy: 'mebibyte',
  GiBy: 'gibibyte',
  TiBy: 'tebibyte',
  '%': 'percent',
  '1': 'none',
  '': 'none',
}

/**
 * Our word for a unit as a sender wrote it (`By`, `ms`, `seconds`, `1`). Annotations in braces count for nothing; what is no unit we know
 * keeps its letters and is the sender's own: `By/s` is `By_s`.
 */
export function unitOfSender(text: string): string {
  const bare = text.replaceAll(/\{[^}]*\}/g, '').trim()
  if (Object.hasOwn(wordsOfOthers, bare)) return wordsOfOthers[bare] ?? 'none'
  const singular = bare.toLowerCase().replace(/s$/, '')
  if (knownUnits.includes(singular)) return singular
  const word = bare.replaceAll(/[^A-Za-z0-9_.]+/g, '_').replaceAll(/^_+|_+$/g, '')
  return word === '' ? 'none' : word.slice(0, unitLengthMax)
}

/**
 * Units of numbers: guessed from a metric's name and metadata, and written with three significant digits.
 * Suffixes follow the naming rules of OpenMetrics (`_seconds`, `_bytes`, `_ratio`, `_total`); unit strings may be UCUM (OpenTelemetry).
 */

export type UnitBase = 'none' | 'bytes' | 'seconds' | 'milliseconds' | 'ratio' | 'percent' | 'celsius' | 'time'

export interface Unit {
  readonly base: UnitBase
  /** A quantity per second. */
  readonly perSecond: boolean
}

export const noUnit: Unit = { base: 'none', perSecond: false }

const bySuffix: readonly (readonly [RegExp, UnitBase])[] = [
  [/_(timestamp|time|start_time|created)_seconds$/, 'time'],
  [/_(bytes)$/, 'bytes'],
  [/_(seconds)$/, 'seconds'],
  [/_(milliseconds|ms)$/, 'milliseconds'],
  [/_(ratio)$/, 'ratio'],
  [/_(percent)$/, 'percent'],
  [/_(celsius)$/, 'celsius'],
]

const byName: Readonly<Record<string, UnitBase>> = {
  By: 'bytes',
  byte: 'bytes',
  bytes: 'bytes',
  s: 'seconds',
  second: 'seconds',
  seconds: 'seconds',
  ms: 'milliseconds',
  milliseconds: 'milliseconds',
  '1': 'none',
  ratio: 'ratio',
  '%': 'percent',
  percent: 'percent',
  Cel: 'celsius',
  celsius: 'celsius',
}

/** The unit of a metric's samples. Its name says more than its metadata when both do; `_bucket`, `_sum` and `_total` are looked through. */
export function unitOfMetric(name: string, declared = ''): Unit {
  const bare = name.replace(/_(total|sum)$/, '')
  if (/_(count|bucket)$/.test(name)) return noUnit
  for (const [suffix, base] of bySuffix) {
    if (suffix.test(bare)) return { base, perSecond: false }
  }
  const known = byName[declared]
  return { base: known ?? 'none', perSecond: false }
}

const siSteps: readonly (readonly [number, string])[] = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
]
const iecSteps: readonly (readonly [number, string])[] = [
  [1024 ** 5, 'PiB'],
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1, 'B'],
]
const secondSteps: readonly (readonly [number, string])[] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
]

/** Significant digits of numbers, where nothing asks for more. */
const digitsUsual = 3

/** Three significant digits (or as many as asked), without trailing zeros and without an exponent: 1234 → "1234", 0.012345 → "0.0123". */
export function threeDigits(value: number, digits = digitsUsual): string {
  if (value === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(value)))
  const decimals = Math.min(12, Math.max(0, digits - 1 - magnitude))
  const text = value.toFixed(decimals)
  return decimals === 0 ? text : text.replace(/\.?0+$/, '')
}

function scaled(value: number, steps: readonly (readonly [number, string])[], digits = digitsUsual): string {
  const size = Math.abs(value)
  const last = steps[steps.length - 1] ?? [1, '']
  // 999.6 rounds to 1000, which reads better as 1 k.
  const found = steps.findIndex(([step]) => size >= step * 0.9995)
  const [step, suffix] = steps[found] ?? last
  return `${threeDigits(value / step, digits)}${suffix === '' ? '' : ` ${suffix}`}`
}

function formatDuration(seconds: number, digits = digitsUsual): string {
  const size = Math.abs(seconds)
  if (size < 59.95) return seconds === 0 ? '0 s' : scaled(seconds, secondSteps, digits)
  const sign = seconds < 0 ? '−' : ''
  const parts: readonly (readonly [number, string])[] = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ]
  const first = parts.findIndex(([step]) => Math.round(size) >= step)
  const [bigStep, bigName] = parts[first] ?? [1, 's']
  const [smallStep, smallName] = parts[first + 1] ?? [1, 's']
  let big = Math.floor(size / bigStep)
  let small = Math.round((size - big * bigStep) / smallStep)
  if (small * smallStep >= bigStep) {
    big += 1
    small = 0
  }
  return `${sign}${big} ${bigName}${small > 0 && big < 100 ? ` ${small} ${smallName}` : ''}`
}

function formatPercent(percent: number, digits = digitsUsual): string {
  const size = Math.abs(percent)
  // Between 99 and 100 the distance to 100 is what matters: 99.95 %, 99.999 %.
  if (size > 99 && size < 100) {
    const decimals = Math.min(5, Math.max(1, 1 - Math.floor(Math.log10(100 - size))))
    return `${percent.toFixed(decimals).replace(/0+$/, '')} %`
  }
  if (size >= 1e6) return `${scaled(percent, siSteps)} %`
  return `${threeDigits(percent, digits)} %`
}

/** Exact below ten thousand ("1,234"), then three significant digits ("12.3 k"). For things that are counted. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return formatSpecial(value)
  if (Number.isInteger(value) && Math.abs(value) < 10_000) return value.toLocaleString('en-US')
  return scaled(value, siSteps)
}

function formatSpecial(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+∞' : '−∞'
}

/** A value with its unit, three significant digits unless more are asked: "1.23 k/s", "340 ms", "1.5 GiB", "99.95 %". */
export function formatValue(value: number, unit: Unit, digits = digitsUsual): string {
  if (!Number.isFinite(value)) return formatSpecial(value)
  const text = formatBase(value, unit, digits)
  return unit.perSecond ? `${text}/s` : text
}

function formatBase(value: number, unit: Unit, digits: number): string {
  switch (unit.base) {
    case 'bytes':
      return Math.abs(value) < 1 ? `${threeDigits(value, digits)} B` : scaled(value, iecSteps, digits)
    case 'seconds':
      return unit.perSecond ? scaled(value, siSteps, digits) : formatDuration(value, digits)
    case 'milliseconds':
      return formatDuration(value / 1000, digits)
    case 'ratio':
      return formatPercent(value * 100, digits)
    case 'percent':
      return formatPercent(value, digits)
    case 'celsius':
      return `${threeDigits(value, digits)} °C`
    case 'time':
      return new Date(value * 1000).toISOString().replace('T', ' ').slice(0, 19)
    case 'none':
      if (Number.isInteger(value) && Math.abs(value) < 10_000) return value.toLocaleString('en-US')
      return Math.abs(value) < 1 && Math.abs(value) >= 0.001 ? threeDigits(value, digits) : scaled(value, siSteps, digits)
  }
}

/** Most digits an axis writes; more are noise of the arithmetic. */
const digitsMax = 9

/** A label of a value axis: as many digits as two neighbouring labels need to differ. `spanOfAxis` is its length in values. */
export function formatAxisValue(value: number, unit: Unit, spanOfAxis: number): string {
  if (value === 0 || !(spanOfAxis > 0)) return formatValue(value, unit)
  const needed = Math.ceil(Math.log10(Math.abs(value) / (spanOfAxis / 8))) + 1
  return formatValue(value, unit, Math.min(digitsMax, Math.max(digitsUsual, needed)))
}

/** Bytes in IEC steps; shorthand used by the pages about storage. */
export function formatBytes(bytes: number): string {
  return formatValue(bytes, { base: 'bytes', perSecond: false })
}

/** A length of time in milliseconds: "340 ms", "2 min 5 s". */
export function formatMs(ms: number): string {
  return formatValue(ms, { base: 'milliseconds', perSecond: false })
}

/** What to write at the head of an axis or a column: "bytes/s", "%", "". */
export function unitLabel(unit: Unit): string {
  const names: Readonly<Record<UnitBase, string>> = {
    none: '',
    bytes: 'bytes',
    seconds: 'seconds',
    milliseconds: 'milliseconds',
    ratio: '%',
    percent: '%',
    celsius: '°C',
    time: 'time',
  }
  const name = names[unit.base]
  if (!unit.perSecond) return name
  return name === '' ? 'per second' : `${name} per second`
}

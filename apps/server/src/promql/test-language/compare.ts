/** Compares results with what a test file expects. Floats agree within a relative error of 1e-6, as in Prometheus' own tests. */
import type { Labels, NativeHistogram } from '../../metrics/index.ts'
import { fromSparse, toSparse, sameNumbers } from '../histograms/sparse.ts'
import { printHistogram } from '../histograms/print.ts'
import { formatNumber, quote } from '../syntax/literals.ts'
import type { InstantSeries, QueryOutcome, QueryValue, RangeSeries } from '../ports.ts'
import type { EvalCommand, ExpectedSeries, Expectation } from './ports.ts'

const epsilon = 1e-6
const smallestNormal = 2 ** -1022

export function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b)
  if (a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < epsilon * smallestNormal
  return difference / Math.min(sum, Number.MAX_VALUE) < epsilon
}

function almostEqualLists(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => almostEqual(value, b[i] ?? NaN))
}

/** The reset hint counts only where the expectation states one. */
export function sameHistogram(expected: NativeHistogram, actual: NativeHistogram): boolean {
  const a = fromSparse(toSparse(expected))
  const b = fromSparse(toSparse(actual))
  return (
    a.schema === b.schema &&
    almostEqual(a.count, b.count) &&
    almostEqual(a.sum, b.sum) &&
    sameNumbers(a.customValues, b.customValues) &&
    a.zeroThreshold === b.zeroThreshold &&
    almostEqual(a.zeroCount, b.zeroCount) &&
    sameNumbers(a.positiveSpans, b.positiveSpans) &&
    almostEqualLists(a.positiveCounts, b.positiveCounts) &&
    sameNumbers(a.negativeSpans, b.negativeSpans) &&
    almostEqualLists(a.negativeCounts, b.negativeCounts) &&
    (a.resetHint === 'unknown' || a.resetHint === b.resetHint)
  )
}

function nameOf(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
}

function show(value: number | NativeHistogram | null): string {
  if (value === null) return 'nothing'
  return typeof value === 'number' ? formatNumber(value) : `${printHistogram(value)} schema ${value.schema} hint ${value.resetHint}`
}

function sameValue(expected: number | NativeHistogram | null, actual: number | NativeHistogram | null): boolean {
  if (expected === null || actual === null) return expected === actual
  if (typeof expected === 'number') return typeof actual === 'number' && almostEqual(expected, actual)
  return typeof actual !== 'number' && sameHistogram(expected, actual)
}

/** Null when the outcome is what the command expects, else what differs. */
export function compareOutcome(command: EvalCommand, value: QueryValue): string | null {
  if (command.text !== null) {
    if (value.type !== 'string') return `expected a string, got a ${value.type}`
    return value.value === command.text ? null : `expected ${quote(command.text)}, got ${quote(value.value)}`
  }
  if (command.scalar !== null) {
    if (value.type !== 'scalar') return `expected a scalar, got a ${value.type}`
    return almostEqual(command.scalar, value.value) ? null : `expected ${command.scalar}, got ${value.value}`
  }
  if (command.rangeVector !== null) return compareMatrix(command.series, value, command.rangeVector)
  if (command.stepMs > 0) return compareMatrix(command.series, value, command)
  return compareVector(command, value)
}

function compareVector(command: EvalCommand, value: QueryValue): string | null {
  if (value.type !== 'vector') return `expected a vector, got a ${value.type}`
  const left = new Map(value.series.map((series, at) => [nameOf(series.labels), { series, at }]))
  for (const [at, expected] of command.series.entries()) {
    const name = nameOf(expected.labels)
    const found = left.get(name)
    left.delete(name)
    const wanted = expected.values[0] ?? null
    const actual = found === undefined ? null : cellOf(found.series)
    if (!sameValue(wanted, actual)) return `${name}: expected ${show(wanted)}, got ${show(actual)}`
    if (command.isOrdered && found?.at !== at) return `${name}: expected at position ${at + 1}, got ${(found?.at ?? 0) + 1}`
  }
  for (const [name, { series }] of left) return `unexpected ${name} ${show(cellOf(series))}`
  return null
}

function cellOf(series: InstantSeries): number | NativeHistogram {
  return series.histogram ?? series.value
}

interface Steps {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

function compareMatrix(expected: readonly ExpectedSeries[], value: QueryValue, steps: Steps): string | null {
  if (value.type !== 'matrix') return `expected a matrix, got a ${value.type}`
  const left = new Map(value.series.map((series) => [nameOf(series.labels), series]))
  for (const { labels, values } of expected) {
    const name = nameOf(labels)
    const actual = left.get(name)
    left.delete(name)
    const points = new Map(actual === undefined ? [] : pointsOf(actual))
    for (let i = 0, timeMs = steps.startMs; i < values.length; i++, timeMs += steps.stepMs) {
      const wanted = values[i] ?? null
      const got = points.get(timeMs) ?? null
      points.delete(timeMs)
      if (!sameValue(wanted, got)) return `${name} at ${timeMs} ms: expected ${show(wanted)}, got ${show(got)}`
    }
    for (const [timeMs, got] of points) return `${name} at ${timeMs} ms: unexpected ${show(got)}`
  }
  for (const [name] of left) return `unexpected series ${name}`
  return null
}

export function pointsOf(series: RangeSeries): [number, number | NativeHistogram][] {
  return Array.from(series.timesMs, (timeMs, i) => [timeMs, series.histograms?.[i] ?? series.values[i] ?? NaN])
}

/** Null when every expected annotation is there and no forbidden one is. */
export function compareAnnotations(expectations: readonly Expectation[], outcome: QueryOutcome): string | null {
  for (const { kind, text, isRegex } of expectations) {
    if (kind === 'fail') continue
    const messages = kind.endsWith('warn') ? outcome.warnings : outcome.infos
    if (kind.startsWith('no_')) {
      if (messages.length > 0) return `unexpected ${kind.slice(3)}: ${messages.join('; ')}`
    } else if (!messages.some((message) => textMatches(message, text, isRegex))) {
      return `expected ${kind} ${text ?? ''}, got ${messages.length === 0 ? 'none' : messages.join('; ')}`
    }
  }
  return null
}

export function textMatches(message: string, text: string | null, isRegex: boolean): boolean {
  return text === null || (isRegex ? new RegExp(text).test(message) : message.includes(text))
}

/**
 * PromQL by its definitions, for tests: one step at a time, objects and maps, no cleverness and no code shared with the evaluator
 * but the parser. Knows the core: selectors, a few range functions, sum/max/count, arithmetic and comparisons one-to-one.
 */
import { STALE, type Labels } from '../../metrics/index.ts'
import type { Aggregation, BinaryExpr, Call, Expr, VectorSelector } from '../syntax/ast.ts'
import { parseExpression } from '../syntax/checker.ts'
import type { TestSeries } from '../test-language/ports.ts'

type Row = readonly [timeMs: number, labels: Labels, value: number]
type Sample = { readonly labels: Labels; readonly value: number }
type Point = { readonly timeMs: number; readonly value: number }

class Naive {
  readonly #series: readonly TestSeries[]
  readonly #lookbackMs: number

  constructor(series: readonly TestSeries[], lookbackMs: number) {
    this.#series = series
    this.#lookbackMs = lookbackMs
  }

  at(expr: Expr, timeMs: number): number | Sample[] {
    switch (expr.kind) {
      case 'number':
        return expr.value
      case 'paren':
        return this.at(expr.expr, timeMs)
      case 'selector':
        return this.#windows(expr, this.#lookbackMs, timeMs).flatMap(({ labels, all }) => {
          const last = all.at(-1)
          return last === undefined || last.value === STALE ? [] : [{ labels, value: last.value }]
        })
      case 'call':
        return this.#call(expr, timeMs)
      case 'aggregate':
        return this.#aggregate(expr, timeMs)
      case 'binary':
        return this.#binary(expr, timeMs)
      default:
        throw new Error(`the naive evaluator does not know ${expr.kind}`)
    }
  }

  /** Points of every matching series in `(time - window, time]`, stale markers included. */
  #windows(selector: VectorSelector, windowMs: number, timeMs: number): { labels: Labels; all: Point[] }[] {
    const offsetMs = selector.shift.offset?.kind === 'ms' ? selector.shift.offset.ms : 0
    const endMs = timeMs - offsetMs
    return this.#series
      .filter(({ labels }) =>
        selector.matchers.every((matcher) => labels.some((pair) => pair[0] === matcher.name && pair[1] === matcher.value)),
      )
      .map(({ labels, timesMs, values }) => ({
        labels,
        all: timesMs
          .map((time, i) => ({ timeMs: time, value: values[i] ?? NaN }))
          .filter((point) => point.timeMs > endMs - windowMs && point.timeMs <= endMs),
      }))
  }

  #call(node: Call, timeMs: number): Sample[] {
    const arg = node.args[0]
    if (arg?.kind !== 'matrix' || arg.range.kind !== 'ms') throw new Error('the naive evaluator wants a plain range')
    const rangeMs = arg.range.ms
    const offsetMs = arg.selector.shift.offset?.kind === 'ms' ? arg.selector.shift.offset.ms : 0
    const found = this.#windows(arg.selector, rangeMs, timeMs).flatMap(({ labels, all }) => {
      const points = all.filter((point) => point.value !== STALE)
      const value = points.length === 0 ? null : overRange(node.func, points, rangeMs, timeMs - offsetMs)
      return value === null ? [] : [{ labels: nameless(labels), value }]
    })
    return unique(found)
  }

  #aggregate(node: Aggregation, timeMs: number): Sample[] {
    const groups = new Map<string, { labels: Labels; values: number[] }>()
    for (const { labels, value } of this.#vector(node.expr, timeMs)) {
      const kept = labels.filter(([name]) =>
        node.without ? name !== '__name__' && !node.grouping.includes(name) : node.grouping.includes(name),
      )
      const key = JSON.stringify(kept)
      const group = groups.get(key) ?? { labels: kept, values: [] }
      groups.set(key, group)
      group.values.push(value)
    }
    return [...groups.values()].map(({ labels, values }) => ({ labels, value: reduce(node.op, values) }))
  }

  #vector(expr: Expr, timeMs: number): Sample[] {
    const value = this.at(expr, timeMs)
    if (typeof value === 'number') throw new Error('the naive evaluator expected a vector')
    return value
  }

  #binary(node: BinaryExpr, timeMs: number): Sample[] {
    const left = this.at(node.lhs, timeMs)
    const right = this.at(node.rhs, timeMs)
    if (typeof left === 'number' && typeof right === 'number') throw new Error('the naive evaluator expected a vector')
    const apply = (l: number, r: number, kept: number): number | null => element(node.op, l, r, kept)
    const isComparison = '<>=!'.includes(node.op.charAt(0))
    const rename = (labels: Labels): Labels => (isComparison ? labels : nameless(labels))
    if (typeof left === 'number' && typeof right !== 'number')
      return unique(present(right.map((s) => [rename(s.labels), apply(left, s.value, s.value)])))
    if (typeof right === 'number' && typeof left !== 'number')
      return unique(present(left.map((s) => [rename(s.labels), apply(s.value, right, s.value)])))
    if (typeof left === 'number' || typeof right === 'number') return []
    const matching = node.matching
    if (matching === null) throw new Error('the naive evaluator expected a matching')
    const keyOf = (labels: Labels): Labels =>
      labels.filter(([name]) => (matching.on ? matching.labels.includes(name) : name !== '__name__' && !matching.labels.includes(name)))
    const results: [Labels, number | null][] = []
    if (left.length === 0 || right.length === 0) return []
    const keys = right.map((sample) => JSON.stringify(keyOf(sample.labels)))
    if (new Set(keys).size < keys.length) throw new Error('many on the right')
    const matched = new Set<string>()
    for (const sample of left) {
      const key = JSON.stringify(keyOf(sample.labels))
      const partner = right[keys.indexOf(key)]
      if (partner === undefined) continue
      if (matched.has(key)) throw new Error('many on the left')
      matched.add(key)
      results.push([keyOf(rename(sample.labels)), apply(sample.value, partner.value, sample.value)])
    }
    return present(results)
  }
}

function present(rows: readonly (readonly [Labels, number | null])[]): Sample[] {
  return rows.flatMap(([labels, value]) => (value === null ? [] : [{ labels, value }]))
}

function unique(samples: Sample[]): Sample[] {
  if (new Set(samples.map((sample) => JSON.stringify(sample.labels))).size < samples.length) throw new Error('same labelset')
  return samples
}

function nameless(labels: Labels): Labels {
  return labels.filter(([name]) => name !== '__name__')
}

function element(op: string, left: number, right: number, kept: number): number | null {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '>':
      return left > right ? kept : null
    default:
      throw new Error(`the naive evaluator does not know ${op}`)
  }
}

function reduce(op: string, values: readonly number[]): number {
  if (op === 'sum') return values.reduce((a, b) => a + b, 0)
  if (op === 'count') return values.length
  if (op === 'max') return maximum(values)
  throw new Error(`the naive evaluator does not know ${op}`)
}

/** NaN counts only when there is nothing else. */
function maximum(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value))
  return numbers.length === 0 ? NaN : Math.max(...numbers)
}

function overRange(func: string, points: readonly Point[], rangeMs: number, endMs: number): number | null {
  const values = points.map((point) => point.value)
  const pairs = values.slice(1).map((value, i) => [values[i] ?? NaN, value] as const)
  switch (func) {
    case 'sum_over_time':
      return values.reduce((a, b) => a + b, 0)
    case 'avg_over_time':
      return values.reduce((a, b) => a + b, 0) / values.length
    case 'max_over_time':
      return maximum(values)
    case 'count_over_time':
      return values.length
    case 'changes':
      return pairs.filter(([a, b]) => !Object.is(a + 0, b + 0)).length
    case 'resets':
      return pairs.filter(([a, b]) => b < a).length
    default:
      return points.length < 2 ? null : extrapolate(func, points, rangeMs, endMs)
  }
}

function extrapolate(func: string, points: readonly Point[], rangeMs: number, endMs: number): number {
  const first = points[0]!
  const last = points[points.length - 1]!
  const isCounter = func !== 'delta'
  let change = last.value - first.value
  if (isCounter) for (const [i, point] of points.slice(1).entries()) if (point.value < points[i]!.value) change += points[i]!.value
  const seconds = (last.timeMs - first.timeMs) / 1000
  const distance = seconds / (points.length - 1)
  let before = (first.timeMs - (endMs - rangeMs)) / 1000
  let after = (endMs - last.timeMs) / 1000
  if (before >= distance * 1.1) before = distance / 2
  if (after >= distance * 1.1) after = distance / 2
  if (isCounter && change > 0 && first.value >= 0) before = Math.min(before, (seconds * first.value) / change)
  const total = change * ((seconds + before + after) / seconds)
  return func === 'rate' ? total / (rangeMs / 1000) : total
}

/** Every sample of every step. Throws where PromQL refuses. */
export function naiveEvaluate(
  query: string,
  series: readonly TestSeries[],
  startMs: number,
  stepMs: number,
  steps: number,
  lookbackMs: number,
): Row[] {
  const naive = new Naive(series, lookbackMs)
  const expr = parseExpression(query)
  const rows: Row[] = []
  for (let i = 0; i < steps; i++) {
    const timeMs = startMs + i * stepMs
    const value = naive.at(expr, timeMs)
    if (typeof value === 'number') rows.push([timeMs, [], value])
    else for (const sample of value) rows.push([timeMs, sample.labels, sample.value])
  }
  return rows
}

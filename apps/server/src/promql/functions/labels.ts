/** label_replace, label_join, sorting, and the labels of `absent`. */
import type { Labels, Matcher } from '../../metrics/index.ts'
import type { QueryContext } from '../evaluator/context.ts'
import { compareLabels, labelsFrom, labelValue, metricName, withLabels } from '../evaluator/label-sets.ts'
import { histogramAt } from '../evaluator/selector.ts'
import { ABSENT, mergeSameLabels, type VectorValue } from '../evaluator/values.ts'
import { executionError } from '../errors.ts'
import { isWellFormed } from '../syntax/literals.ts'
import { compileAnchored } from '../syntax/re2.ts'
import { matchTexts } from './match-texts.ts'

/** Longest value a function makes, in UTF-16 units: nested calls could double it each time. Values that come in are at most 4,096 bytes. */
const valueLengthMax = 16_384

function checkLabelName(name: string, func: string): void {
  if (name === '' || !isWellFormed(name)) throw executionError(`invalid destination label name in ${func}(): ${name}`)
}

function withDestination(ctx: QueryContext, vector: VectorValue, name: string, valueOf: (labels: Labels) => string | null): VectorValue {
  ctx.check()
  const dropName = vector.dropName.slice()
  const sets = vector.sets.map((set, s) => {
    const value = valueOf(set.labels)
    if (value === null) return set
    if (value.length > valueLengthMax)
      throw executionError(`the value of label "${name}" would be longer than ${valueLengthMax} characters`)
    // A name that is set on purpose is kept.
    if (name === metricName) dropName[s] = 0
    return ctx.symbols.labelSet(withLabels(set.labels, new Map([[name, value]])))
  })
  return mergeSameLabels({ ...vector, sets, dropName }, ctx.symbols)
}

/** Go's template: `$1`, `${1}`, `$name`, `${name}`, `$$`; a name is the longest run of letters, digits and `_`. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare: string | undefined, braced: string | undefined) => {
    const name = bare ?? braced
    if (name === undefined) return whole === '$$' ? '$' : ''
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}

export function labelReplace(ctx: QueryContext, vector: VectorValue, args: readonly string[]): VectorValue {
  const [destination = '', replacement = '', source = '', pattern = ''] = args
  let regex: RegExp
  try {
    regex = compileAnchored(pattern)
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`)
  }
  checkLabelName(destination, 'label_replace')
  const matches = matchTexts(
    regex,
    vector.sets.map((set) => labelValue(set.labels, source)),
  )
  return withDestination(ctx, vector, destination, (labels) => {
    const match = matches.get(labelValue(labels, source)) ?? null
    return match === null ? null : expand(replacement, match)
  })
}

export function labelJoin(ctx: QueryContext, vector: VectorValue, args: readonly string[]): VectorValue {
  const [destination = '', separator = '', ...sources] = args
  checkLabelName(destination, 'label_join')
  return withDestination(ctx, vector, destination, (labels) => sources.map((name) => labelValue(labels, name)).join(separator))
}

/** The labels that equality matchers pin down; one given twice says nothing. */
export function absentLabels(matchers: readonly Matcher[]): Labels {
  const found = new Map<string, string>()
  const seen = new Set<string>()
  for (const matcher of matchers) {
    if (matcher.name === metricName) continue
    if (matcher.op === '=' && !seen.has(matcher.name)) {
      found.set(matcher.name, matcher.value)
      seen.add(matcher.name)
    } else found.delete(matcher.name)
  }
  return labelsFrom(found)
}

/** The series in another order; only instant vectors are ever reordered. */
function reordered(vector: VectorValue, order: readonly number[]): VectorValue {
  const { steps } = vector
  const values = new Float64Array(order.length * steps).fill(ABSENT)
  for (const [to, s] of order.entries()) values.set(vector.values.subarray(s * steps, (s + 1) * steps), to * steps)
  const { histograms } = vector
  return {
    ...vector,
    sets: order.map((s) => vector.sets[s]!),
    dropName: Uint8Array.from(order, (s) => vector.dropName[s]!),
    values,
    histograms: histograms === null ? null : order.flatMap((s) => histograms.slice(s * steps, (s + 1) * steps)),
  }
}

/** By value, NaN last in both directions; histograms are left out. */
export function sortByValue(vector: VectorValue, descending: boolean): VectorValue {
  const order = vector.sets.map((_, s) => s).filter((s) => vector.values[s] !== ABSENT && histogramAt(vector, s) === null)
  order.sort((a, b) => {
    const x = vector.values[a]!
    const y = vector.values[b]!
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return x === y ? 0 : x < y !== descending ? -1 : 1
  })
  return reordered(vector, order)
}

/** By the values of the labels in natural order (`4m5` before `4m600`), ties by the whole label set. */
export function sortByLabels(vector: VectorValue, names: readonly string[], descending: boolean): VectorValue {
  const order = vector.sets.map((_, s) => s)
  order.sort((a, b) => {
    const left = vector.sets[a]!.labels
    const right = vector.sets[b]!.labels
    for (const name of names) {
      const compared = compareNatural(labelValue(left, name), labelValue(right, name))
      if (compared !== 0) return descending ? -compared : compared
    }
    const whole = compareLabels(left, right)
    return descending ? -whole : whole
  })
  return reordered(vector, order)
}

/** Runs of digits compare as numbers, everything else by code unit. */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i]!
    const y = right[i]!
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = digitOrder(x, y)
      if (difference !== 0) return difference
    } else if (x !== y) return x < y ? -1 : 1
  }
  return left.length - right.length
}

/** Order of two digit runs of any length, without leading zeros by length first. */
function digitOrder(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/, '')
  const y = b.replace(/^0+(?=\d)/, '')
  if (x.length !== y.length) return x.length - y.length
  return x < y ? -1 : x > y ? 1 : a.length - b.length
}

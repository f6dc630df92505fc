/** The unit of a query's result, from the functions and metrics in it. A guess that says nothing rather than something wrong. */
import { noUnit, unitOfMetric, type Unit } from '../../lib/units.ts'
import { readQuery } from './builder-model.ts'
import { tokenize } from './promql-text.ts'

/** The unit as the metadata of a metric declares it, '' when unknown. */
export type DeclaredUnit = (metric: string) => string

const rateFunctions = new Set(['rate', 'irate', 'deriv'])
const countFunctions = new Set(['count', 'count_over_time', 'count_values', 'changes', 'resets', 'absent', 'stddev_over_time'])
const keywords = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'offset',
  'bool',
  'and',
  'or',
  'unless',
  'le',
  'inf',
  'nan',
])

/** Seconds per second are a share of time: 0.35 s/s of CPU reads as 35 %. */
function perSecond(unit: Unit): Unit {
  if (unit.base === 'seconds') return { base: 'ratio', perSecond: false }
  return { base: unit.base, perSecond: true }
}

function metricNames(text: string): {
  readonly metrics: readonly string[]
  readonly functions: readonly string[]
  readonly operators: readonly string[]
} {
  const tokens = tokenize(text) ?? []
  const metrics: string[] = []
  const functions: string[] = []
  const operators: string[] = []
  let [braces, labelsDepth] = [0, 0]
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]?.text
    if (token.kind === 'punct') {
      if (token.text === '{' || token.text === '[') braces += 1
      if (token.text === '}' || token.text === ']') braces -= 1
      if (labelsDepth > 0 && token.text === ')') labelsDepth = 0
      if (braces === 0 && labelsDepth === 0 && /^[-+*/%^]$/.test(token.text)) operators.push(token.text)
    }
    if (token.kind !== 'name' || braces > 0 || labelsDepth > 0) continue
    if (keywords.has(token.text)) {
      if (next === '(') labelsDepth = 1
    } else if (next === '(' || next === 'by' || next === 'without') functions.push(token.text)
    else metrics.push(token.text)
  }
  return { metrics, functions, operators }
}

function unitOfDivision(names: readonly string[], declared: DeclaredUnit, isPercent: boolean): Unit {
  const [above, below] = names
  if (above === undefined || below === undefined) return noUnit
  if (above.endsWith('_sum') && below.endsWith('_count')) return unitOfMetric(above.slice(0, -'_sum'.length), declared(above))
  const [a, b] = [unitOfMetric(above, declared(above)), unitOfMetric(below, declared(below))]
  if (isPercent) return { base: 'percent', perSecond: false }
  return a.base === b.base ? { base: 'ratio', perSecond: false } : noUnit
}

/** The unit in which the values of `text` are shown. */
export function unitOfQuery(text: string, declared: DeclaredUnit): Unit {
  const query = readQuery(text)
  if (query !== null) {
    if (query.aggregation === 'count' || query.func === 'count_over_time') return noUnit
    if (query.quantile !== null) return unitOfMetric(query.metric.replace(/_bucket$/, ''), declared(query.metric))
    const unit = unitOfMetric(query.metric, declared(query.metric))
    return query.func !== null && rateFunctions.has(query.func) ? perSecond(unit) : unit
  }
  const { metrics, functions, operators } = metricNames(text)
  const first = metrics[0]
  if (first === undefined || functions.some((name) => countFunctions.has(name))) return noUnit
  if (operators.includes('/')) return unitOfDivision(metrics, declared, /\b100\s*\*|\*\s*100\b/.test(text))
  if (functions.includes('histogram_quantile')) return unitOfMetric(first.replace(/_bucket$/, ''), declared(first))
  const unit = unitOfMetric(first, declared(first))
  if (functions.some((name) => rateFunctions.has(name))) return perSecond(unit)
  return operators.some((operator) => operator === '*' || operator === '^') ? noUnit : unit
}

/**
 * The query builder: one selector, one function over time, one aggregation. It always writes PromQL;
 * it reads back what has this shape and leaves everything else to the editor.
 */
import { isPlainMetric, quote, tokenize, writeLabelName, type Token } from './promql-text.ts'

export const matchOps = ['=', '!=', '=~', '!~'] as const
export type MatchOp = (typeof matchOps)[number]

export interface Filter {
  readonly label: string
  readonly op: MatchOp
  readonly value: string
}

export const windowFunctions = [
  'rate',
  'increase',
  'irate',
  'delta',
  'deriv',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'sum_over_time',
  'count_over_time',
  'last_over_time',
] as const
export type WindowFunction = (typeof windowFunctions)[number]

export const aggregations = ['sum', 'avg', 'max', 'min', 'count', 'stddev', 'topk', 'bottomk'] as const
export type Aggregation = (typeof aggregations)[number]

export interface BuilderQuery {
  readonly metric: string
  readonly filters: readonly Filter[]
  readonly func: WindowFunction | null
  /** `5m` or `$__rate_interval`; of `func`. */
  readonly window: string
  /** Null, or the quantile (0 to 1) read from a histogram: `histogram_quantile(q, sum by (le, ...) (...))`. */
  readonly quantile: number | null
  /** With a quantile: always `sum`. */
  readonly aggregation: Aggregation | null
  readonly by: readonly string[]
  /** Of `topk` and `bottomk`. */
  readonly count: number
}

export const autoWindow = '$__rate_interval'

export const emptyBuilder: BuilderQuery = {
  metric: '',
  filters: [],
  func: null,
  window: autoWindow,
  quantile: null,
  aggregation: null,
  by: [],
  count: 5,
}

export interface MetricHint {
  readonly name: string
  readonly type: string
}

/** What one usually wants to see of a metric: the rate of a counter, the 95th percentile of a histogram, a gauge as it is. */
export function suggestQuery(metric: MetricHint): BuilderQuery {
  const start: BuilderQuery = { ...emptyBuilder, metric: metric.name }
  if (metric.name.endsWith('_bucket') || metric.type === 'histogram') {
    const isPart = /_(sum|count)$/.test(metric.name)
    return isPart ? { ...start, func: 'rate', aggregation: 'sum' } : { ...start, func: 'rate', aggregation: 'sum', quantile: 0.95 }
  }
  const countsUp = metric.type === 'counter' || (metric.type !== 'gauge' && /_(total|count|sum)$/.test(metric.name))
  if (countsUp) return { ...start, func: 'rate', aggregation: 'sum' }
  return start
}

/** Classic buckets need their `le`; native histograms have none. */
function groupLabels(query: BuilderQuery): readonly string[] {
  if (query.quantile === null || !query.metric.endsWith('_bucket')) return query.by
  return query.by.includes('le') ? query.by : ['le', ...query.by]
}

function writeSelector(query: BuilderQuery): string {
  const pairs = query.filters
    .filter((filter) => filter.label !== '')
    .map((filter) => `${writeLabelName(filter.label)}${filter.op}${quote(filter.value)}`)
  if (isPlainMetric(query.metric)) return pairs.length === 0 ? query.metric : `${query.metric}{${pairs.join(', ')}}`
  return `{${[...(query.metric === '' ? [] : [quote(query.metric)]), ...pairs].join(', ')}}`
}

/** The PromQL of a builder; '' while no metric is chosen. */
export function writeQuery(query: BuilderQuery): string {
  if (query.metric === '') return ''
  const selector = writeSelector(query)
  const over = query.func === null ? selector : `${query.func}(${selector}[${query.window}])`
  const by = groupLabels(query)
  const aggregation = query.quantile === null ? query.aggregation : 'sum'
  if (aggregation === null) return over
  const counted = aggregation === 'topk' || aggregation === 'bottomk' ? `${query.count}, ` : ''
  const grouped = `${aggregation}${by.length === 0 ? ' ' : ` by (${by.map(writeLabelName).join(', ')}) `}(${counted}${over})`
  const written = by.length === 0 ? grouped.replace(' (', '(') : grouped
  return query.quantile === null ? written : `histogram_quantile(${query.quantile}, ${written})`
}

/** Without the filters that someone is still filling in: no label yet, or no value where `before` had none either. */
export function withoutUnfinished(query: BuilderQuery, before: BuilderQuery): BuilderQuery {
  const known = new Set(before.filters.filter((filter) => filter.value === '').map((filter) => filter.label))
  return { ...query, filters: query.filters.filter((filter) => filter.label !== '' && (filter.value !== '' || known.has(filter.label))) }
}

/** Walks tokens; every `take` returns null when the next token is another. */
class Reader {
  private at = 0
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get done(): boolean {
    return this.at === this.tokens.length
  }

  peek(offset = 0): Token | null {
    return this.tokens[this.at + offset] ?? null
  }

  take(kind: Token['kind'], text?: string): string | null {
    const token = this.peek()
    if (token === null || token.kind !== kind || (text !== undefined && token.text !== text)) return null
    this.at += 1
    return token.text
  }

  call(): string | null {
    const token = this.peek()
    return token?.kind === 'name' && this.peek(1)?.text === '(' && this.peek(1)?.kind === 'punct' ? token.text : null
  }
}

function readOne<Choice extends string>(text: string | null, choices: readonly Choice[]): Choice | null {
  return choices.find((choice) => choice === text) ?? null
}

function readSelector(reader: Reader): Pick<BuilderQuery, 'metric' | 'filters'> | null {
  let metric = reader.take('name') ?? ''
  const filters: Filter[] = []
  if (reader.take('punct', '{') !== null) {
    while (reader.take('punct', '}') === null) {
      const quoted = reader.take('string')
      const label = quoted ?? reader.take('name')
      if (label === null) return null
      const op = readOne(reader.peek()?.text ?? null, matchOps)
      if (op === null) {
        if (quoted === null || metric !== '') return null
        metric = quoted
      } else {
        reader.take('punct')
        const value = reader.take('string')
        if (value === null) return null
        filters.push({ label, op, value })
      }
      if (reader.take('punct', ',') === null && reader.peek()?.text !== '}') return null
    }
  }
  return metric === '' ? null : { metric, filters }
}

function readOverTime(reader: Reader): Pick<BuilderQuery, 'metric' | 'filters' | 'func' | 'window'> | null {
  const call = reader.call()
  if (call === null) {
    const selector = readSelector(reader)
    return selector === null ? null : { ...selector, func: null, window: autoWindow }
  }
  const func = readOne(call, windowFunctions)
  if (func === null) return null
  reader.take('name')
  reader.take('punct', '(')
  const selector = readSelector(reader)
  if (selector === null || reader.take('punct', '[') === null) return null
  const window = reader.take('duration')
  if (window === null || reader.take('punct', ']') === null || reader.take('punct', ')') === null) return null
  return { ...selector, func, window }
}

function readBy(reader: Reader): readonly string[] | null {
  if (reader.take('name', 'by') === null || reader.take('punct', '(') === null) return null
  const labels: string[] = []
  while (reader.take('punct', ')') === null) {
    const label = reader.take('name') ?? reader.take('string')
    if (label === null) return null
    labels.push(label)
    if (reader.take('punct', ',') === null && reader.peek()?.text !== ')') return null
  }
  return labels
}

function readAggregated(reader: Reader): BuilderQuery | null {
  const aggregation = readOne(reader.peek()?.kind === 'name' ? (reader.peek()?.text ?? null) : null, aggregations)
  const opens = reader.peek(1)?.text === '(' || reader.peek(1)?.text === 'by'
  if (aggregation === null || !opens) {
    const over = readOverTime(reader)
    return over === null ? null : { ...emptyBuilder, ...over }
  }
  reader.take('name')
  let by = reader.peek()?.text === 'by' ? readBy(reader) : []
  if (by === null || reader.take('punct', '(') === null) return null
  let count = emptyBuilder.count
  if (aggregation === 'topk' || aggregation === 'bottomk') {
    count = Number(reader.take('number') ?? Number.NaN)
    if (!Number.isInteger(count) || reader.take('punct', ',') === null) return null
  }
  const over = readOverTime(reader)
  if (over === null || reader.take('punct', ')') === null) return null
  if (by.length === 0 && reader.peek()?.text === 'by') by = readBy(reader)
  return by === null ? null : { ...emptyBuilder, ...over, aggregation, by, count }
}

/** The builder of a text, or null when the text has another shape. Reading what was written gives the same text again. */
export function readQuery(text: string): BuilderQuery | null {
  const tokens = tokenize(text)
  if (tokens === null || tokens.length === 0) return null
  const reader = new Reader(tokens)
  if (reader.call() !== 'histogram_quantile') {
    const query = readAggregated(reader)
    return query !== null && reader.done ? query : null
  }
  reader.take('name')
  reader.take('punct', '(')
  const quantile = Number(reader.take('number') ?? Number.NaN)
  if (!(quantile >= 0 && quantile <= 1) || reader.take('punct', ',') === null) return null
  const query = readAggregated(reader)
  if (query === null || query.aggregation !== 'sum' || reader.take('punct', ')') === null || !reader.done) return null
  return { ...query, quantile, by: query.metric.endsWith('_bucket') ? query.by.filter((label) => label !== 'le') : query.by }
}

/** What gives nothing for a single sample: it compares the samples of its window. */
const comparing: readonly WindowFunction[] = ['rate', 'increase', 'irate', 'delta', 'deriv']

/** The selector of a query alone, when the query takes a rate (or the like) of it; else null. */
export function withoutRate(text: string): string | null {
  const query = readQuery(text)
  if (query === null || query.func === null || !comparing.includes(query.func)) return null
  return writeSelector(query)
}

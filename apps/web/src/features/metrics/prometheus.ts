/**
 * Answers of the Prometheus API as columns: one time axis for all series of a range query, `NaN` where a series has no point.
 * Decoded by hand rather than by a schema, because a chart may hold a hundred thousand points.
 */

export type LabelSet = Readonly<Record<string, string>>

export interface RangeSeries {
  readonly labels: LabelSet
  /** One value a step; `NaN` is a gap. */
  readonly values: Float64Array
}

export interface RangeResult {
  readonly timesMs: Float64Array
  readonly stepMs: number
  readonly series: readonly RangeSeries[]
  readonly warnings: readonly string[]
  /** Hints that change nothing about the answer. */
  readonly infos: readonly string[]
}

export interface InstantSeries {
  readonly labels: LabelSet
  readonly timeMs: number
  readonly value: number
}

export interface InstantResult {
  readonly type: 'vector' | 'scalar' | 'string' | 'matrix'
  readonly series: readonly InstantSeries[]
  /** Of a string result. */
  readonly text: string | null
  readonly warnings: readonly string[]
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function labelsOf(value: unknown): LabelSet {
  const labels: Record<string, string> = {}
  if (typeof value === 'object' && value !== null) {
    for (const [name, text] of Object.entries(value)) if (typeof text === 'string') labels[name] = text
  }
  return labels
}

/** `+Inf`, `-Inf`, `NaN` or a decimal number, as the Prometheus API writes them. */
export function parseSampleValue(text: unknown): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/** The value of a sample; a native histogram counts as its mean, which is what a line can show. */
function readPair(pair: unknown): readonly [number, number] {
  const [time, value] = listOf(pair)
  if (typeof value === 'object' && value !== null) return [Number(time) * 1000, Number(field(value, 'sum')) / Number(field(value, 'count'))]
  return [Number(time) * 1000, parseSampleValue(value)]
}

function notesOf(body: unknown, kind: 'warnings' | 'infos'): readonly string[] {
  return listOf(field(body, kind)).filter((text): text is string => typeof text === 'string')
}

export interface Grid {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

/** Decodes the answer of `query_range` onto the grid that was asked. Throws when it is no such answer. */
export function decodeRange(body: unknown, grid: Grid): RangeResult {
  const data = field(body, 'data')
  if (field(body, 'status') !== 'success' || field(data, 'resultType') !== 'matrix') throw new Error('not the answer of a range query')
  const steps = Math.floor((grid.toMs - grid.fromMs) / grid.stepMs) + 1
  const timesMs = Float64Array.from({ length: steps }, (_, step) => grid.fromMs + step * grid.stepMs)
  const series = listOf(field(data, 'result')).map((item): RangeSeries => {
    const values = new Float64Array(steps).fill(Number.NaN)
    const points = [...listOf(field(item, 'values')), ...listOf(field(item, 'histograms'))]
    for (const point of points) {
      const [timeMs, value] = readPair(point)
      const step = Math.round((timeMs - grid.fromMs) / grid.stepMs)
      if (step >= 0 && step < steps) values[step] = value
    }
    return { labels: labelsOf(field(item, 'metric')), values }
  })
  return { timesMs, stepMs: grid.stepMs, series, warnings: notesOf(body, 'warnings'), infos: notesOf(body, 'infos') }
}

/** Decodes the answer of `query`. Of a matrix the last point of each series. Throws when it is no such answer. */
export function decodeInstant(body: unknown): InstantResult {
  const data = field(body, 'data')
  const type = field(data, 'resultType')
  const result = field(data, 'result')
  const warnings = notesOf(body, 'warnings')
  if (field(body, 'status') !== 'success') throw new Error('not the answer of a query')
  if (type === 'string') return { type, series: [], text: textOf(listOf(result)[1]), warnings }
  if (type === 'scalar') {
    const [timeMs, value] = readPair(result)
    return { type, series: [{ labels: {}, timeMs, value }], text: null, warnings }
  }
  if (type !== 'vector' && type !== 'matrix') throw new Error('not the answer of a query')
  const series = listOf(result).map((item): InstantSeries => {
    const pair =
      field(item, 'value') ?? field(item, 'histogram') ?? listOf(field(item, 'values')).at(-1) ?? listOf(field(item, 'histograms')).at(-1)
    const [timeMs, value] = readPair(pair)
    return { labels: labelsOf(field(item, 'metric')), timeMs, value }
  })
  return { type, series, text: null, warnings }
}

/** `name{a="b", c="d"}` with labels sorted; `{}` for none. Used as the name of a series everywhere. */
export function seriesName(labels: LabelSet): string {
  const pairs = Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const metric = labels['__name__'] ?? ''
  return pairs.length === 0 && metric !== '' ? metric : `${metric}{${pairs.join(', ')}}`
}

/** The labels that differ between the series, the one with most values first: what a legend has to say, and it may be cut at its end. */
export function distinguishing(all: readonly LabelSet[]): readonly string[] {
  const values = new Map<string, Set<string>>()
  for (const labels of all) {
    for (const [name, value] of Object.entries(labels)) {
      const known = values.get(name) ?? new Set()
      values.set(name, known.add(value))
    }
  }
  const first = all[0] ?? {}
  return [...values]
    .filter(([name]) => all.some((labels) => labels[name] !== first[name]))
    .sort(([a, ofA], [b, ofB]) => ofB.size - ofA.size || (a < b ? -1 : 1))
    .map(([name]) => name)
}

/** From the answers of several queries to named, coloured, sorted series. Pure. */
import { statsOf, type SeriesStats } from '../../charts/series-stats.ts'
import type { ChartSeries } from '../../charts/chart-option.ts'
import { styleSeries, type ColorScheme } from '../../theme/series-colors.ts'
import { letterOf } from './explore-search.ts'
import { distinguishing, seriesName, type Grid, type LabelSet, type RangeResult } from './prometheus.ts'

/** Series drawn before one asks for more. */
export const seriesShownMax = 20
/** Series drawn at most; a chart with more says nothing. */
export const seriesDrawnMax = 200

export interface ExploreSeries extends ChartSeries {
  /** The query's letter. */
  readonly letter: string
  /** Full name, the same wherever the series appears: decides its colour. */
  readonly fullName: string
  readonly labels: LabelSet
  readonly stats: SeriesStats
}

export interface QueryAnswer {
  readonly index: number
  readonly query: string
  readonly result: RangeResult
}

/** What a legend writes: the labels that differ, or the whole name of an only series, or the query when there are no labels. */
export function displayName(labels: LabelSet, differing: readonly string[], query: string): string {
  if (Object.keys(labels).length === 0) return query
  const shown = differing.filter((name) => labels[name] !== undefined)
  if (shown.length === 0) return seriesName(labels)
  const metric = shown.includes('__name__') ? (labels['__name__'] ?? '') : ''
  const pairs = shown.filter((name) => name !== '__name__').map((name) => `${name}=${JSON.stringify(labels[name])}`)
  return pairs.length === 0 ? metric : `${metric}${metric === '' ? '' : ' '}${pairs.join(', ')}`
}

/** All series of all queries, the largest last value first, names unique. */
export function gatherSeries(answers: readonly QueryAnswer[], scheme: ColorScheme): readonly ExploreSeries[] {
  const many = answers.length > 1
  const plain = answers.flatMap(({ index, query, result }) => {
    const differing = distinguishing(result.series.map((series) => series.labels))
    const letter = letterOf(index)
    return result.series.map((series) => {
      const name = displayName(series.labels, differing, query)
      const fullName = Object.keys(series.labels).length === 0 ? query : seriesName(series.labels)
      return {
        letter,
        labels: series.labels,
        values: series.values,
        name: many ? `${letter} · ${name}` : name,
        fullName: `${many ? letter : ''}${fullName}`,
        stats: statsOf(series.values),
      }
    })
  })
  const sorted = plain
    .filter((series) => series.stats.points > 0)
    .sort((a, b) => compareLast(b.stats, a.stats) || (a.name < b.name ? -1 : 1))
  // Only what is drawn takes part in sharing out the colours, so that the first twenty never pay for the rest.
  const drawn = styleSeries(
    sorted.slice(0, seriesShownMax).map((series) => series.fullName),
    scheme,
  )
  const rest = styleSeries(
    sorted.slice(seriesShownMax).map((series) => series.fullName),
    scheme,
  )
  return sorted.map((series) => {
    const style = drawn.get(series.fullName) ?? rest.get(series.fullName)
    return { ...series, color: style?.color ?? '#888888', dash: style?.dash ?? 'solid' }
  })
}

function compareLast(a: SeriesStats, b: SeriesStats): number {
  const [x, y] = [Number.isNaN(a.last) ? a.avg : a.last, Number.isNaN(b.last) ? b.avg : b.last]
  return x === y ? 0 : x < y ? -1 : 1
}

export interface Visible {
  readonly series: readonly ExploreSeries[]
  /** How many the limit leaves out. */
  readonly leftOut: number
}

export interface Choice {
  readonly only: string | undefined
  readonly hidden: readonly string[]
  readonly limit: number
}

/** What the chart draws: the isolated series alone, or the first `limit` without the hidden ones. */
export function visibleSeries(all: readonly ExploreSeries[], { only, hidden, limit }: Choice): Visible {
  const alone = only === undefined ? undefined : all.find((series) => series.fullName === only)
  if (alone !== undefined) return { series: [alone], leftOut: 0 }
  const shown = all.slice(0, limit)
  return { series: shown.filter((series) => !hidden.includes(series.fullName)), leftOut: all.length - shown.length }
}

export type LegendColumn = 'name' | 'last' | 'min' | 'avg' | 'max'

/** The legend's rows by a column; `-max` is descending. Unknown sorts keep the order. */
export function sortLegend(series: readonly ExploreSeries[], sort: string | undefined): readonly ExploreSeries[] {
  const column = sort?.replace(/^-/, '')
  const sign = sort?.startsWith('-') === true ? -1 : 1
  if (column === 'name') return [...series].sort((a, b) => sign * a.name.localeCompare(b.name, 'en', { numeric: true }))
  if (column !== 'last' && column !== 'min' && column !== 'avg' && column !== 'max') return series
  return [...series].sort((a, b) => sign * (a.stats[column] - b.stats[column]))
}

/** Points as rows for CSV: a time column and one column a series. */
export function tableOf(
  timesMs: Float64Array,
  series: readonly ExploreSeries[],
): { readonly header: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] } {
  const rows = Array.from(timesMs, (timeMs, index): (string | number)[] => [
    new Date(timeMs).toISOString(),
    ...series.map(({ values }) => {
      const value = values[index] ?? Number.NaN
      return Number.isNaN(value) ? '' : value
    }),
  ])
  return { header: ['time', ...series.map((each) => each.name)], rows }
}

/** The request behind a chart as a command to paste; `address` is the whole one of `query_range`. */
export function curlCommand(address: string, query: string, grid: Grid): string {
  const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`
  return [
    `curl -G ${quoted(address)}`,
    `-H "Authorization: Bearer $BELLWETHER_TOKEN"`,
    `--data-urlencode ${quoted(`query=${query}`)}`,
    `--data-urlencode start=${grid.fromMs / 1000}`,
    `--data-urlencode end=${grid.toMs / 1000}`,
    `--data-urlencode step=${grid.stepMs / 1000}`,
  ].join(' \\\n  ')
}

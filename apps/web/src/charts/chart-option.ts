/** From columns to what ECharts draws. Pure: no DOM, no React. */
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts'
import type { GridComponentOption } from 'echarts/components'
import type { ComposeOption } from 'echarts/core'
import { formatTick, type Zone } from '../lib/time-format.ts'
import { formatAxisValue, type Unit } from '../lib/units.ts'

export type ChartOption = ComposeOption<LineSeriesOption | BarSeriesOption | GridComponentOption>

export type ChartStyle = 'line' | 'area' | 'stacked' | 'bars'

export interface ChartSeries {
  readonly name: string
  readonly color: string
  readonly dash: 'solid' | 'dashed' | 'dotted'
  /** One a time; `NaN` is a gap. */
  readonly values: Float64Array
}

/** A moment that is marked, such as a deploy. */
export interface ChartMark {
  readonly atMs: number
  readonly label: string
}

export interface ChartData {
  readonly timesMs: Float64Array
  readonly stepMs: number
  readonly series: readonly ChartSeries[]
  /** True: a value is of the whole interval that begins at its time, and is drawn in the middle of it. */
  readonly areIntervals?: boolean
  readonly marks?: readonly ChartMark[]
}

/** Where the point of a time is drawn, ms since 1970. */
export function drawnAtMs(data: Pick<ChartData, 'stepMs' | 'areIntervals'>, timeMs: number): number {
  return data.areIntervals === true ? timeMs + data.stepMs / 2 : timeMs
}

export interface ChartLook {
  readonly style: ChartStyle
  readonly unit: Unit
  readonly zone: Zone
  /** The range shown, wider than the points when there are few. */
  readonly fromMs: number
  readonly toMs: number
  /** About how many labels the time axis has room for. */
  readonly timeLabels: number
  /** Data from here on may still change; null when nothing does. */
  readonly fillingFromMs: number | null
  readonly colors: { readonly text: string; readonly grid: string; readonly border: string }
  /** Made by the caller, because it needs a canvas; null leaves the area plain. */
  readonly hatch: HTMLCanvasElement | null
}

type Point = [number, number | '-']

/** Points of a series; a gap is `-`, which ECharts leaves open. */
export function pointsOf(data: ChartData, values: Float64Array): Point[] {
  return Array.from(values, (value, index): Point => [drawnAtMs(data, data.timesMs[index] ?? 0), Number.isFinite(value) ? value : '-'])
}

/** Indexes of points with a gap on both sides: a line alone would not show them. */
export function isolatedPoints(values: Float64Array): ReadonlySet<number> {
  const found = new Set<number>()
  for (let i = 0; i < values.length; i += 1) {
    const before = values[i - 1] ?? Number.NaN
    const after = values[i + 1] ?? Number.NaN
    if (!Number.isNaN(values[i] ?? Number.NaN) && Number.isNaN(before) && Number.isNaN(after)) found.add(i)
  }
  return found
}

/**
 * The lower end of the value axis. Bars and areas start at zero; so do lines, except when all of them run far from it
 * in a narrow band, which zero would flatten.
 */
export function axisStartsAtZero(style: ChartStyle, { low, high }: Extent): boolean {
  if (style !== 'line') return true
  if (low > high || low <= 0) return low >= 0
  return high - low > high * 0.2
}

export interface Extent {
  /** `low` > `high` when there is no value. */
  readonly low: number
  readonly high: number
}

/** Smallest and largest value of all series. */
export function extentOf(series: readonly ChartSeries[]): Extent {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { values } of series) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return { low, high }
}

/** A round distance between ticks in powers of two, for bytes; undefined lets ECharts choose. */
export function tickInterval(unit: Unit, highest: number): number | undefined {
  if (unit.base !== 'bytes' || !(highest > 4)) return undefined
  return 2 ** Math.ceil(Math.log2(highest / 5))
}

function highestOf(look: ChartLook, data: ChartData): number {
  if (look.style !== 'stacked')
    return Math.max(0, ...data.series.map(({ values }) => values.reduce((a, b) => (b > a && Number.isFinite(b) ? b : a), 0)))
  let highest = 0
  for (let i = 0; i < data.timesMs.length; i += 1) {
    let sum = 0
    for (const { values } of data.series) sum += Number.isFinite(values[i]) ? (values[i] ?? 0) : 0
    highest = Math.max(highest, sum)
  }
  return highest
}

function seriesOption(data: ChartData, series: ChartSeries, look: ChartLook): LineSeriesOption | BarSeriesOption {
  const shared = { id: series.name, name: series.name, data: pointsOf(data, series.values), color: series.color, animation: false }
  if (look.style === 'bars') {
    return {
      ...shared,
      type: 'bar',
      stack: 'all',
      barCategoryGap: '15%',
      large: data.timesMs.length * data.series.length > 6000,
      emphasis: { focus: 'series' },
    }
  }
  const lonely = isolatedPoints(series.values)
  return {
    ...shared,
    type: 'line',
    ...(look.style === 'stacked' ? { stack: 'all' } : {}),
    ...(look.style === 'line' ? {} : { areaStyle: { opacity: look.style === 'area' ? 0.16 : 0.45 } }),
    lineStyle: { width: 1.6, type: series.dash },
    connectNulls: false,
    showSymbol: lonely.size > 0,
    showAllSymbol: true,
    symbol: 'circle',
    symbolSize: (_value: unknown, params: { dataIndex: number }) => (lonely.has(params.dataIndex) ? 5 : 0),
    emphasis: { focus: 'series', lineStyle: { width: 2.4 } },
    blur: { lineStyle: { opacity: 0.25 } },
  }
}

/** An area of ECharts from the moment data may still change to the end. */
function fillingArea(look: ChartLook): Pick<LineSeriesOption, 'markArea'> {
  if (look.fillingFromMs === null) return {}
  const color = look.hatch === null ? 'transparent' : { image: look.hatch, repeat: 'repeat' as const }
  return {
    markArea: { silent: true, animation: false, itemStyle: { color }, data: [[{ xAxis: look.fillingFromMs }, { xAxis: look.toMs }]] },
  }
}

/** Marks named at most; of more only the lines are drawn. */
const markLabelsMax = 6
const markLabelLength = 16

/** A dashed line at each mark within the range. */
function markLines(marks: readonly ChartMark[], look: ChartLook): Pick<LineSeriesOption, 'markLine'> {
  const shown = marks.filter(({ atMs }) => atMs >= look.fromMs && atMs <= look.toMs)
  if (shown.length === 0) return {}
  return {
    markLine: {
      silent: true,
      animation: false,
      symbol: 'none',
      lineStyle: { color: look.colors.text, type: 'dashed', width: 1 },
      label: { show: shown.length <= markLabelsMax, position: 'insideEndTop', color: look.colors.text, fontSize: 11, formatter: '{b}' },
      data: shown.map(({ atMs, label }) => ({
        xAxis: atMs,
        name: label.length > markLabelLength ? `${label.slice(0, markLabelLength - 1)}…` : label,
      })),
    },
  }
}

/** Steps of an axis of shares: nothing is more than all of it, and nothing at all is not drawn on a scale of everything. */
export function shareSteps(unit: Unit, highest: number): { readonly interval: number; readonly max: number } | null {
  if (unit.base !== 'ratio' || highest > 1) return null
  if (highest <= 0) return { interval: 0.005, max: 0.01 }
  return highest > 0.8 ? { interval: 0.25, max: 1 } : null
}

/** The whole drawing. Everything a person typed or sent stays text: no HTML is made of it. */
export function chartOption(data: ChartData, look: ChartLook): ChartOption {
  const rangeMs = look.toMs - look.fromMs
  const highest = highestOf(look, data)
  const interval = tickInterval(look.unit, highest)
  const extent = extentOf(data.series)
  const startsAtZero = axisStartsAtZero(look.style, extent)
  const span = startsAtZero ? highest : extent.high - extent.low
  const drawn = data.series.map((series) => seriesOption(data, series, look))
  const first = drawn[0]
  return {
    useUTC: look.zone === 'utc',
    animation: false,
    grid: { left: 8, right: 12, top: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    textStyle: { fontFamily: 'Inter Variable, sans-serif' },
    xAxis: {
      type: 'time',
      min: look.fromMs,
      max: look.toMs,
      splitNumber: look.timeLabels,
      axisLine: { lineStyle: { color: look.colors.border } },
      axisTick: { show: false },
      axisLabel: {
        color: look.colors.text,
        fontSize: 11,
        hideOverlap: true,
        formatter: (ms: number) => formatTick(ms, rangeMs, look.zone),
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      scale: !startsAtZero,
      splitNumber: 4,
      // What is counted in intervals comes in whole numbers.
      ...(data.areIntervals === true ? { minInterval: 1 } : {}),
      ...shareSteps(look.unit, highest),
      ...(interval === undefined ? {} : { interval, max: Math.ceil(highest / interval) * interval }),
      axisLabel: { color: look.colors.text, fontSize: 11, formatter: (value: number) => formatAxisValue(value, look.unit, span) },
      splitLine: { lineStyle: { color: look.colors.grid } },
      axisLine: { show: false },
    },
    series: first === undefined ? [] : [{ ...first, ...fillingArea(look), ...markLines(data.marks ?? [], look) }, ...drawn.slice(1)],
  }
}

/** What the queries answered: chart and legend, points as a table, or the values of this moment. */
import { useMemo, useState } from 'react'
import type { Metric } from '@bellwether/protocol'
import { useScheme } from '../../charts/chart-colors.ts'
import { describeChart } from '../../charts/series-stats.ts'
import { TimeChart } from '../../charts/TimeChart.tsx'
import { absoluteRange, defaultRange, isLive, writeDuration } from '../../lib/time-range.ts'
import { formatValue, noUnit, unitLabel, type Unit } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Empty, useDelay } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { ExploreToolbar } from './ExploreToolbar.tsx'
import { gatherSeries, seriesDrawnMax, seriesShownMax, visibleSeries, type ExploreSeries } from './explore-model.ts'
import { InstantView } from './InstantView.tsx'
import { LegendTable } from './LegendTable.tsx'
import { NoPoints } from './NoPoints.tsx'
import { PointsTable } from './PointsTable.tsx'
import { unitOfQuery } from './query-unit.ts'
import type { Answers } from './use-answers.ts'
import type { ExploreState } from './use-explore.ts'

export interface ExploreResultProps {
  readonly state: ExploreState
  readonly answers: Answers
  readonly metrics: readonly Metric[]
}

/** The one unit of all queries, or none when they differ: one axis cannot show two. */
function sharedUnit(queries: readonly string[], metrics: readonly Metric[]): Unit {
  const units = new Map(metrics.map((metric) => [metric.name, metric.unit]))
  const all = queries.filter((query) => query !== '').map((query) => unitOfQuery(query, (name) => units.get(name) ?? ''))
  const [first] = all
  if (first === undefined) return noUnit
  return all.every((unit) => unit.base === first.base && unit.perSecond === first.perSecond) ? first : noUnit
}

export function ExploreResult({ state, answers, metrics }: ExploreResultProps) {
  const { search, queries } = state
  const { nowMs } = useRange()
  const scheme = useScheme()
  const [limit, setLimit] = useState(seriesShownMax)
  const all = useMemo(() => gatherSeries(answers.answers, scheme), [answers.answers, scheme])
  const visible = useMemo(
    () => visibleSeries(all, { only: search.only, hidden: search.hide ?? [], limit }),
    [all, search.only, search.hide, limit],
  )
  const unit = sharedUnit(
    queries.filter((_query, index) => !state.isOff(index)),
    metrics,
  )
  const view = search.view ?? 'chart'
  const warnings = [...new Set(answers.answers.flatMap((answer) => answer.result.warnings))]
  const infos = [...new Set(answers.answers.flatMap((answer) => answer.result.infos))]
  return (
    <section className="bw-section" aria-label="Result" aria-busy={answers.isFetching}>
      <ExploreToolbar state={state} series={visible.series} timesMs={answers.answers[0]?.result.timesMs ?? new Float64Array(0)} />
      <Progress key={String(answers.isFetching)} active={answers.isFetching} onCancel={answers.cancel} />
      {warnings.map((warning) => (
        <p key={warning} className="bw-explore__warning" role="status">
          {warning}
        </p>
      ))}
      {infos.map((info) => (
        <p key={info} className="bw-explore__info">
          {info}
        </p>
      ))}
      {view === 'instant' ? (
        <InstantView queries={queries} isOff={state.isOff} unit={unit} timeMs={nowMs} />
      ) : (
        <RangeView
          state={state}
          answers={answers}
          visible={visible.series}
          all={all}
          unit={unit}
          limit={limit}
          leftOut={visible.leftOut}
          onMore={() => setLimit(seriesDrawnMax)}
        />
      )}
    </section>
  )
}

/** A thin line while waiting; after a second a way to give up. */
function Progress({ active, onCancel }: { readonly active: boolean; readonly onCancel: () => void }) {
  const visible = useDelay(200)
  const slow = useDelay(1000)
  if (!active || !visible) return <div className="bw-progress" />
  return (
    <div className="bw-progress bw-progress--on" role="status" aria-label="Asking">
      {slow && (
        <div className="bw-progress__cancel">
          <span>Still asking…</span>
          <Button small onClick={onCancel}>
            Cancel
          </Button>
        </div>
      )}
    </div>
  )
}

interface RangeViewProps {
  readonly state: ExploreState
  readonly answers: Answers
  readonly visible: readonly ExploreSeries[]
  readonly all: readonly ExploreSeries[]
  readonly unit: Unit
  readonly limit: number
  readonly leftOut: number
  readonly onMore: () => void
}

function RangeView({ state, answers, visible, all, unit, limit, leftOut, onMore }: RangeViewProps) {
  const { range, resolved, setRange } = useRange()
  const { grid } = answers
  const data = useMemo(
    () => ({
      timesMs: answers.answers[0]?.result.timesMs ?? new Float64Array(0),
      stepMs: answers.answers[0]?.result.stepMs ?? 1,
      series: visible,
    }),
    [answers.answers, visible],
  )
  const summary = describeChart(
    visible.map((series) => series.name),
    visible.map((series) => series.stats),
    (value) => formatValue(value, unit),
  )
  if (answers.isFirst) return <ChartSkeleton />
  if (answers.isCanceled) return <Canceled onAgain={answers.again} />
  if (all.length === 0)
    return answers.answers.length === 0 ? (
      <NoAnswer failed={answers.errors.some((error) => error !== null)} />
    ) : (
      <NoPoints state={state} grid={grid} />
    )
  if (state.search.view === 'table') return <PointsTable data={data} unit={unit} />
  return (
    <>
      <p className="bw-sr" aria-live="polite">
        {summary}
      </p>
      <div className="bw-explore__chart">
        <div className="bw-explore__axis">
          {unitLabel(unit)}{' '}
          <span className="bw-dim">
            {unitLabel(unit) === '' ? 'One' : '· one'} point every {writeDuration(grid.stepMs)}
          </span>
        </div>
        <TimeChart
          data={data}
          style={state.search.style ?? 'line'}
          unit={unit}
          fromMs={resolved.fromMs}
          toMs={isLive(range) ? Math.max(resolved.toMs, grid.toMs) : resolved.toMs}
          fillingFromMs={isLive(range) ? grid.toMs - grid.stepMs : null}
          heightPx={320}
          summary={summary}
          onZoom={(fromMs, toMs) => setRange(absoluteRange(fromMs, toMs))}
          onReset={() => setRange(defaultRange)}
        />
      </div>
      <LegendTable
        state={state}
        all={all.slice(0, limit)}
        unit={unit}
        leftOut={leftOut}
        canShowMore={limit < seriesDrawnMax}
        onMore={onMore}
      />
    </>
  )
}

function ChartSkeleton() {
  const visible = useDelay(200)
  return (
    <div className="bw-explore__wait" role="status" aria-label="Loading the answer">
      {visible && <div className="bw-skeleton" />}
    </div>
  )
}

function Canceled({ onAgain }: { readonly onAgain: () => void }) {
  return (
    <Empty title="Cancelled" icon="clock" action={<Button onClick={onAgain}>Ask again</Button>}>
      <p>A shorter range, a filter or an aggregation makes the query lighter.</p>
    </Empty>
  )
}

function NoAnswer({ failed }: { readonly failed: boolean }) {
  if (failed) {
    return (
      <Empty title="Nothing to show" icon="metrics">
        <p>The query above gave no answer; the message says where it stopped. Enter runs it again.</p>
      </Empty>
    )
  }
  return (
    <Empty title="No query is on" icon="metrics">
      <p>Switch a query on by its letter.</p>
    </Empty>
  )
}

/** Cardinality: what costs most, what exploded, and rules that say what becomes of it. Live. */
import type { CardinalityOverview, CardinalityRuleDraft, Explosion, MetricCost } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { MiddleCut } from '../../ui/MiddleCut.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { labelValuesOf, limitText, overviewQuery, reasonText, type CostOrder } from './cardinality.queries.ts'
import { CostDrawer } from './CostDrawer.tsx'
import { RuleDrawer } from './RuleDrawer.tsx'
import { RulesSection } from './RulesSection.tsx'
import './cardinality.css'

const refreshMs = 5000
/** Explosions shown one by one. */
const bannersMax = 5
const route = getRouteApi('/p/$project/data/cardinality')

/** A rule to begin with: take one label of one metric away. */
function dropLabel(metric: string, label: string | null): CardinalityRuleDraft {
  return {
    match: { kind: 'exact', value: metric },
    action: { kind: 'drop_labels', labels: label === null ? [] : [label], gauges: 'last' },
    note: '',
  }
}

export function CardinalityPage() {
  const { projectPath, project, organization } = usePlace()
  const { order = 'active', open } = route.useSearch()
  const navigate = route.useNavigate()
  const overview = useQuery({ ...overviewQuery(projectPath, order), refetchInterval: refreshMs })
  const [draft, setDraft] = useState<CardinalityRuleDraft | null>(null)
  const mayChange = may(organization, 'write')
  const onRule = mayChange ? (metric: string, label: string | null): void => setDraft(dropLabel(metric, label)) : null
  const show = (change: { readonly order?: CostOrder; readonly open?: string | null }): void =>
    void navigate({
      search: ({ order: oldOrder = 'active', open: oldOpen = null, ...rest }) => {
        const next = { order: oldOrder, open: oldOpen, ...change }
        return { ...rest, ...(next.order === 'active' ? {} : { order: next.order }), ...(next.open === null ? {} : { open: next.open }) }
      },
      replace: true,
    })
  const data = overview.data
  return (
    <Page
      title="Cardinality"
      lead={data === undefined ? undefined : leadOf(data, project.name)}
      actions={
        onRule === null ? undefined : (
          <Button variant="plain" icon="plus" onClick={() => onRule('', null)}>
            New rule
          </Button>
        )
      }
    >
      {overview.isError && <Failure error={overview.error} title="Cardinality could not be read" onRetry={() => void overview.refetch()} />}
      {overview.isPending && <Loading label="cardinality" rows={6} />}
      {data !== undefined && (
        <>
          <Explosions explosions={data.explosions} nowMs={overview.dataUpdatedAt} onRule={onRule} />
          <RulesSection mayChange={mayChange} />
          <Section
            title="What costs most"
            note="a series is one combination of label values"
            actions={<Order order={order} onOrder={(next) => show({ order: next })} />}
          >
            <DataTable
              key={order}
              label="metrics"
              columns={costColumns}
              rows={data.metrics}
              rowKey={({ name }) => name}
              onOpen={({ name }) => show({ open: name })}
              openKey={open ?? null}
              empty={
                <Empty title="No series in the last hour" icon="metrics">
                  <p>The first metric that comes in shows here with what it costs.</p>
                </Empty>
              }
            />
          </Section>
          <Dropped dropped={data.dropped} />
        </>
      )}
      {open !== undefined && <CostDrawer name={open} onClose={() => show({ open: null })} onRule={onRule} />}
      {draft !== null && <RuleDrawer start={draft} onClose={() => setDraft(null)} />}
    </Page>
  )
}

function leadOf({ activeSeries, limits }: CardinalityOverview, project: string): string {
  return (
    `Project “${project}” had samples of ${formatCount(activeSeries)} series in the last hour. ` +
    `A metric may have ${formatCount(limits.metric)} within an hour, the organization ${formatCount(limits.organization)}; what is new beyond that is dropped.`
  )
}

type OnRule = ((metric: string, label: string | null) => void) | null

interface ExplosionsProps {
  readonly explosions: readonly Explosion[]
  readonly nowMs: number
  readonly onRule: OnRule
}

function Explosions({ explosions, nowMs, onRule }: ExplosionsProps) {
  return (
    <>
      {explosions.slice(0, bannersMax).map((explosion) => (
        <Notice
          key={explosion.metric}
          {...(explosion.handledBy === null ? { tone: 'warn' as const, icon: 'warning' } : { tone: 'ok' as const, icon: 'check' })}
          title={explosionTitle(explosion)}
          action={
            onRule === null || explosion.handledBy !== null ? undefined : (
              <Button variant="primary" onClick={() => onRule(explosion.metric, explosion.label)}>
                {explosion.label === null ? 'Make a rule…' : `Drop ${explosion.label}…`}
              </Button>
            )
          }
        >
          <ExplosionText explosion={explosion} nowMs={nowMs} />
        </Notice>
      ))}
      {explosions.length > bannersMax && (
        <p className="bw-dim">And {explosions.length - bannersMax} more metrics whose new series are dropped.</p>
      )}
    </>
  )
}

function explosionTitle({ metric, label, handledBy }: Explosion): string {
  if (handledBy !== null) return `${metric}: a rule has taken over`
  return label === null ? `${metric} has too many series` : `${metric}: label ${label} explodes`
}

function ExplosionText({ explosion, nowMs }: { readonly explosion: Explosion; readonly nowMs: number }) {
  const { refusedSeries, firstAt, lastAt, reached, limit, label, examples } = explosion
  const first = formatAgo(Date.parse(firstAt), nowMs)
  const last = formatAgo(Date.parse(lastAt), nowMs)
  return (
    <>
      <p>
        About {formatCount(refusedSeries)} new series were dropped
        {first !== last && (
          <>
            , the first <time title={firstAt}>{first}</time>, the last
          </>
        )}{' '}
        <time title={lastAt}>{last}</time>: {limitText(reached, limit)}. Series that were there before go on.
      </p>
      {label !== null && (
        <p>
          <code>{label}</code> has about {formatCount(labelValuesOf(explosion))} values among them, such as{' '}
          {examples.map((example, i) => (
            <span key={example}>
              {i > 0 && ', '}
              <code>{example}</code>
            </span>
          ))}
          .
        </p>
      )}
    </>
  )
}

function Order({ order, onOrder }: { readonly order: CostOrder; readonly onOrder: (order: CostOrder) => void }) {
  return (
    <Segmented
      label="Order by"
      value={order}
      options={[
        { value: 'active', label: 'Series' },
        { value: 'new', label: 'New series' },
        { value: 'samples', label: 'Samples' },
      ]}
      onChange={onOrder}
    />
  )
}

const costColumns: readonly Column<MetricCost>[] = [
  { id: 'name', header: 'Metric', isMain: true, value: ({ name }) => name, cell: ({ name }) => <MiddleCut text={name} /> },
  counted('active', 'Series, last hour', ({ activeSeries }) => activeSeries),
  { ...counted('new', 'New, last hour', ({ newSeries }) => newSeries), isExtra: true },
  {
    id: 'samples',
    header: 'Samples, last day',
    isNumber: true,
    isExtra: true,
    value: ({ samples }) => samples,
    cell: ({ samples }) => (samples === null ? <span title="The store did not answer in time">not known</span> : formatCount(samples)),
  },
  {
    id: 'refused',
    header: 'Dropped, last hour',
    isNumber: true,
    isExtra: true,
    value: ({ refusedSeries }) => refusedSeries,
    cell: ({ refusedSeries }) => (refusedSeries === 0 ? '' : `about ${formatCount(refusedSeries)}`),
  },
]

function counted(id: string, header: string, value: (cost: MetricCost) => number): Column<MetricCost> {
  return {
    id,
    header,
    isNumber: true,
    value,
    cell: (cost) => <span title={value(cost).toLocaleString('en-US')}>{formatCount(value(cost))}</span>,
  }
}

function Dropped({ dropped }: { readonly dropped: CardinalityOverview['dropped'] }) {
  const rows = Object.entries(dropped)
  if (rows.length === 0) return null
  return (
    <Section title="Dropped" note="points since the program started, by limits and rules">
      <DataTable
        label="dropped points"
        columns={[
          { id: 'reason', header: 'Reason', cell: ([reason]) => <code>{reason}</code> },
          { id: 'what', header: 'Meaning', isMain: true, cell: ([reason]) => reasonText(reason) },
          { id: 'points', header: 'Points', isNumber: true, cell: ([, points]) => formatCount(points) },
        ]}
        rows={rows}
        rowKey={([reason]) => reason}
      />
    </Section>
  )
}

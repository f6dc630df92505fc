/** The map of services: who calls whom, how often, how well. The table behind it says the same in words. */
import type { MapEdge, ServiceMap } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { TracesEmpty } from '../traces/index.ts'
import { EnvironmentSelect } from './EnvironmentSelect.tsx'
import { MapNodeCard } from './MapNodeCard.tsx'
import { MapPicture } from './MapPicture.tsx'
import { formatDuration, formatRate, formatShare, toneOfErrors } from './red-words.ts'
import { readMapSearch, type MapSearch } from './services-search.ts'
import { mapQuery } from './services.queries.ts'
import './services.css'
import './map.css'

const route = getRouteApi('/p/$project/service-map')

export function ServiceMapPage() {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { environment = '', node, view } = route.useSearch()
  const go = route.useNavigate()
  const map = useQuery(mapQuery(projectPath, { ...resolved, environment }))
  const update = (change: { readonly [Key in keyof MapSearch]?: MapSearch[Key] | undefined }): void =>
    void go({ search: (current) => readMapSearch({ ...current, ...change }), replace: true })
  const { data } = map
  return (
    <Page
      title="Service map"
      lead={
        data === undefined || data.nodes.length === 0
          ? 'Who calls whom, how often, and how well: drawn from the spans of your services.'
          : mapLead(data)
      }
      actions={
        <EnvironmentSelect environments={data?.environments ?? []} value={environment} onChange={(next) => update({ environment: next })} />
      }
      wide
    >
      {map.isPending && <Loading label="the map" rows={10} />}
      {map.isError && <Failure error={map.error} title="The map could not be read" onRetry={() => void map.refetch()} />}
      {data?.isPartial === true && (
        <Notice tone="warn" icon="warning" title="Not every call is on the map">
          <p>The rarest calls are left out. Narrow the range or choose an environment.</p>
        </Notice>
      )}
      {data !== undefined && data.nodes.length === 0 && <TracesEmpty />}
      {data !== undefined && data.nodes.length > 0 && (
        <section className="bw-section" aria-label="Map">
          <div className="bw-section__head">
            <Segmented
              label="View"
              value={view ?? 'map'}
              options={[
                { value: 'map', label: 'Map' },
                { value: 'table', label: 'Table' },
              ]}
              onChange={(next) => update({ view: next === 'table' ? next : undefined })}
            />
            <span className="bw-section__note">edges: calls, failed, p95 · arrow keys move between services</span>
          </div>
          {view === 'table' ? (
            <EdgeTable map={data} onOpen={(id) => update({ node: id, view: undefined })} />
          ) : (
            <div className="bw-map__body">
              <MapPicture map={data} chosen={node ?? null} onChoose={(id) => update({ node: id ?? undefined })} />
              {node !== undefined && <MapNodeCard map={data} id={node} onClose={() => update({ node: undefined })} />}
            </div>
          )}
        </section>
      )}
    </Page>
  )
}

function mapLead({ nodes, edges }: ServiceMap): string {
  const services = nodes.filter(({ kind }) => kind === 'service').length
  const others = nodes.length - services
  const failing = edges.filter(({ figures }) => ['warn', 'down'].includes(toneOfErrors(figures.errorRate)))
  const whole = `${services} ${services === 1 ? 'service' : 'services'}${others === 0 ? '' : ` and ${others} they rely on`}.`
  if (failing.length === 0) return `${whole} No call between them fails noticeably.`
  const worst = failing.reduce((a, b) => ((b.figures.errorRate ?? 0) > (a.figures.errorRate ?? 0) ? b : a))
  const nameOf = (id: string): string => nodes.find((node) => node.id === id)?.name ?? id
  const said = `${nameOf(worst.from)} → ${nameOf(worst.to)}, ${formatShare(worst.figures.errorRate)} of its calls`
  return `${whole} ${failing.length === 1 ? 'One connection fails' : `${failing.length} connections fail, most`}: ${said}.`
}

function EdgeTable({ map, onOpen }: { readonly map: ServiceMap; readonly onOpen: (id: string) => void }) {
  const names = new Map(map.nodes.map(({ id, name }) => [id, name]))
  const nameOf = (id: string): string => names.get(id) ?? id
  const columns: Column<MapEdge>[] = [
    { id: 'from', header: 'Caller', value: ({ from }) => nameOf(from), cell: ({ from }) => nameOf(from) },
    { id: 'to', header: 'Called', isMain: true, value: ({ to }) => nameOf(to), cell: ({ to }) => nameOf(to) },
    { id: 'kind', header: 'How', isExtra: true, value: ({ kind }) => kind, cell: ({ kind }) => kind },
    {
      id: 'rate',
      header: 'Calls',
      isNumber: true,
      value: ({ figures }) => figures.perSec,
      cell: ({ figures }) => formatRate(figures.perSec),
    },
    {
      id: 'errors',
      header: 'Failed',
      isNumber: true,
      value: ({ figures }) => figures.errorRate,
      cell: ({ figures }) => <StatusMark tone={toneOfErrors(figures.errorRate)} label={formatShare(figures.errorRate)} />,
    },
    {
      id: 'p50',
      header: 'p50',
      isNumber: true,
      isExtra: true,
      value: ({ figures }) => figures.p50Ms,
      cell: ({ figures }) => formatDuration(figures.p50Ms),
    },
    {
      id: 'p95',
      header: 'p95',
      isNumber: true,
      value: ({ figures }) => figures.p95Ms,
      cell: ({ figures }) => formatDuration(figures.p95Ms),
    },
  ]
  return (
    <DataTable
      label="calls between services"
      columns={columns}
      rows={map.edges}
      rowKey={({ from, to, kind }) => `${from}\n${to}\n${kind}`}
      initialSort={{ column: 'rate', descending: true }}
      onOpen={({ to }) => onOpen(to)}
    />
  )
}

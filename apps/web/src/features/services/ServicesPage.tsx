/** Services: which are slow, which fail, and how much they do. */
import type { ServicesAnswer, ServiceSummary } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { TracesEmpty } from '../traces/index.ts'
import { EnvironmentSelect } from './EnvironmentSelect.tsx'
import { redColumns } from './red-columns.tsx'
import { toneOfErrors } from './red-words.ts'
import { servicesLead } from './service-words.ts'
import { readServicesSearch } from './services-search.ts'
import { servicesQuery } from './services.queries.ts'
import './services.css'

const route = getRouteApi('/p/$project/services')

export function ServicesPage() {
  const { projectPath, project } = usePlace()
  const { resolved } = useRange()
  const { find = '', environment = '' } = route.useSearch()
  const go = route.useNavigate()
  const services = useQuery(servicesQuery(projectPath, { ...resolved, environment }))
  const { data } = services
  const update = (change: { readonly find?: string | undefined; readonly environment?: string | undefined }): void =>
    void go({ search: (current) => readServicesSearch({ ...current, ...change }), replace: true })
  return (
    <Page
      title="Services"
      lead={data === undefined ? 'What your services answer, how often they fail and how long they take.' : servicesLead(data.items)}
      actions={
        <>
          <EnvironmentSelect
            environments={data?.environments ?? []}
            value={environment}
            onChange={(next) => update({ environment: next })}
          />
          <Link className="bw-btn bw-btn--plain" to="/p/$project/service-map" params={{ project: project.id }}>
            Map
          </Link>
        </>
      }
      wide
    >
      {services.isPending && <Loading label="the services" rows={8} />}
      {services.isError && (
        <Failure error={services.error} title="The services could not be read" onRetry={() => void services.refetch()} />
      )}
      {data !== undefined && data.items.length === 0 && environment === '' && <TracesEmpty />}
      {data !== undefined && data.items.length === 0 && environment !== '' && (
        <Empty title={`No service in ${environment}`} icon="search">
          <p>Nothing of this environment came in this time range.</p>
        </Empty>
      )}
      {data?.isPartial === true && (
        <Notice tone="warn" icon="warning" title="Not all services are shown">
          <p>Those with the fewest calls are left out. Narrow the range or choose an environment.</p>
        </Notice>
      )}
      {data !== undefined && data.items.length > 0 && (
        <section className="bw-section" aria-label="Services" aria-busy={services.isPlaceholderData}>
          <div className="bw-section__head">
            <SearchField label="Find a service" value={find} onChange={(text) => update({ find: text === '' ? undefined : text })} />
          </div>
          <ServiceTable answer={data} find={find} />
        </section>
      )}
    </Page>
  )
}

function ServiceTable({ answer, find }: { readonly answer: ServicesAnswer; readonly find: string }) {
  const { items } = answer
  const { project } = usePlace()
  const navigate = useNavigate()
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const rows = items.filter(({ service }) => words.every((word) => service.toLowerCase().includes(word)))
  const columns: Column<ServiceSummary>[] = [
    {
      id: 'service',
      header: 'Service',
      isMain: true,
      value: ({ service }) => service,
      cell: ({ service, errorRate, isEntry, releases }) => (
        <span className="bw-service-name">
          <StatusMark tone={toneOfErrors(errorRate)} label="" hideLabel />
          <Link to="/p/$project/services/$service" params={{ project: project.id, service }} onClick={(event) => event.stopPropagation()}>
            {service === '' ? '(no name)' : service}
          </Link>
          {!isEntry && (
            <span className="bw-extra" title="It answers no calls; the figures are of all its spans">
              <Tag>background</Tag>
            </span>
          )}
          {releases.length > 0 && (
            <span className="bw-dim bw-extra" title={`Releases: ${releases.join(', ')}`}>
              {releases[releases.length - 1]}
              {releases.length > 1 ? ` +${releases.length - 1}` : ''}
            </span>
          )}
        </span>
      ),
    },
    ...redColumns<ServiceSummary>(answer),
    {
      id: 'operations',
      header: 'Operations',
      isNumber: true,
      isExtra: true,
      value: ({ operations }) => operations,
      cell: ({ operations }) => operations.toLocaleString('en-US'),
    },
  ]
  return (
    <DataTable
      label="services"
      columns={columns}
      rows={rows}
      rowKey={({ service }) => service}
      onOpen={({ service }) => void navigate({ to: '/p/$project/services/$service', params: { project: project.id, service } })}
      empty={
        <Empty title="No service has that name" icon="search">
          <p>{items.length.toLocaleString('en-US')} services are here; take a letter away.</p>
        </Empty>
      }
    />
  )
}

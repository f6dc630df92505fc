/** What a metric is here, from the wire to the disk, told with one of the project's own metrics. */
import { Autocomplete } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Page } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { useMetrics } from '../metrics/index.ts'
import { usePlace } from '../session/index.ts'
import { chooseExample, textOfSeries } from './data-model.ts'
import { anatomyQuery } from './data-model.queries.ts'
import { DataModelSteps } from './DataModelSteps.tsx'

const route = getRouteApi('/p/$project/data/model')
const offeredMax = 50

export function DataModelPage() {
  const { projectPath, project } = usePlace()
  const { metric } = route.useSearch()
  const navigate = route.useNavigate()
  const [typed, setTyped] = useState<string | null>(null)
  const metrics = useMetrics(typed ?? '')
  const names = (metrics.items ?? []).map(({ name }) => name)
  const chosen = metric ?? chooseExample(names)
  const anatomy = useQuery({ ...anatomyQuery(projectPath, chosen ?? ''), enabled: chosen !== null })
  const summary = metrics.items?.find(({ name }) => name === chosen) ?? null
  const choose = (name: string): void => {
    setTyped(null)
    void navigate({ search: (before) => ({ ...before, metric: name }), replace: true })
  }
  return (
    <Page title="Data model" lead="What a metric is here, from the wire to the disk, step by step, with one of your own.">
      {metrics.items === undefined && metrics.error === null && <Loading label="metrics" rows={6} />}
      {metrics.error !== null && <Failure error={metrics.error} title="The metrics could not be read" onRetry={metrics.retry} />}
      {metrics.items !== undefined && chosen === null && (
        <Empty
          title="No metric yet"
          icon="data"
          action={
            <Link to="/p/$project/start" params={{ project: project.id }}>
              Send your first data
            </Link>
          }
        >
          <p>With the first point this page shows how it is named, numbered, logged and stored.</p>
        </Empty>
      )}
      {chosen !== null && (
        <>
          <Autocomplete
            label="Metric"
            data={names}
            limit={offeredMax}
            value={typed ?? chosen}
            onChange={setTyped}
            onOptionSubmit={choose}
            onBlur={() => setTyped(null)}
            className="bw-model__choice"
          />
          {anatomy.isPending && <Loading label="the metric" rows={6} />}
          {anatomy.isError && (
            <Failure error={anatomy.error} title={`“${chosen}” could not be looked at`} onRetry={() => void anatomy.refetch()} />
          )}
          {anatomy.data !== undefined && (
            <DataModelSteps anatomy={anatomy.data} summary={summary} series={textOfSeries(anatomy.data)} projectId={project.id} />
          )}
        </>
      )}
    </Page>
  )
}

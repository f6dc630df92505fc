/** One metric: what it says of itself, its labels and their values. */
import type { Metric } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatAgoMinutes } from '../../lib/time-format.ts'
import { formatCount, unitLabel, unitOfMetric } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { DeleteMetric } from '../retention/index.ts'
import { usePlace } from '../session/index.ts'
import { metricQuery, tagsQuery, tagValuesQuery } from './metrics.queries.ts'

/** As declared, else as the name says. */
function unitText(metric: Metric): string {
  if (metric.unit !== '') return metric.unit
  const guessed = unitLabel(unitOfMetric(metric.name))
  return guessed === '' ? 'not given' : `${guessed}, by its name`
}

export interface MetricDrawerProps {
  readonly name: string
  readonly onClose: () => void
  readonly onChart: (name: string) => void
}

export function MetricDrawer({ name, onClose, onChart }: MetricDrawerProps) {
  const { projectPath } = usePlace()
  const metric = useQuery(metricQuery(projectPath, name))
  const tags = useQuery(tagsQuery(projectPath, name))
  return (
    <DetailDrawer title={<span className="bw-mono">{name}</span>} onClose={onClose}>
      <div className="bw-metric">
        <div className="bw-metric__actions">
          <Button variant="primary" icon="metrics" onClick={() => onChart(name)} data-autofocus>
            Chart it
          </Button>
          <CopyButton text={name} what="name" label="Copy name" small={false} />
          <DeleteMetric name={name} onDeleted={onClose} />
        </div>
        {metric.isError && (
          <Failure compact error={metric.error} title="This metric could not be read" onRetry={() => void metric.refetch()} />
        )}
        {metric.isPending && <Loading label="the metric" rows={3} />}
        {metric.data !== undefined && (
          <>
            {metric.data.help !== '' && <p>{metric.data.help}</p>}
            <dl className="bw-facts">
              <Fact name="Type" value={metric.data.type} />
              <Fact name="Unit" value={unitText(metric.data)} />
              <Fact name="Series" value={formatCount(metric.data.seriesCount)} />
              <Fact
                name="First seen"
                value={formatAgoMinutes(Date.parse(metric.data.firstSeenAt), metric.dataUpdatedAt)}
                title={metric.data.firstSeenAt}
              />
              <Fact
                name="Last seen"
                value={formatAgoMinutes(Date.parse(metric.data.lastSeenAt), metric.dataUpdatedAt)}
                title={metric.data.lastSeenAt}
              />
            </dl>
          </>
        )}
        <h2>Labels</h2>
        {tags.isPending && <Loading label="labels" rows={3} />}
        {tags.isError && <Failure compact error={tags.error} title="The labels could not be read" onRetry={() => void tags.refetch()} />}
        {tags.data !== undefined && tags.data.items.length === 0 && <p className="bw-dim">This metric has no labels.</p>}
        <ul className="bw-metric__tags">
          {(tags.data?.items ?? [])
            .filter((tag) => tag.name !== '__name__')
            .map((tag) => (
              <TagValues
                key={tag.name}
                metric={name}
                tag={tag.name}
                count={`${formatCount(tag.valueCount)}${tag.valueCountIsExact ? '' : '+'}`}
              />
            ))}
        </ul>
      </div>
    </DetailDrawer>
  )
}

/** Values shown of one label. */
const valuesShownMax = 50

function TagValues({ metric, tag, count }: { readonly metric: string; readonly tag: string; readonly count: string }) {
  const { projectPath } = usePlace()
  const [open, setOpen] = useState(false)
  const values = useQuery({ ...tagValuesQuery(projectPath, metric, tag), enabled: open })
  const items = values.data?.items ?? []
  return (
    <li>
      <button type="button" className="bw-metric__tag" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} size={12} />
        <span className="bw-mono bw-truncate">{tag}</span>
        <span className="bw-dim">{count}</span>
      </button>
      {open && values.isPending && <Loading label={`values of ${tag}`} rows={2} />}
      {open && values.isError && <Failure compact error={values.error} title="The values could not be read" />}
      {open && (
        <ul className="bw-metric__values">
          {items.slice(0, valuesShownMax).map((item) => (
            <li key={item.value} className="bw-mono">
              {item.value === '' ? <span className="bw-dim">(empty)</span> : item.value}
            </li>
          ))}
          {items.length > valuesShownMax && <li className="bw-dim">and {items.length - valuesShownMax} more</li>}
        </ul>
      )}
    </li>
  )
}

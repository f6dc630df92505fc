/** Metrics that are made from logs as they come in: kept long after the rows are gone, cheap to chart and to alert on. */
import type { LogMetric } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { formatCount } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { deleteLogMetric, logMetricsQuery } from './log-analysis.queries.ts'
import { fieldsOfRule, newRule, ruleText, type RuleFields } from './metric-rule-model.ts'
import type { LogsState } from './use-logs.ts'

const MetricDrawer = lazy(async () => ({ default: (await import('./MetricRuleDrawer.tsx')).MetricRuleDrawer }))
const refreshMs = 5000

interface Draft {
  readonly id: string | null
  readonly fields: RuleFields
}

export function MetricsView({ state }: { readonly state: LogsState }) {
  const { projectPath, project, organization } = usePlace()
  const client = useQueryClient()
  const rules = useQuery({ ...logMetricsQuery(projectPath), refetchInterval: refreshMs })
  const [draft, setDraft] = useState<Draft | null>(null)
  const remove = useMutation({
    mutationFn: (id: string) => deleteLogMetric(projectPath, id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['log-metrics', projectPath] }),
  })
  const mayChange = may(organization, 'write')
  const make = mayChange ? (
    <Button small icon="plus" variant="primary" onClick={() => setDraft({ id: null, fields: newRule(state.query) })}>
      {state.query === '' ? 'New metric' : 'Metric from this search'}
    </Button>
  ) : null
  return (
    <section className="bw-section" aria-label="Metrics from logs">
      <header className="bw-section__head">
        <h2>Metrics from logs</h2>
        <span className="bw-section__note">counted as rows come in; they outlive the rows</span>
        <div className="bw-section__actions">{make}</div>
      </header>
      {rules.isError && <Failure compact error={rules.error} title="The rules could not be read" onRetry={() => void rules.refetch()} />}
      {remove.error !== null && <Failure compact error={remove.error} title="The rule was not deleted" />}
      {rules.isPending && <Loading label="metrics from logs" rows={4} />}
      {rules.data !== undefined && (
        <DataTable
          label="metrics from logs"
          columns={columnsFor(project.id, mayChange ? (id) => remove.mutate(id) : null)}
          rows={rules.data.items}
          rowKey={({ id }) => id}
          {...(mayChange ? { onOpen: (rule: LogMetric) => setDraft({ id: rule.id, fields: fieldsOfRule(rule) }) } : {})}
          empty={
            <Empty title="No metric is made from logs" icon="metrics" action={make}>
              <p>
                Search for rows that matter, such as <code>service:checkout severity:error</code>, and count them by service, or take a
                number out of them, such as <code>duration_ms</code>.
              </p>
            </Empty>
          }
        />
      )}
      {draft !== null && (
        <Suspense fallback={null}>
          <MetricDrawer id={draft.id} start={draft.fields} onClose={() => setDraft(null)} />
        </Suspense>
      )}
    </section>
  )
}

function columnsFor(project: string, onDelete: ((id: string) => void) | null): readonly Column<LogMetric>[] {
  return [
    {
      id: 'name',
      header: 'Metric',
      value: ({ metric }) => metric,
      cell: ({ metric }) => (
        <Link to="/p/$project/explore/metrics" params={{ project }} search={{ pick: metric }} onClick={(event) => event.stopPropagation()}>
          <code>{metric}</code>
        </Link>
      ),
    },
    { id: 'what', header: 'What it counts', isExtra: true, value: ruleText, cell: ruleText },
    {
      id: 'query',
      header: 'Of rows that match',
      isMain: true,
      value: ({ query }) => query,
      cell: ({ query }) => (query === '' ? <span className="bw-dim">every row</span> : <code title={query}>{query}</code>),
    },
    {
      id: 'matched',
      header: 'Matched',
      isNumber: true,
      value: ({ matched }) => matched,
      cell: ({ matched, skipped }) => (
        <span title={`since the program started; ${skipped.toLocaleString('en-US')} gave no value`}>{formatCount(matched)}</span>
      ),
    },
    {
      id: 'state',
      header: 'State',
      isExtra: true,
      value: ({ isEnabled }) => (isEnabled ? 'on' : 'off'),
      cell: (rule) => <RuleState rule={rule} />,
    },
    {
      id: 'actions',
      header: '',
      isNumber: true,
      cell: ({ id, name }) =>
        onDelete === null ? null : (
          <IconButton
            small
            icon="trash"
            label={`Delete ${name}; its samples stay`}
            onClick={(event) => {
              event.stopPropagation()
              onDelete(id)
            }}
          />
        ),
    },
  ]
}

function RuleState({ rule }: { readonly rule: LogMetric }) {
  if (rule.problem !== null) {
    return (
      <span title={rule.problem}>
        <StatusMark tone="warn" label={rule.problem} />
      </span>
    )
  }
  return <StatusMark tone={rule.isEnabled ? 'ok' : 'paused'} label={rule.isEnabled ? 'On' : 'Paused'} />
}

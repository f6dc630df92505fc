/** How long metrics are kept, what would go, and what was deleted. */
import type { MetricDeletion, RetentionPolicy, RetentionStatus } from '@bellwether/protocol'
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState, type FormEvent } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { LogRetention } from '../logs/index.ts'
import { may, usePlace } from '../session/index.ts'
import { TraceRetention } from '../traces/index.ts'
import { deletionsQuery, fieldsOf, policyOf, previewQuery, retentionQuery, saveRetention, type PolicyFields } from './retention.queries.ts'
import '../../ui/form.css'
import './retention.css'

const refreshMs = 5000
/** How long typing rests before the server is asked. */
const restMs = 300

export function RetentionPage() {
  const { projectPath, project } = usePlace()
  const status = useQuery(retentionQuery(projectPath))
  return (
    <Page
      title="Retention"
      lead={`How long ${project.name} keeps its metrics, logs and traces. What is past it is not shown from that moment, and goes in the background.`}
    >
      {status.isError && <Failure error={status.error} title="Retention could not be read" onRetry={() => void status.refetch()} />}
      {status.isPending && <Loading label="retention" rows={5} />}
      {status.data !== undefined && (
        <>
          <PolicySection key={JSON.stringify(status.data.policy)} status={status.data} />
          <LogRetention />
          <TraceRetention />
          <Deletions />
        </>
      )}
    </Page>
  )
}

function PolicySection({ status }: { readonly status: RetentionStatus }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [fields, setFields] = useState<PolicyFields>(() => fieldsOf(status.policy))
  const mayChange = may(organization, 'admin')
  const policy = useMemo(() => policyOf(fields), [fields])
  // What would go is seen before it can be saved.
  const [counted, setCounted] = useState<RetentionPolicy | null>(null)
  const isChanged = typeof policy !== 'string' && JSON.stringify(policy) !== JSON.stringify(policyOf(fieldsOf(status.policy)))
  const save = useMutation({
    mutationFn: (wanted: RetentionPolicy) => saveRetention(projectPath, wanted),
    onSuccess: () => client.invalidateQueries({ queryKey: ['retention', projectPath] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typeof policy !== 'string' && isChanged && counted === policy && !save.isPending) save.mutate(policy)
  }
  const setRule = (at: number, change: Partial<PolicyFields['rules'][number]>): void =>
    setFields({ ...fields, rules: fields.rules.map((rule, i) => (i === at ? { ...rule, ...change } : rule)) })
  return (
    <Section title="Metrics" note={changedText(status)}>
      <form className="bw-form bw-retention" onSubmit={submit}>
        <div className="bw-retention__days">
          <TextInput
            label="Days that metrics are kept"
            description="Empty: for ever."
            inputMode="numeric"
            value={fields.days}
            readOnly={!mayChange}
            onChange={(event) => setFields({ ...fields, days: event.currentTarget.value })}
            autoComplete="off"
          />
          <TextInput
            label="Days that rollups are kept"
            description="Of 5 minutes and 1 hour. Empty: as long as the samples."
            inputMode="numeric"
            value={fields.rollupDays}
            readOnly={!mayChange}
            onChange={(event) => setFields({ ...fields, rollupDays: event.currentTarget.value })}
            autoComplete="off"
          />
        </div>
        <fieldset className="bw-retention__rules">
          <legend>Other times for some metrics</legend>
          <p className="bw-dim">The first pattern that matches a metric’s name decides; * stands for any characters.</p>
          {fields.rules.map((rule, at) => (
            // eslint-disable-next-line react/no-array-index-key -- rows have no name of their own, and are only added at the end or taken out
            <div key={at} className="bw-retention__rule">
              <TextInput
                aria-label={`Pattern ${at + 1}`}
                placeholder="debug_*"
                classNames={{ input: 'bw-mono' }}
                value={rule.pattern}
                readOnly={!mayChange}
                onChange={(event) => setRule(at, { pattern: event.currentTarget.value })}
                autoComplete="off"
              />
              <TextInput
                aria-label={`Days of pattern ${at + 1}`}
                placeholder="days"
                inputMode="numeric"
                value={rule.days}
                readOnly={!mayChange}
                onChange={(event) => setRule(at, { days: event.currentTarget.value })}
                autoComplete="off"
              />
              {mayChange && (
                <IconButton
                  icon="close"
                  label={`Take out pattern ${at + 1}`}
                  onClick={() => setFields({ ...fields, rules: fields.rules.filter((_, i) => i !== at) })}
                />
              )}
            </div>
          ))}
          {mayChange && (
            <Button small icon="plus" onClick={() => setFields({ ...fields, rules: [...fields.rules, { pattern: '', days: '' }] })}>
              Add a pattern
            </Button>
          )}
        </fieldset>
        <div aria-live="polite">
          {typeof policy === 'string' ? <p role="alert">{policy}</p> : isChanged && <Effect policy={policy} onCounted={setCounted} />}
        </div>
        {save.error !== null && <Failure compact error={save.error} title="The retention was not saved" />}
        {mayChange && (
          <div className="bw-form__actions">
            <Button variant="primary" type="submit" disabled={!isChanged || counted !== policy} busy={save.isPending}>
              Save retention
            </Button>
          </div>
        )}
      </form>
    </Section>
  )
}

function changedText({ changedAt, changedBy, lastRunAt, lastRunRows, failure }: RetentionStatus): string {
  const now = Date.now()
  const changed = changedAt === null ? 'never changed' : `changed ${formatAgo(Date.parse(changedAt), now)} by ${changedBy ?? 'someone'}`
  if (failure !== null) return `${changed}; ${failure}`
  if (lastRunAt === null) return changed
  return `${changed}; room made ${formatAgo(Date.parse(lastRunAt), now)}, ${formatCount(lastRunRows)} rows beside whole parts`
}

/** What saving would take, before it is saved. */
function Effect({ policy, onCounted }: { readonly policy: RetentionPolicy; readonly onCounted: (policy: RetentionPolicy | null) => void }) {
  const { projectPath } = usePlace()
  const [rested] = useDebouncedValue(policy, restMs)
  const preview = useQuery(previewQuery(projectPath, rested))
  const isOfBefore = rested !== policy || preview.isPlaceholderData
  const isCounted = preview.data !== undefined && !isOfBefore
  useEffect(() => onCounted(isCounted ? policy : null), [isCounted, policy, onCounted])
  if (preview.isError) return <Failure compact error={preview.error} title="What would go could not be counted" />
  if (preview.data === undefined) return <p className="bw-dim">Counting what would go…</p>
  const { samples, rollups } = preview.data
  if (samples + rollups === 0)
    return (
      <div className={isOfBefore ? 'bw-retention__before' : ''} aria-busy={isOfBefore}>
        <Notice tone="ok" icon="check">
          Nothing goes now: all data is younger.
        </Notice>
      </div>
    )
  return (
    <div className={isOfBefore ? 'bw-retention__before' : ''} aria-busy={isOfBefore}>
      <Notice tone="warn" icon="warning">
        {formatCount(samples)} samples and {formatCount(rollups)} rollup rows go with this, and cannot be brought back.
      </Notice>
    </div>
  )
}

function Deletions() {
  const { projectPath } = usePlace()
  const found = useQuery({ ...deletionsQuery(projectPath), refetchInterval: refreshMs })
  return (
    <Section title="Deletions" note="a metric is deleted from its own page under Metrics">
      {found.isError && <Failure compact error={found.error} title="Deletions could not be read" onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading label="deletions" rows={2} />}
      {found.data !== undefined && (
        <DataTable
          label="deletions"
          columns={columns}
          rows={found.data.items}
          rowKey={({ id }) => id}
          empty={
            <Empty title="Nothing was deleted" icon="trash">
              <p>Deleted metrics and series are listed here, with who did it.</p>
            </Empty>
          }
        />
      )}
    </Section>
  )
}

const columns: readonly Column<MetricDeletion>[] = [
  {
    id: 'match',
    header: 'What',
    isMain: true,
    cell: ({ match }) => <span className="bw-mono">{match.join(' or ')}</span>,
    value: ({ match }) => match.join(),
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ state }) => (state === 'done' ? 'deleted' : 'hidden, being deleted'),
    value: ({ state }) => state,
  },
  { id: 'series', header: 'Series', isNumber: true, cell: ({ series }) => formatCount(series), value: ({ series }) => series },
  { id: 'samples', header: 'Samples', isNumber: true, cell: ({ samples }) => formatCount(samples), value: ({ samples }) => samples },
  { id: 'who', header: 'By', isExtra: true, cell: ({ requestedBy }) => requestedBy, value: ({ requestedBy }) => requestedBy },
  {
    id: 'when',
    header: 'When',
    cell: ({ requestedAt }) => <time dateTime={requestedAt}>{formatAgo(Date.parse(requestedAt), Date.now())}</time>,
    value: ({ requestedAt }) => requestedAt,
  },
]

/** How long logs are kept, by severity, with what a change would hide before it is saved. A section of the page about retention. */
import { logSeverityNames, type LogRetentionPolicy, type LogRetentionStatus } from '@bellwether/protocol'
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { may, usePlace } from '../session/index.ts'
import { hiddenRows, lengthsOf, retentionFields, retentionPolicy } from './log-retention-model.ts'
import { olderQuery, saveLogRetention, storedQuery } from './logs.queries.ts'
import '../../ui/form.css'
import './log-retention.css'

/** How long typing rests before the server is asked. */
const restMs = 400

export function LogRetention() {
  const { projectPath } = usePlace()
  const status = useQuery(storedQuery(projectPath))
  return (
    <Section title="Logs" note={status.data === undefined ? undefined : noteOf(status.data)}>
      {status.isError && (
        <Failure compact error={status.error} title="The retention of logs could not be read" onRetry={() => void status.refetch()} />
      )}
      {status.isPending && <Loading label="the retention of logs" rows={3} />}
      {status.data !== undefined && <LogRetentionForm key={JSON.stringify(status.data.policy)} status={status.data} />}
    </Section>
  )
}

function noteOf({ changedAt, changedBy, rows, oldestAt }: LogRetentionStatus): string {
  const now = Date.now()
  const changed = changedAt === null ? 'never changed' : `changed ${formatAgo(Date.parse(changedAt), now)} by ${changedBy ?? 'someone'}`
  return `${changed}; ${formatCount(rows)} rows${oldestAt === null ? '' : `, the oldest ${formatAgo(Date.parse(oldestAt), now)}`}`
}

function LogRetentionForm({ status }: { readonly status: LogRetentionStatus }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [fields, setFields] = useState(() => retentionFields(status.policy))
  const mayChange = may(organization, 'admin')
  const policy = useMemo(() => retentionPolicy(fields), [fields])
  const isChanged = typeof policy !== 'string' && JSON.stringify(policy) !== JSON.stringify(retentionPolicy(retentionFields(status.policy)))
  const [rested] = useDebouncedValue(policy, restMs)
  const counted = useHidden(typeof rested === 'string' || !isChanged ? null : rested)
  const isCounted = counted !== null && rested === policy
  const save = useMutation({
    mutationFn: (wanted: LogRetentionPolicy) => saveLogRetention(projectPath, wanted),
    onSuccess: () => client.invalidateQueries({ queryKey: ['log-retention', projectPath] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typeof policy !== 'string' && isChanged && isCounted && !save.isPending) save.mutate(policy)
  }
  return (
    <form className="bw-form bw-log-retention" onSubmit={submit}>
      <div className="bw-log-retention__days">
        <TextInput
          label="Days that logs are kept"
          inputMode="numeric"
          value={fields.days}
          readOnly={!mayChange}
          onChange={(event) => setFields({ ...fields, days: event.currentTarget.value })}
          autoComplete="off"
        />
        <fieldset>
          <legend>Other times for some severities</legend>
          <div className="bw-log-retention__severities">
            {[...logSeverityNames].reverse().map((severity) => (
              <TextInput
                key={severity}
                label={severity === 'unknown' ? 'none said' : severity}
                placeholder={fields.days}
                inputMode="numeric"
                value={fields.severities[severity]}
                readOnly={!mayChange}
                onChange={(event) => setFields({ ...fields, severities: { ...fields.severities, [severity]: event.currentTarget.value } })}
                autoComplete="off"
              />
            ))}
          </div>
        </fieldset>
      </div>
      <div aria-live="polite">
        {typeof policy === 'string' && <p role="alert">{policy}</p>}
        {isChanged && <p>{effectText(isCounted ? counted : null)}</p>}
      </div>
      {save.error !== null && <Failure compact error={save.error} title="The retention was not saved" />}
      {mayChange && (
        <div className="bw-form__actions">
          <Button variant="primary" type="submit" disabled={!isChanged || !isCounted} busy={save.isPending}>
            Save retention of logs
          </Button>
        </div>
      )}
    </form>
  )
}

function effectText(hidden: number | null): string {
  if (hidden === null) return 'Counting what would go…'
  if (hidden === 0) return 'Hides nothing that is there. Rows that come in from now on are kept so long.'
  return `Hides ${formatCount(Math.round(hidden))} rows at once and for good. Rows that come in from now on are kept so long.`
}

/** Rows that a policy would hide; null while they are counted. */
function useHidden(policy: LogRetentionPolicy | null): number | null {
  const { projectPath } = usePlace()
  const lengths = policy === null ? [] : lengthsOf(policy)
  const counts = useQueries({ queries: lengths.map((days) => olderQuery(projectPath, days)) })
  if (policy === null) return null
  const olderThan = new Map(
    lengths.flatMap((days, index) => (counts[index]?.data === undefined ? [] : [[days, counts[index].data] as const])),
  )
  return olderThan.size < lengths.length ? null : hiddenRows(policy, olderThan)
}

/** How long spans are kept, with what a change would hide before it is saved. A section of the page about retention. */
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { may, usePlace } from '../session/index.ts'
import { daysMax, olderSpansQuery, saveTraceRetention, traceRetentionQuery } from './traces.queries.ts'
import '../../ui/form.css'
import './trace-retention.css'

/** How long typing rests before the server is asked. */
const restMs = 400

/** Whole days, or null for a text that is none. */
export function readDays(text: string): number | null {
  const days = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0
  return days >= 1 && days <= daysMax ? days : null
}

export function TraceRetention() {
  const { projectPath } = usePlace()
  const status = useQuery(traceRetentionQuery(projectPath))
  return (
    <Section title="Traces" note="spans, and what is counted of them">
      {status.isError && (
        <Failure compact error={status.error} title="The retention of traces could not be read" onRetry={() => void status.refetch()} />
      )}
      {status.isPending && <Loading label="the retention of traces" rows={2} />}
      {status.data !== undefined && <DaysForm key={status.data.keepDays} keepDays={status.data.keepDays} />}
    </Section>
  )
}

function DaysForm({ keepDays }: { readonly keepDays: number }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [text, setText] = useState(String(keepDays))
  const mayChange = may(organization, 'admin')
  const days = readDays(text)
  const isChanged = days !== null && days !== keepDays
  const [rested] = useDebouncedValue(days, restMs)
  // Spans between the two lengths would go; a longer time brings nothing back and hides nothing.
  const older = useQuery({ ...olderSpansQuery(projectPath, rested ?? keepDays), enabled: isChanged && rested === days && days < keepDays })
  const isCounted = isChanged && rested === days && (days > keepDays || older.data !== undefined)
  const save = useMutation({
    mutationFn: (wanted: number) => saveTraceRetention(projectPath, { keepDays: wanted }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['trace-retention', projectPath] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isChanged && isCounted && !save.isPending) save.mutate(days)
  }
  return (
    <form className="bw-form bw-trace-retention" onSubmit={submit}>
      <TextInput
        label="Days that traces are kept"
        inputMode="numeric"
        value={text}
        readOnly={!mayChange}
        onChange={(event) => setText(event.currentTarget.value)}
        autoComplete="off"
      />
      <div aria-live="polite">
        {days === null && <p role="alert">Days are a whole number from 1 to {daysMax.toLocaleString('en-US')}.</p>}
        {isChanged && <p>{effectText(isCounted ? (days > keepDays ? 0 : (older.data ?? 0)) : null)}</p>}
      </div>
      {older.isError && <Failure compact error={older.error} title="What would go could not be counted" />}
      {save.error !== null && <Failure compact error={save.error} title="The retention was not saved" />}
      {mayChange && (
        <div className="bw-form__actions">
          <Button variant="primary" type="submit" disabled={!isChanged || !isCounted} busy={save.isPending}>
            Save retention of traces
          </Button>
        </div>
      )}
    </form>
  )
}

function effectText(hidden: number | null): string {
  if (hidden === null) return 'Counting what would go…'
  if (hidden === 0) return 'Hides nothing that is there. Spans that come in from now on are kept so long.'
  return `Hides ${formatCount(Math.round(hidden))} spans at once and for good. Spans that come in from now on are kept so long.`
}

/** The form of a metric from logs, with how many rows of the range it would have counted. */
import type { LogMetricInput, LogMetricKind } from '@bellwether/protocol'
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { saveLogMetric } from './log-analysis.queries.ts'
import { fieldsQuery, histogramQuery } from './logs.queries.ts'
import { inputOfRule, problemOfRule, ruleText, type RuleFields } from './metric-rule-model.ts'

/** How long typing rests before the server is asked. */
const restMs = 400

const kinds: readonly { readonly value: LogMetricKind; readonly label: string }[] = [
  { value: 'counter', label: 'Count rows' },
  { value: 'distribution', label: 'Distribution' },
  { value: 'gauge', label: 'Last value' },
  { value: 'set', label: 'Distinct values' },
]

export interface MetricRuleDrawerProps {
  /** Null: a new one. */
  readonly id: string | null
  readonly start: RuleFields
  readonly onClose: () => void
}

export function MetricRuleDrawer({ id, start, onClose }: MetricRuleDrawerProps) {
  const { projectPath } = usePlace()
  const client = useQueryClient()
  const [fields, setFields] = useState(start)
  const known = useQuery(fieldsQuery(projectPath))
  const save = useMutation({
    mutationFn: (input: LogMetricInput) => saveLogMetric(projectPath, id, input),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['log-metrics', projectPath] })
      onClose()
    },
  })
  const input = inputOfRule(fields)
  const problem = problemOfRule(fields)
  const set = (change: Partial<RuleFields>): void => setFields({ ...fields, ...change })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (input !== null && !save.isPending) save.mutate(input)
  }
  const hasNumber = fields.kind === 'distribution' || fields.kind === 'gauge'
  return (
    <DetailDrawer title={id === null ? 'Metric from logs' : start.name} onClose={onClose}>
      <form className="bw-form" onSubmit={submit}>
        <TextInput
          label="Name"
          description="As it is queried: checkout.failures"
          classNames={{ input: 'bw-mono' }}
          value={fields.name}
          maxLength={150}
          onChange={(event) => set({ name: event.currentTarget.value })}
          autoComplete="off"
          data-autofocus
        />
        <TextInput
          label="Of rows that match"
          description="A search as in the explorer; empty for every row"
          classNames={{ input: 'bw-mono' }}
          value={fields.query}
          onChange={(event) => set({ query: event.currentTarget.value })}
          autoComplete="off"
        />
        <Segmented label="What is kept" value={fields.kind} options={kinds} onChange={(kind) => set({ kind })} />
        {fields.kind !== 'counter' && (
          <TextInput
            label={hasNumber ? 'Field with the number' : 'Field whose values are counted'}
            classNames={{ input: 'bw-mono' }}
            value={fields.field}
            list="bw-log-fields"
            onChange={(event) => set({ field: event.currentTarget.value })}
            autoComplete="off"
          />
        )}
        {hasNumber && (
          <TextInput
            label="Unit"
            description="millisecond, second, byte, …; none"
            value={fields.unit}
            maxLength={60}
            onChange={(event) => set({ unit: event.currentTarget.value })}
            autoComplete="off"
          />
        )}
        <TextInput
          label="By"
          description="Fields that become tags, with commas between them; few values each"
          classNames={{ input: 'bw-mono' }}
          value={fields.tags}
          onChange={(event) => set({ tags: event.currentTarget.value })}
          autoComplete="off"
        />
        <datalist id="bw-log-fields">
          {(known.data?.items ?? []).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </datalist>
        <label className="bw-logs-check">
          <input type="checkbox" checked={fields.isEnabled} onChange={(event) => set({ isEnabled: event.currentTarget.checked })} /> On
        </label>
        <div aria-live="polite">
          {problem === null ? (
            <p>Keeps {ruleText(input ?? { kind: fields.kind, field: null, tags: [] })}.</p>
          ) : (
            <p className="bw-dim">{problem}</p>
          )}
          <Effect query={fields.query} />
        </div>
        {save.error !== null && <Failure compact error={save.error} title="The metric was not saved" />}
        <div className="bw-form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" disabled={input === null} busy={save.isPending}>
            Save metric
          </Button>
        </div>
      </form>
    </DetailDrawer>
  )
}

function Effect({ query }: { readonly query: string }) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const [rested] = useDebouncedValue(query.trim(), restMs)
  const counted = useQuery(histogramQuery(projectPath, rested, resolved))
  if (counted.isError) return <Failure compact error={counted.error} title="The search cannot be counted" />
  if (counted.data === undefined) return <p className="bw-dim">Counting…</p>
  return (
    <p>
      {formatCount(Math.round(counted.data.total))} rows of the range shown match. It begins with the rows that come in from now on; what is
      stored is not counted again.
    </p>
  )
}

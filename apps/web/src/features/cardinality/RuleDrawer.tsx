/** Makes a rule: what it takes, what it does, and what it would have done in the last day, before it is saved. */
import type { CardinalityRuleDraft, GaugeFunction, LabelCost, MetricMatch, RuleAction, RulePreview } from '@bellwether/protocol'
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { useMetrics } from '../metrics/index.ts'
import { usePlace } from '../session/index.ts'
import { actionText, createRule, effectText, labelsOfText, matchText, metricCostQuery, previewQuery } from './cardinality.queries.ts'

/** How long typing rests before the server is asked. */
const restMs = 300

export interface RuleDrawerProps {
  readonly start: CardinalityRuleDraft
  readonly onClose: () => void
}

const matchKinds: readonly { readonly value: MetricMatch['kind']; readonly label: string }[] = [
  { value: 'exact', label: 'This metric' },
  { value: 'prefix', label: 'Begins with' },
  { value: 'pattern', label: 'Pattern' },
]
const actionKinds: readonly { readonly value: RuleAction['kind']; readonly label: string }[] = [
  { value: 'drop_labels', label: 'Drop labels' },
  { value: 'keep_labels', label: 'Keep only' },
  { value: 'aggregate', label: 'Aggregate away' },
  { value: 'drop_metric', label: 'Drop metric' },
]
const functions: readonly { readonly value: GaugeFunction; readonly label: string }[] = (['last', 'sum', 'avg', 'min', 'max'] as const).map(
  (value) => ({ value, label: value }),
)

interface Fields {
  readonly match: MetricMatch
  readonly kind: RuleAction['kind']
  readonly labels: string
  readonly gauges: GaugeFunction
  readonly note: string
}

function fieldsOf({ match, action, note }: CardinalityRuleDraft): Fields {
  if (action.kind === 'drop_metric') return { match, kind: action.kind, labels: '', gauges: 'last', note }
  return { match, kind: action.kind, labels: action.labels.join(', '), gauges: action.gauges, note }
}

/** Null while something is missing. */
function draftOf({ match, kind, labels, gauges, note }: Fields): CardinalityRuleDraft | null {
  if (match.value === '') return null
  if (kind === 'drop_metric') return { match, action: { kind }, note }
  const named = labelsOfText(labels)
  return named.length === 0 && kind !== 'keep_labels' ? null : { match, action: { kind, labels: named, gauges }, note }
}

export function RuleDrawer({ start, onClose }: RuleDrawerProps) {
  const { projectPath } = usePlace()
  const client = useQueryClient()
  const [fields, setFields] = useState(() => fieldsOf(start))
  const draft = useMemo(() => draftOf(fields), [fields])
  const save = useMutation({
    mutationFn: (wanted: CardinalityRuleDraft) => createRule(projectPath, wanted),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['cardinality', projectPath] })
      onClose()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (draft !== null && !save.isPending) save.mutate(draft)
  }
  const set = (change: Partial<Fields>): void => setFields({ ...fields, ...change })
  return (
    <DetailDrawer title="New rule" onClose={onClose}>
      <form className="bw-form" onSubmit={submit}>
        <Segmented
          label="Which metrics"
          value={fields.match.kind}
          options={matchKinds}
          onChange={(kind) => set({ match: { ...fields.match, kind } })}
        />
        <TextInput
          label={fields.match.kind === 'pattern' ? 'Pattern, matching the whole name' : 'Name'}
          classNames={{ input: 'bw-mono' }}
          value={fields.match.value}
          maxLength={500}
          onChange={(event) => set({ match: { ...fields.match, value: event.currentTarget.value.trim() } })}
          autoComplete="off"
        />
        <Segmented label="What to do" value={fields.kind} options={actionKinds} onChange={(kind) => set({ kind })} />
        {fields.kind !== 'drop_metric' && <LabelFields fields={fields} set={set} />}
        <TextInput
          label="Why (for others)"
          value={fields.note}
          maxLength={500}
          onChange={(event) => set({ note: event.currentTarget.value })}
          autoComplete="off"
        />
        <div className="bw-card-effect" aria-live="polite">
          <h2>On the last day</h2>
          {draft === null ? <p className="bw-dim">Name a metric and a label to see the effect.</p> : <Effect draft={draft} />}
        </div>
        {save.error !== null && <Failure compact error={save.error} title="The rule was not saved" />}
        <div className="bw-form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" disabled={draft === null} busy={save.isPending} data-autofocus>
            Save rule
          </Button>
        </div>
      </form>
    </DetailDrawer>
  )
}

function LabelFields({ fields, set }: { readonly fields: Fields; readonly set: (change: Partial<Fields>) => void }) {
  const { projectPath } = usePlace()
  const [name] = useDebouncedValue(fields.match.value, restMs)
  const metrics = useMetrics(name)
  const isOne = fields.match.kind === 'exact' && (metrics.items?.some((metric) => metric.name === name) ?? false)
  const known = useQuery({ ...metricCostQuery(projectPath, name), enabled: isOne })
  const named = labelsOfText(fields.labels)
  const toggle = (label: string): void =>
    set({ labels: (named.includes(label) ? named.filter((one) => one !== label) : [...named, label]).join(', ') })
  return (
    <>
      <TextInput
        label={fields.kind === 'keep_labels' ? 'Labels to keep' : 'Labels that go'}
        description="With commas between them. What makes a histogram (le) always stays."
        classNames={{ input: 'bw-mono' }}
        value={fields.labels}
        onChange={(event) => set({ labels: event.currentTarget.value })}
        autoComplete="off"
      />
      {isOne && known.data !== undefined && known.data.labels.length > 0 && (
        <ul className="bw-card-labels" aria-label="Labels of the metric">
          {known.data.labels.map((label) => (
            <li key={label.name}>
              <LabelToggle label={label} isOn={named.includes(label.name)} onToggle={() => toggle(label.name)} />
            </li>
          ))}
        </ul>
      )}
      <div>
        <p className="bw-card-caption">Of gauges that become one, keep the</p>
        <Segmented label="Of gauges keep the" value={fields.gauges} options={functions} onChange={(gauges) => set({ gauges })} />
        <p className="bw-dim">Counters, sums and histogram buckets are added up by what they grow by.</p>
      </div>
    </>
  )
}

function LabelToggle({ label, isOn, onToggle }: { readonly label: LabelCost; readonly isOn: boolean; readonly onToggle: () => void }) {
  return (
    <button type="button" className="bw-card-label" aria-pressed={isOn} onClick={onToggle} title={label.examples.join(', ')}>
      <code>{label.name}</code> <span className="bw-dim">{formatCount(label.values)}</span>
    </button>
  )
}

function Effect({ draft }: { readonly draft: CardinalityRuleDraft }) {
  const { projectPath } = usePlace()
  const [rested] = useDebouncedValue(draft, restMs)
  const preview = useQuery(previewQuery(projectPath, rested))
  if (preview.isError) return <Failure compact error={preview.error} title="The effect could not be found out" />
  if (preview.data === undefined) return <Loading label="the effect" rows={2} />
  const isOfBefore = rested !== draft || preview.isPlaceholderData
  return (
    <div className={isOfBefore ? 'bw-card-effect__before' : ''} aria-busy={isOfBefore}>
      <EffectFacts preview={preview.data} draft={draft} />
    </div>
  )
}

function EffectFacts({ preview, draft }: { readonly preview: RulePreview; readonly draft: CardinalityRuleDraft }) {
  const { samplesBefore, samplesAfter, metricCount, metrics, labelsGone, overruledBy } = preview
  return (
    <>
      <p>
        <strong>{effectText(preview)}</strong>
      </p>
      <ul className="bw-card-facts">
        <li>
          {matchText(draft.match)}: {actionText(draft.action)}
        </li>
        {metricCount > 1 && (
          <li title={metrics.join('\n')}>
            {formatCount(metricCount)} metrics, such as {metrics.slice(0, 3).join(', ')}
          </li>
        )}
        {samplesBefore !== null && samplesAfter !== null && (
          <li>
            {formatCount(samplesBefore)} samples a day become about {formatCount(samplesAfter)}, if senders go on as they do
          </li>
        )}
        {samplesBefore === null && <li>How many samples it saves is not known: the store did not answer in time.</li>}
        {labelsGone.length > 0 && (
          <li>No query finds {labelsGone.slice(0, 5).join(', ')} in new data. Which dashboards use it is not known.</li>
        )}
        {overruledBy !== null && <li>An older rule matches some of these first; it decides about them.</li>}
        <li>What is stored stays. The rule can be paused or taken back at any time.</li>
      </ul>
    </>
  )
}

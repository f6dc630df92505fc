/** One query: its letter switches it, builder or text, what can be done with it, and what went wrong. */
import type { Metric } from '@bellwether/protocol'
import { lazy, Suspense, useState } from 'react'
import { copyText } from '../../ui/CopyButton.tsx'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Dropdown, MenuItem } from '../../ui/Dropdown.tsx'
import { Failure } from '../../ui/states.tsx'
import { usePlace } from '../session/index.ts'
import { emptyBuilder, readQuery, withoutUnfinished, writeQuery, type BuilderQuery } from './builder-model.ts'
import { curlCommand } from './explore-model.ts'
import { letterOf } from './explore-search.ts'
import { shownType } from './metric-list.ts'
import { prometheusPath } from './metrics.queries.ts'
import type { Grid } from './prometheus.ts'
import type { ExploreState } from './use-explore.ts'

const Builder = lazy(async () => ({ default: (await import('./Builder.tsx')).Builder }))
const PromqlEditor = lazy(async () => ({ default: (await import('./PromqlEditor.tsx')).PromqlEditor }))

export interface QueryRowProps {
  readonly index: number
  readonly state: ExploreState
  readonly metrics: readonly Metric[]
  /** The query as it is sent, intervals filled in. */
  readonly sent: string
  readonly grid: Grid
  readonly error: unknown
  readonly onRetry: () => void
}

export function QueryRow({ index, state, metrics, sent, grid, error, onRetry }: QueryRowProps) {
  const { projectPath } = usePlace()
  const text = state.queries[index] ?? ''
  const letter = letterOf(index)
  const read = text === '' ? emptyBuilder : readQuery(text)
  const asText = state.isText(index) || read === null
  const [draft, setDraft] = useState(text)
  const [seen, setSeen] = useState(text)
  // The address changed from outside (back, another tab of the palette): the draft follows.
  if (seen !== text) {
    setSeen(text)
    setDraft(text)
  }
  // Filters still being filled in live here; what is finished is in the address.
  const [unfinished, setUnfinished] = useState<{ readonly text: string; readonly query: BuilderQuery } | null>(null)
  const shown = unfinished?.text === text ? unfinished.query : read
  const build = (query: BuilderQuery): void => {
    const next = writeQuery(withoutUnfinished(query, read ?? emptyBuilder))
    setUnfinished({ text: next, query })
    state.setQuery(index, next)
  }
  const off = state.isOff(index)
  const run = (next: string): void => state.setQuery(index, next.trim())
  return (
    <div className={`bw-query ${off ? 'bw-query--off' : ''}`}>
      <div className="bw-query__row">
        <button
          type="button"
          className="bw-query__letter"
          aria-pressed={!off}
          aria-label={`Query ${letter} is ${off ? 'off' : 'on'}`}
          title={off ? 'Switch on' : 'Switch off'}
          onClick={() => state.toggle('off', index)}
        >
          {letter}
        </button>
        {asText || shown === null ? (
          <Suspense fallback={<div className="bw-editor bw-editor--loading bw-mono">{draft}</div>}>
            <PromqlEditor
              value={text}
              prometheusPath={prometheusPath(projectPath)}
              label={`Query ${letter} in PromQL`}
              onChange={setDraft}
              onRun={run}
            />
          </Suspense>
        ) : (
          <Suspense fallback={<div className="bw-builder bw-builder--loading" />}>
            <Builder letter={letter} query={shown} metrics={metrics} onChange={build} />
          </Suspense>
        )}
        <div className="bw-query__tools">
          {asText && draft.trim() !== text && (
            <Button variant="primary" icon="play" title="Run (Enter)" onClick={() => run(draft)}>
              Run
            </Button>
          )}
          <ModeSwitch asText={asText} readable={read !== null} onToggle={() => state.toggle('text', index)} />
          <RowMenu
            index={index}
            state={state}
            curl={curlCommand(`${location.origin}${prometheusPath(projectPath)}/query_range`, sent, grid)}
            sent={sent}
          />
        </div>
      </div>
      {!asText && text !== '' && (
        <div className="bw-query__text">
          <code>{text}</code>
          <AboutMetric name={shown?.metric ?? ''} metrics={metrics} onOpen={(name) => state.update({ metric: name })} />
        </div>
      )}
      {error !== null && error !== undefined && !off && (
        <Failure compact error={error} title={`Query ${letter} gave no answer`} onRetry={onRetry} />
      )}
    </div>
  )
}

/** What the metric says of itself, and the way to all of it. */
function AboutMetric({
  name,
  metrics,
  onOpen,
}: {
  readonly name: string
  readonly metrics: readonly Metric[]
  readonly onOpen: (name: string) => void
}) {
  const metric = metrics.find((each) => each.name === name)
  if (metric === undefined) return null
  const facts = [shownType(metric, new Set(metrics.map((each) => each.name))), metric.unit, metric.help].filter(
    (fact) => fact !== '' && fact !== 'unknown',
  )
  return (
    <button type="button" className="bw-query__about" onClick={() => onOpen(name)} title="All about this metric">
      {facts.length === 0 ? 'About this metric' : facts.join(' · ')}
    </button>
  )
}

function ModeSwitch({
  asText,
  readable,
  onToggle,
}: {
  readonly asText: boolean
  readonly readable: boolean
  readonly onToggle: () => void
}) {
  const explain = readable ? 'Both show the same query' : 'This query is more than the builder can show'
  return (
    <Button
      variant="quiet"
      onClick={onToggle}
      disabled={!readable}
      title={explain}
      aria-label={asText ? 'Show in the builder' : 'Edit as PromQL'}
    >
      {asText ? 'Builder' : 'PromQL'}
    </Button>
  )
}

function RowMenu({
  index,
  state,
  curl,
  sent,
}: {
  readonly index: number
  readonly state: ExploreState
  readonly curl: string
  readonly sent: string
}) {
  const text = state.queries[index] ?? ''
  const [isOpen, setOpen] = useState(false)
  return (
    <Dropdown
      kind="menu"
      label={`Query ${letterOf(index)}`}
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={(props) => <IconButton icon="more" label={`More for query ${letterOf(index)}`} {...props} />}
    >
      <MenuItem icon="copy" disabled={text === ''} onSelect={() => void copyText(sent)}>
        Copy query
      </MenuItem>
      <MenuItem icon="copy" disabled={text === ''} onSelect={() => void copyText(curl)}>
        Copy as curl
      </MenuItem>
      <MenuItem icon="plus" disabled={text === ''} onSelect={() => state.addQuery(text)}>
        Duplicate
      </MenuItem>
      <MenuItem icon="trash" onSelect={() => state.removeQuery(index)}>
        Remove
      </MenuItem>
    </Dropdown>
  )
}

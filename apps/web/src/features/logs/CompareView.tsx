/** What tells the found rows from others: fields whose values differ, most telling first. */
import type { DifferenceBody, DifferentField, DifferentValue } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { formatCount, formatValue } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { readField, writePresence } from '../../ui/search-filters.ts'
import { SearchInput } from '../../ui/SearchInput.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { completeSearchOf, searchCheckQuery, useUnknownNames } from '../search/index.ts'
import { usePlace } from '../session/index.ts'
import { chanceText, comparedSets, timesText, type ComparedSets } from './compare-model.ts'
import { fieldLabel } from './log-fields.ts'
import { differenceQuery, isSearchError, patternsQuery } from './log-analysis.queries.ts'
import type { ComparedWith } from './logs-search.ts'
import type { LogsState } from './use-logs.ts'
import './log-views.css'

const choices: readonly { readonly value: ComparedWith; readonly label: string }[] = [
  { value: 'rest', label: 'All other rows' },
  { value: 'before', label: 'The time before' },
  { value: 'day', label: 'A day before' },
  { value: 'week', label: 'A week before' },
  { value: 'search', label: 'Another search' },
]

export function CompareView({ state }: { readonly state: LogsState }) {
  const { search, query, update } = state
  const { resolved } = useRange()
  const against = search.against ?? (query === '' ? 'before' : 'rest')
  const other = search.other ?? ''
  const sets = useMemo(() => comparedSets({ query, range: resolved, against, other }), [query, resolved, against, other])
  return (
    <section className="bw-section" aria-label="What is different">
      <header className="bw-section__head">
        <h2>What is different</h2>
        <span className="bw-section__note">the found rows beside</span>
        <Segmented
          label="Compare with"
          value={against}
          options={choices}
          onChange={(value) => update({ against: value, other: value === 'search' ? search.other : undefined }, true)}
        />
      </header>
      {against === 'search' && sets !== null && (
        <OtherSearch sets={sets} other={other} onRun={(text) => update({ other: text === '' ? undefined : text })} />
      )}
      {sets === null ? (
        <Empty title="Search for something first" icon="search">
          <p>The search finds every row, so that no other rows are left. Narrow it, or compare with the time before.</p>
        </Empty>
      ) : (
        <Difference sets={sets} state={state} />
      )}
    </section>
  )
}

interface OtherSearchProps {
  readonly sets: ComparedSets
  readonly other: string
  readonly onRun: (text: string) => void
}

function OtherSearch({ sets, other, onRun }: OtherSearchProps) {
  const { projectPath } = usePlace()
  const check = useQuery(searchCheckQuery(projectPath, 'logs', other))
  const complete = useMemo(() => completeSearchOf(projectPath, 'logs'), [projectPath])
  const { range } = useRange()
  // The same question as the view's.
  const difference = useQuery(differenceQuery(projectPath, sets))
  const isNothing = difference.data?.baselineRows === 0 && !difference.isPlaceholderData
  const unknown = useUnknownNames('logs', { text: other, range, isNothing })
  return (
    <div className="bw-compare__other">
      <SearchInput
        label="The other search"
        placeholder="The other rows: release:1.4.1, service:cart, …"
        value={other}
        problem={check.data?.problem ?? null}
        unknown={unknown}
        complete={complete}
        onRun={onRun}
      />
    </div>
  )
}

interface DifferenceProps {
  readonly sets: ComparedSets
  readonly state: LogsState
}

function Difference({ sets, state }: DifferenceProps) {
  const { projectPath } = usePlace()
  const difference = useQuery(differenceQuery(projectPath, sets))
  const data = difference.data
  const templates = useTemplates(data?.items.some(({ field }) => field === 'pattern') ?? false)
  if (isSearchError(difference.error)) return <p className="bw-logs-note">Mend the search to compare.</p>
  if (difference.isError)
    return <Failure compact error={difference.error} title="The sets could not be compared" onRetry={() => void difference.refetch()} />
  if (data === undefined) return <Loading label="the comparison" rows={8} />
  return (
    <div aria-busy={difference.isFetching} className={difference.isPlaceholderData ? 'bw-logs-stale' : ''}>
      <p className="bw-logs-note">{countsText(data)}</p>
      {data.note !== null && <p className="bw-logs-note">{data.note}</p>}
      {data.items.length === 0 ? (
        <Empty title="No difference found" icon="check">
          <p>No field has clearly different values in the two sets.</p>
        </Empty>
      ) : (
        <ol className="bw-compare" aria-label="Fields that differ, most telling first">
          {data.items.map((field) => (
            <li key={field.field}>
              <FieldDifference field={field} state={state} labels={field.field === 'pattern' ? templates : noLabels} />
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

function countsText({ selectedRows, baselineRows, selectedTotal, baselineTotal }: DifferenceBody): string {
  const one = (rows: number, total: number): string => (total > rows ? `${formatCount(rows)} of ${formatCount(total)}` : formatCount(rows))
  return `${one(selectedRows, selectedTotal)} found rows beside ${one(baselineRows, baselineTotal)} others.`
}

/** Shares stand side by side in a narrow column. */
const shareDigits = 2
const ratio = { base: 'ratio', perSecond: false } as const

interface FieldDifferenceProps {
  readonly field: DifferentField
  readonly state: LogsState
  /** What a value is shown as, where it says little itself. */
  readonly labels: ReadonlyMap<string, string>
}

function FieldDifference({ field, state, labels }: FieldDifferenceProps) {
  const name = readField(field.field)
  return (
    <section aria-label={fieldLabel(name)} className="bw-compare__field">
      <h3>
        <code title={field.field}>{fieldLabel(name)}</code>
        <span className="bw-dim" title="0: the same values as often; 1: no value in common">
          {formatValue(field.distance, ratio)} different, {chanceText(field.chance)}
        </span>
        <Button
          small
          variant="quiet"
          icon="plus"
          onClick={() => state.toggleColumn(name)}
          disabled={(state.search.col ?? []).includes(name)}
        >
          Column
        </Button>
      </h3>
      <table className="bw-compare__table">
        <thead className="bw-sr">
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Found rows and others</th>
            <th scope="col">Shares</th>
            <th scope="col">Difference</th>
            <th scope="col">Filter</th>
          </tr>
        </thead>
        <tbody>
          {field.values.slice(0, 5).map((value) => (
            <ValueRow key={value.value} field={name} value={value} label={labels.get(value.value)} state={state} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface ValueRowProps {
  readonly field: string
  readonly value: DifferentValue
  readonly label: string | undefined
  readonly state: LogsState
}

const noLabels: ReadonlyMap<string, string> = new Map()

/** Templates of patterns by their ids, asked for when patterns differ. */
function useTemplates(isNeeded: boolean): ReadonlyMap<string, string> {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const patterns = useQuery({ ...patternsQuery(projectPath, '', resolved), enabled: isNeeded })
  return useMemo(() => new Map(patterns.data?.items.map(({ id, template }) => [id, template])), [patterns.data])
}

function ValueRow({ field, value: { value, selected, baseline, selectedShare, baselineShare }, label, state }: ValueRowProps) {
  const shown = label ?? (value === '' ? '(none)' : value)
  // No value means that the field is not there.
  const filter = (exclude: boolean): void =>
    value === '' ? state.addText(writePresence(field, exclude)) : state.addFilter({ field, value, exclude })
  return (
    <tr>
      <th scope="row" title={shown}>
        {shown}
      </th>
      <td className="bw-compare__bars" aria-hidden="true">
        <span className="bw-compare__bar bw-compare__bar--found" style={{ width: `${selectedShare * 100}%` }} />
        <span className="bw-compare__bar" style={{ width: `${baselineShare * 100}%` }} />
      </td>
      <td className="bw-num" title={`${selected.toLocaleString('en-US')} and ${baseline.toLocaleString('en-US')} rows`}>
        {formatValue(selectedShare, ratio, shareDigits)}{' '}
        <span className="bw-dim">beside {formatValue(baselineShare, ratio, shareDigits)}</span>
      </td>
      <td className="bw-compare__times">{timesText(selectedShare, baselineShare)}</td>
      <td className="bw-num">
        <IconButton small icon="filter" label={`Only rows with ${fieldLabel(field)} ${shown}`} onClick={() => filter(false)} />
        <IconButton small icon="eyeOff" label={`Leave out rows with ${fieldLabel(field)} ${shown}`} onClick={() => filter(true)} />
      </td>
    </tr>
  )
}

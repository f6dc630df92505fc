/** Fields and their values among the found rows, with counts. A press asks for a value, the sign beside it leaves it out. */
import type { LogsFacet, LogsFacets } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { formatCount, formatValue } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { filterState, readField, writePresence } from '../../ui/search-filters.ts'
import { SearchField } from '../../ui/SearchField.tsx'
import { Failure } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { findFacets, leftOutValues, rowsCounted } from './facet-model.ts'
import { fieldLabel } from './log-fields.ts'
import { facetQuery } from './logs.queries.ts'
import { extraColumnsMax } from './logs-search.ts'
import type { LogsState } from './use-logs.ts'
import './facets.css'

export interface FacetColumnProps {
  readonly facets: LogsFacets
  readonly state: LogsState
}

export function FacetColumn({ facets, state }: FacetColumnProps) {
  const [text, setText] = useState('')
  const shown = useMemo(() => findFacets(facets.items, text), [facets.items, text])
  return (
    <div className="bw-facets-column">
      <div className="bw-facets-column__find">
        <SearchField label="Find a field or value" value={text} onChange={setText} isPageSearch={false} />
      </div>
      {shown.length > 0 && facets.basis === 'sample' && <p className="bw-logs-note">{basisText(facets)}</p>}
      <ul className="bw-facets-column__list">
        {shown.map((facet, index) => (
          <li key={facet.field}>
            <Facet
              facet={facet}
              rows={rowsCounted(facets)}
              state={state}
              opensAtFirst={facet.kind === 'field' || index < 3 || text !== ''}
            />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="bw-logs-note">{text === '' ? 'Nothing found to count.' : `No field or value has “${text}”.`}</p>}
      {shown.length > 0 && facets.basis !== 'sample' && <p className="bw-logs-note">{basisText(facets)}</p>}
    </div>
  )
}

function basisText({ basis, sampled, rows }: LogsFacets): string {
  if (basis === 'sample') return `Counted among the newest ${formatCount(sampled)} of the ${formatCount(rows)} rows found.`
  if (basis === 'rows') return 'Counted among all rows found.'
  return 'Counted as rows came in, in steps of ten minutes; attributes in a sample where many came at once.'
}

interface FacetProps {
  readonly facet: LogsFacet
  readonly rows: number
  readonly state: LogsState
  readonly opensAtFirst: boolean
}

function Facet({ facet, rows, state, opensAtFirst }: FacetProps) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const name = readField(facet.field)
  const [chosen, setOpen] = useState<boolean | null>(null)
  const [wantsMore, setWantsMore] = useState(false)
  const isOpen = chosen ?? opensAtFirst
  const more = useQuery({ ...facetQuery(projectPath, state.query, { ...resolved, field: name }), enabled: wantsMore && isOpen })
  const found = more.data?.items.find(({ field }) => field === facet.field) ?? facet
  const gone = leftOutValues(state.query, name, found.values)
  const most = Math.max(1, ...found.values.map(({ count }) => count))
  return (
    <section aria-label={fieldLabel(name)} className="bw-facet">
      <h3>
        <button type="button" className="bw-facet__head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? 'down' : 'right'} size={12} />
          <span className="bw-truncate" title={name}>
            {fieldLabel(name)}
          </span>
        </button>
        <ColumnSwitch field={name} state={state} />
      </h3>
      {isOpen && (
        <ul>
          {found.values.map(({ value, count }) => (
            <FacetValue
              key={value}
              field={name}
              value={value}
              count={count}
              part={count / most}
              share={rows === 0 ? 0 : count / rows}
              state={state}
            />
          ))}
          {gone.map((value) => (
            <li key={value} className="bw-facet__row">
              <button
                type="button"
                className="bw-facet__value bw-facet__value--out"
                title={`${value} is left out; press to show it again`}
                onClick={() => state.removeFilter(name, value)}
              >
                <s className="bw-truncate">{value === '' ? '(none)' : value}</s>
                <span className="bw-facet__count">left out</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {isOpen && more.isError && <Failure compact error={more.error} title="More could not be read" />}
      {isOpen && facet.isCut && !wantsMore && (
        <Button small variant="quiet" onClick={() => setWantsMore(true)} aria-label={`More values of ${fieldLabel(name)}`}>
          More
        </Button>
      )}
    </section>
  )
}

/** Fields that the list shows anyway. */
const alwaysShown = new Set(['service', 'severity'])

function ColumnSwitch({ field, state }: { readonly field: string; readonly state: LogsState }) {
  const columns = state.search.col ?? []
  const isColumn = columns.includes(field)
  if (alwaysShown.has(field)) return null
  return (
    <IconButton
      small
      icon={isColumn ? 'check' : 'plus'}
      className="bw-facet__column"
      label={isColumn ? `Remove column ${fieldLabel(field)}` : `Show ${fieldLabel(field)} as a column`}
      aria-pressed={isColumn}
      disabled={!isColumn && columns.length >= extraColumnsMax}
      onClick={() => state.toggleColumn(field)}
    />
  )
}

interface FacetValueProps {
  readonly field: string
  readonly value: string
  readonly count: number
  /** Of the most frequent value, 0 to 1: the length of the bar. */
  readonly part: number
  readonly share: number
  readonly state: LogsState
}

function FacetValue({ field, value, count, part, share, state }: FacetValueProps) {
  const isOn = filterState(state.query, field, value) === 'only'
  const shown = value === '' ? '(none)' : value
  // No value means that the field is not there.
  const filter = (exclude: boolean): void =>
    value === '' ? state.addText(writePresence(field, exclude)) : state.addFilter({ field, value, exclude })
  const press = (): void => {
    if (isOn) state.removeFilter(field, value)
    else filter(false)
  }
  return (
    <li className="bw-facet__row">
      <button
        type="button"
        className="bw-facet__value"
        aria-pressed={isOn}
        title={`${shown}: ${count.toLocaleString('en-US')} rows, ${formatValue(share, { base: 'ratio', perSecond: false })}`}
        onClick={press}
      >
        <span className="bw-facet__bar" style={{ width: `${Math.max(1, part * 100)}%` }} aria-hidden="true" />
        {field === 'severity' && <span className={`bw-swatch bw-sev-bg--${value}`} />}
        <span className="bw-facet__text">{shown}</span>
        <span className="bw-facet__count">{formatCount(Math.round(count))}</span>
      </button>
      <IconButton
        small
        icon="eyeOff"
        className="bw-facet__out"
        label={`Leave out ${fieldLabel(field)} ${shown}`}
        onClick={() => filter(true)}
      />
    </li>
  )
}

/** The legend: a table that sorts. A click shows a series alone, Ctrl-click hides it. */
import type { MouseEvent } from 'react'
import { formatValue, type Unit } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { sortLegend, type ExploreSeries, type LegendColumn } from './explore-model.ts'
import type { ExploreState } from './use-explore.ts'

const columns: readonly { readonly id: LegendColumn; readonly label: string }[] = [
  { id: 'last', label: 'Last' },
  { id: 'min', label: 'Min' },
  { id: 'avg', label: 'Avg' },
  { id: 'max', label: 'Max' },
]

export interface LegendTableProps {
  readonly state: ExploreState
  readonly all: readonly ExploreSeries[]
  readonly unit: Unit
  readonly leftOut: number
  readonly canShowMore: boolean
  readonly onMore: () => void
}

export function LegendTable({ state, all, unit, leftOut, canShowMore, onMore }: LegendTableProps) {
  const { sort, only } = state.search
  const hidden = state.search.hide ?? []
  const rows = sortLegend(all, sort)
  const sortBy = (column: LegendColumn): void => {
    const first = column === 'name' ? column : `-${column}`
    const second = column === 'name' ? `-${column}` : column
    state.update({ sort: sort === first ? second : first }, true)
  }
  const hide = (name: string): void => {
    const next = hidden.includes(name) ? hidden.filter((each) => each !== name) : [...hidden, name]
    state.update({ hide: next.length === 0 ? undefined : next, only: undefined }, true)
  }
  const press = (event: MouseEvent, name: string): void => {
    if (event.ctrlKey || event.metaKey) hide(name)
    else state.update({ only: only === name ? undefined : name }, true)
  }
  return (
    <div className="bw-legend">
      <table className="bw-table" aria-label="Series">
        <thead>
          <tr>
            <LegendHead id="name" label={`Series (${all.length + leftOut})`} sort={sort} onSort={sortBy} />
            {columns.map((column) => (
              <LegendHead key={column.id} id={column.id} label={column.label} sort={sort} onSort={sortBy} isNumber />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((series) => {
            const off =
              hidden.includes(series.fullName) ||
              (only !== undefined && only !== series.fullName && all.some((each) => each.fullName === only))
            return (
              <tr key={series.fullName} className={off ? 'bw-legend__off' : ''}>
                <td>
                  <div className="bw-legend__name">
                    <Swatch series={series} />
                    <button
                      type="button"
                      className="bw-legend__button"
                      title={`${series.fullName}\nClick: alone. Ctrl-click: hide.`}
                      aria-pressed={only === series.fullName}
                      onClick={(event) => press(event, series.fullName)}
                    >
                      {series.name}
                    </button>
                    <IconButton
                      small
                      icon={hidden.includes(series.fullName) ? 'eyeOff' : 'eye'}
                      label={`${hidden.includes(series.fullName) ? 'Show' : 'Hide'} ${series.name}`}
                      className="bw-legend__eye"
                      onClick={() => hide(series.fullName)}
                    />
                  </div>
                </td>
                {columns.map(({ id }) => (
                  <td key={id} className="bw-num" title={id === 'name' ? '' : String(series.stats[id])}>
                    {id === 'name' ? '' : formatValue(series.stats[id], unit)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
      {leftOut > 0 && (
        <p className="bw-legend__more">
          The {all.length} largest are drawn; {leftOut} more match.
          {canShowMore ? (
            <Button small variant="quiet" onClick={onMore}>
              Draw up to 200
            </Button>
          ) : (
            ' Narrow by a label or take topk to see others.'
          )}
        </p>
      )}
    </div>
  )
}

function Swatch({ series }: { readonly series: ExploreSeries }) {
  const dash = { solid: undefined, dashed: '4 2', dotted: '1.5 2' }[series.dash]
  return (
    <svg width="16" height="10" aria-hidden="true" className="bw-legend__swatch">
      <line x1="0" y1="5" x2="16" y2="5" stroke={series.color} strokeWidth="3" strokeDasharray={dash} />
    </svg>
  )
}

interface LegendHeadProps {
  readonly id: LegendColumn
  readonly label: string
  readonly sort: string | undefined
  readonly onSort: (column: LegendColumn) => void
  readonly isNumber?: boolean
}

function LegendHead({ id, label, sort, onSort, isNumber = false }: LegendHeadProps) {
  const active = sort?.replace(/^-/, '') === id
  const descending = sort?.startsWith('-') === true
  return (
    <th scope="col" className={isNumber ? 'bw-num' : ''} aria-sort={active ? (descending ? 'descending' : 'ascending') : undefined}>
      <button type="button" className="bw-table__sort" onClick={() => onSort(id)}>
        {label}
        {active && <Icon name={descending ? 'down' : 'up'} size={12} />}
      </button>
    </th>
  )
}

/**
 * The one table: sticky header, sort, keyboard (`j`, `k`, Enter), export of what is seen, rows drawn only where they are looked at
 * above 200. A row opens a drawer beside it.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { usePageKeys } from '../lib/page-keys.ts'
import { formatCount } from '../lib/units.ts'
import { Button } from './Button.tsx'
import { Icon } from './Icon.tsx'
import { nextSort, sortRows, type Column, type Sort } from './table-model.ts'
import './data-table.css'

/** Above this many rows only those in sight are drawn. */
const virtualFrom = 200
/** Of a row that was not drawn yet; those that were are measured, because cells may be of several lines. */
const rowHeightPx = 32

function classOf<Row>(column: Column<Row>): string {
  return [
    column.isNumber === true ? 'bw-num' : '',
    column.isExtra === true ? 'bw-extra' : '',
    column.isAside === true ? 'bw-aside' : '',
    column.isMain === true ? 'bw-main-column' : '',
  ].join(' ')
}

export interface DataTableProps<Row> {
  /** What the rows are, for screen readers and the file name: "metrics". */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  readonly openKey?: string | null
  readonly initialSort?: Sort
  readonly empty?: ReactNode
  /** Height of the scrolling body, CSS; by default as tall as the rows up to 70 % of the window. */
  readonly maxHeight?: string
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, openKey = null, initialSort, empty, maxHeight = '70dvh' } = props
  const [sort, setSort] = useState<Sort | null>(initialSort ?? null)
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort])
  const scroller = useRef<HTMLDivElement>(null)
  const isVirtual = sorted.length > virtualFrom
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => {
      const row = sorted[index]
      return row === undefined ? index : rowKey(row)
    },
    overscan: 12,
    enabled: isVirtual,
  })
  usePageKeys(scroller, (event) => {
    if (event.key !== 'j' && event.key !== 'k') return
    const row = scroller.current?.querySelector<HTMLElement>('tr[data-row][tabindex]')
    if (row === null || row === undefined) return
    event.preventDefault()
    row.focus()
  })
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  const items = isVirtual ? virtual.getVirtualItems() : null
  const first = items?.[0]?.index ?? 0
  const last = items === null ? sorted.length - 1 : (items[items.length - 1]?.index ?? -1)
  const total = isVirtual ? virtual.getTotalSize() : 0
  const before = items === null ? 0 : (items[0]?.start ?? 0)
  const after = items === null ? 0 : total - (items[items.length - 1]?.end ?? total)
  return (
    <div className="bw-table-wrap">
      <div className="bw-table-scroll" ref={scroller} style={{ maxHeight }} tabIndex={-1}>
        <table className="bw-table" aria-label={label} aria-rowcount={sorted.length + 1}>
          <TableHead columns={columns} sort={sort} onSort={(column) => setSort(nextSort(sort, column))} />
          <tbody onKeyDown={moveBetweenRows}>
            {before > 0 && <tr aria-hidden="true" style={{ height: before }} />}
            {sorted.slice(first, last + 1).map((row, offset) => (
              <TableRow
                key={rowKey(row)}
                row={row}
                index={first + offset}
                columns={columns}
                isOpen={openKey === rowKey(row)}
                {...(isVirtual ? { measure: virtual.measureElement } : {})}
                {...(onOpen === undefined ? {} : { onOpen })}
              />
            ))}
            {after > 0 && <tr aria-hidden="true" style={{ height: after }} />}
          </tbody>
        </table>
      </div>
      <TableFoot label={label} columns={columns} rows={sorted} />
    </div>
  )
}

function TableHead<Row>({
  columns,
  sort,
  onSort,
}: {
  readonly columns: readonly Column<Row>[]
  readonly sort: Sort | null
  readonly onSort: (column: Column<Row>) => void
}) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const active = sort?.column === column.id
          const direction = sort?.descending === true ? 'descending' : 'ascending'
          return (
            <th
              key={column.id}
              scope="col"
              aria-sort={active ? direction : undefined}
              className={classOf(column)}
              style={{ width: column.width }}
            >
              {column.value === undefined ? (
                column.header === '' ? (
                  <span className="bw-sr">Actions</span>
                ) : (
                  column.header
                )
              ) : (
                <button type="button" className="bw-table__sort" onClick={() => onSort(column)}>
                  {column.header}
                  {active && <Icon name={sort?.descending === true ? 'down' : 'up'} size={12} />}
                </button>
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

interface TableRowProps<Row> {
  readonly row: Row
  readonly index: number
  readonly columns: readonly Column<Row>[]
  readonly isOpen: boolean
  readonly onOpen?: (row: Row) => void
  readonly measure?: (element: HTMLElement | null) => void
}

function TableRow<Row>({ row, index, columns, isOpen, onOpen, measure }: TableRowProps<Row>) {
  const opens = onOpen !== undefined
  return (
    <tr
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      tabIndex={opens ? 0 : undefined}
      data-row
      className={`${opens ? 'bw-table__opens' : ''} ${isOpen ? 'bw-table__open' : ''}`}
      onClick={opens ? () => onOpen(row) : undefined}
      onKeyDown={(event) => {
        if (opens && event.key === 'Enter' && event.target === event.currentTarget) onOpen(row)
      }}
    >
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : 0
  const row = event.target instanceof HTMLElement ? event.target.closest('tr') : null
  if (step === 0 || row === null || event.target !== row) return
  const next = step === 1 ? row.nextElementSibling : row.previousElementSibling
  if (next instanceof HTMLElement && next.dataset['row'] !== undefined) {
    event.preventDefault()
    next.focus()
  }
}

function TableFoot<Row>({
  label,
  columns,
  rows,
}: {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
}) {
  const exported = columns.filter((column) => column.value !== undefined)
  const values = (): (string | number)[][] => rows.map((row) => exported.map((column) => column.value?.(row) ?? ''))
  const names = exported.map((column) => column.header)
  // Loaded when it is asked for: most tables are never saved.
  const saveCsv = async (): Promise<void> => {
    const { saveFile, writeCsv } = await import('../lib/csv.ts')
    saveFile(`${label}.csv`, 'text/csv', writeCsv(names, values()))
  }
  const saveJson = async (): Promise<void> => {
    const { saveFile } = await import('../lib/csv.ts')
    const objects = values().map((cells) => Object.fromEntries(cells.map((cell, index) => [names[index] ?? '', cell])))
    saveFile(`${label}.json`, 'application/json', JSON.stringify(objects, null, 2))
  }
  return (
    <div className="bw-table-foot">
      <span>
        {formatCount(rows.length)} {rows.length === 1 ? 'row' : 'rows'}
      </span>
      {exported.length > 0 && rows.length > 0 && (
        <>
          <Button variant="quiet" small onClick={() => void saveCsv()} aria-label={`Download ${label} as CSV`}>
            CSV
          </Button>
          <Button variant="quiet" small onClick={() => void saveJson()} aria-label={`Download ${label} as JSON`}>
            JSON
          </Button>
        </>
      )}
    </div>
  )
}

/** Sorting of tables. */

export interface Column<Row> {
  readonly id: string
  readonly header: string
  readonly cell: (row: Row) => React.ReactNode
  /** What the column sorts by and exports; without it the column does neither. */
  readonly value?: (row: Row) => string | number | null
  readonly isNumber?: boolean
  /** CSS width. */
  readonly width?: string
  /** Takes the room that is left, and is cut rather than pushing the others out. */
  readonly isMain?: boolean
  /** Left out on a phone. */
  readonly isExtra?: boolean
  /** Left out, too, where the table has little room: on a small laptop, beside a drawer. */
  readonly isAside?: boolean
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

/** Numbers by size, texts by letters with numbers in them by size ("node-2" before "node-10"); what is missing comes last. */
export function compareValues(a: string | number | null, b: string | number | null): number {
  const [aMissing, bMissing] = [a === null || Number.isNaN(a), b === null || Number.isNaN(b)]
  if (aMissing || bMissing) return aMissing === bMissing ? 0 : aMissing ? 1 : -1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | null): readonly Row[] {
  const value = columns.find((column) => column.id === sort?.column)?.value
  if (sort === null || value === undefined) return rows
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)]
    const isMissing = left === null || right === null || Number.isNaN(left) || Number.isNaN(right)
    const order = compareValues(left, right)
    return sort.descending && !isMissing ? -order : order
  })
}

/** The sort after a press on a header: numbers start with the largest, texts with the first; the second press turns it. */
export function nextSort<Row>(sort: Sort | null, column: Column<Row>): Sort {
  if (sort?.column === column.id) return { column: column.id, descending: !sort.descending }
  return { column: column.id, descending: column.isNumber === true }
}

import { describe, expect, it } from 'vitest'
import { nextSort, sortRows, type Column } from './table-model.ts'

interface Row {
  readonly name: string
  readonly size: number | null
}

const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', cell: (row) => row.name, value: (row) => row.name },
  { id: 'size', header: 'Size', cell: (row) => row.size, value: (row) => row.size, isNumber: true },
  { id: 'plain', header: 'Plain', cell: () => null },
]
const rows: Row[] = [
  { name: 'node-10', size: 1 },
  { name: 'node-2', size: null },
  { name: 'node-1', size: 30 },
]

describe('sortRows', () => {
  function f(column: string, descending: boolean, want: string[]): void {
    expect(sortRows(rows, columns, { column, descending }).map((row) => row.name)).toEqual(want)
  }

  it('knows numbers in texts and leaves missing values last both ways', () => {
    f('name', false, ['node-1', 'node-2', 'node-10'])
    f('name', true, ['node-10', 'node-2', 'node-1'])
    f('size', false, ['node-10', 'node-1', 'node-2'])
    f('size', true, ['node-1', 'node-10', 'node-2'])
    f('plain', true, ['node-10', 'node-2', 'node-1'])
  })

  it('turns on the second press', () => {
    const [name, size] = columns
    if (name === undefined || size === undefined) throw new Error('columns')
    expect(nextSort(null, size)).toEqual({ column: 'size', descending: true })
    expect(nextSort({ column: 'size', descending: true }, size)).toEqual({ column: 'size', descending: false })
    expect(nextSort(null, name)).toEqual({ column: 'name', descending: false })
  })
})

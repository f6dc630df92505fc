import { cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DataTable } from './DataTable.tsx'
import type { Column } from './table-model.ts'

interface Row {
  readonly name: string
  readonly size: number
}

const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', value: (row) => row.name, cell: (row) => row.name },
  { id: 'size', header: 'Size', isNumber: true, value: (row) => row.size, cell: (row) => row.size },
]
const rows: Row[] = [
  { name: 'b <script>', size: 2 },
  { name: 'a', size: 3 },
  { name: 'c', size: 1 },
]

function names(): (string | null | undefined)[] {
  const [, body] = screen.getAllByRole('rowgroup')
  if (body === undefined) throw new Error('no body')
  return within(body)
    .getAllByRole('row')
    .map((row) => row.querySelector('td')?.textContent)
}

afterEach(cleanup)

describe('DataTable', () => {
  it('sorts by a press on a header and says so', async () => {
    render(<DataTable label="things" columns={columns} rows={rows} rowKey={(row) => row.name} />)
    expect(names()).toEqual(['b <script>', 'a', 'c'])
    await userEvent.click(screen.getByRole('button', { name: 'Size' }))
    expect(names()).toEqual(['a', 'b <script>', 'c'])
    expect(screen.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('descending')
    await userEvent.click(screen.getByRole('button', { name: 'Size' }))
    expect(names()).toEqual(['c', 'b <script>', 'a'])
  })

  it('opens a row and moves by j and k', async () => {
    const open = vi.fn()
    render(<DataTable label="things" columns={columns} rows={rows} rowKey={(row) => row.name} onOpen={open} />)
    const [, first] = screen.getAllByRole('row')
    first?.focus()
    await userEvent.keyboard('j')
    expect(document.activeElement?.textContent).toContain('a')
    await userEvent.keyboard('jk{Enter}')
    expect(open).toHaveBeenCalledWith(rows[1])
  })

  it('shows what teaches when there is nothing', () => {
    render(<DataTable label="things" columns={columns} rows={[]} rowKey={(row) => row.name} empty={<p>Nothing yet: send some.</p>} />)
    expect(screen.queryByRole('table')).toBeNull()
    expect(document.body.textContent).toContain('send some')
  })
})

it('is gone to with j from anywhere that is no text, and moves on from the row', async () => {
  render(
    <>
      <h1 tabIndex={-1}>Things</h1>
      <input aria-label="find" />
      <DataTable label="things" columns={columns} rows={rows} rowKey={(row) => row.name} onOpen={() => undefined} />
    </>,
  )
  const field = screen.getByLabelText<HTMLInputElement>('find')
  await userEvent.click(field)
  await userEvent.keyboard('j')
  expect([document.activeElement, field.value]).toEqual([field, 'j'])
  screen.getByRole('heading', { name: 'Things' }).focus()
  await userEvent.keyboard('gk')
  expect(document.activeElement?.textContent).toBe('Things')
  await userEvent.keyboard('j')
  expect(document.activeElement?.textContent).toBe('b <script>2')
  await userEvent.keyboard('jjj')
  expect(document.activeElement?.textContent).toBe('c1')
})

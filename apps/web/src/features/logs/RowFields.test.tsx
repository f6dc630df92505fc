import { cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it } from 'vitest'
import { attributesOf, rowFields } from './log-fields.ts'
import { RowFields } from './RowFields.tsx'
import { logRow } from './testing/row.ts'
import { recordedState } from './testing/state.ts'

afterEach(cleanup)

const row = logRow({ attributes: { service: 'inner', 'http.status_code': '503', empty: '' } })

it('asks for a value, leaves it out, makes it a column', async () => {
  const state = recordedState()
  render(<RowFields title="Attributes" fields={attributesOf(row)} state={state} />)
  await userEvent.click(screen.getByRole('button', { name: 'Only rows with this http.status_code' }))
  await userEvent.click(screen.getByRole('button', { name: 'Leave out rows with this service' }))
  await userEvent.click(screen.getByRole('button', { name: 'Show http.status_code as a column' }))
  expect(state.calls).toEqual([
    'addFilter {"field":"@http.status_code","value":"503","exclude":false}',
    'addFilter {"field":"@service","value":"inner","exclude":true}',
    'toggleColumn "@http.status_code"',
  ])
})

it('knows which columns there are, and when there is no room for another', () => {
  const columns = ['@http.status_code', ...Array.from({ length: 7 }, (_, i) => `c${i}`)]
  render(<RowFields title="Attributes" fields={attributesOf(row)} state={recordedState({ col: columns })} />)
  expect(screen.getByRole('button', { name: 'Remove column http.status_code' }).getAttribute('aria-pressed')).toBe('true')
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Show service as a column' }).disabled).toBe(true)
})

it('makes no column of what the list shows anyway, and shows nothing where there is nothing', () => {
  const { container, rerender } = render(<RowFields title="Fields" fields={rowFields(row)} state={recordedState()} />)
  expect(screen.queryByRole('button', { name: 'Show service as a column' })).toBeNull()
  expect(screen.getByRole('button', { name: 'Show host as a column' })).toBeTruthy()
  rerender(<RowFields title="Fields" fields={[]} state={recordedState()} />)
  expect(container.textContent).toBe('')
})

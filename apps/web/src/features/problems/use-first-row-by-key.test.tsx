import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { useFirstRowByKey } from './use-first-row-by-key.ts'

function List() {
  const list = useFirstRowByKey()
  return (
    <section ref={list}>
      <input aria-label="find" />
      <table>
        <tbody>
          <tr data-row tabIndex={0}>
            <td>first</td>
          </tr>
          <tr data-row tabIndex={0}>
            <td>second</td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

test('j goes to the first row when nothing has the focus, and is a letter in a field', async () => {
  render(<List />)
  const field = screen.getByLabelText<HTMLInputElement>('find')
  await userEvent.click(field)
  await userEvent.keyboard('j')
  expect(document.activeElement).toBe(field)
  expect(field.value).toBe('j')
  field.blur()
  await userEvent.keyboard('j')
  expect(document.activeElement?.textContent).toBe('first')
})

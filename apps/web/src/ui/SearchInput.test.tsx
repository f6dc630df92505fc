import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { SearchInput, type SearchProblem, type UnknownSearchName } from './SearchInput.tsx'
import type { CompleteSearch } from './use-search-completion.ts'

afterEach(cleanup)

const services: CompleteSearch = (text) =>
  Promise.resolve({
    from: text.indexOf(':') + 1,
    to: text.length,
    items: [
      { kind: 'value', label: 'checkout', insert: 'checkout ', detail: '12 k' },
      { kind: 'value', label: 'cart', insert: 'cart ' },
    ],
  })

function show(options: { value?: string; problem?: SearchProblem; unknown?: UnknownSearchName[]; complete?: CompleteSearch } = {}) {
  const onRun = vi.fn()
  render(
    <SearchInput
      label="Search logs"
      placeholder="Search"
      value={options.value ?? ''}
      problem={options.problem ?? null}
      unknown={options.unknown}
      complete={options.complete ?? (() => Promise.resolve(null))}
      onRun={onRun}
    />,
  )
  return { onRun, field: screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Search logs' }) }
}

it('runs what is typed with Enter, without the blanks around it', async () => {
  const { onRun, field } = show()
  await userEvent.type(field, ' timeout {Enter}')
  expect(onRun).toHaveBeenCalledWith('timeout')
})

it('takes the first suggestion with Tab and the chosen one with the arrows and Enter', async () => {
  const { onRun, field } = show({ complete: services })
  await userEvent.type(field, 'service:c')
  await screen.findByRole('listbox', { busy: false })
  await userEvent.keyboard('{Tab}')
  expect(field.value).toBe('service:checkout ')
  await userEvent.clear(field)
  await userEvent.type(field, 'service:')
  await screen.findByRole('listbox', { busy: false })
  await userEvent.keyboard('{ArrowUp}{Enter}')
  expect(field.value).toBe('service:cart ')
  expect(onRun).not.toHaveBeenCalled()
})

it('takes only what was suggested for the text in the field: Tab waits for it, a press on an older one does nothing', async () => {
  const answers = new Map<string, () => void>()
  const complete: CompleteSearch = (text) =>
    new Promise((resolve) => {
      const name = text.includes('ca') ? 'cart' : 'checkout'
      answers.set(text, () =>
        resolve({ from: text.indexOf(':') + 1, to: text.length, items: [{ kind: 'value', label: name, insert: name }] }),
      )
    })
  const answer = async (text: string): Promise<void> => {
    await waitFor(() => expect(answers.has(text)).toBe(true))
    await act(async () => answers.get(text)?.())
  }
  const { field } = show({ complete })
  await userEvent.type(field, 'service:c')
  await answer('service:c')
  await screen.findByRole('option', { name: /checkout/ })
  await userEvent.type(field, 'a')
  await userEvent.click(screen.getByRole('option', { name: /checkout/ }))
  expect(field.value).toBe('service:ca')
  await userEvent.keyboard('{Tab}')
  expect(field.value).toBe('service:ca')
  expect(document.activeElement).toBe(field)
  await answer('service:ca')
  expect(field.value).toBe('service:cart')
})

it('runs with Enter while suggestions are open and none is chosen', async () => {
  const { onRun, field } = show({ complete: services })
  await userEvent.type(field, 'service:c')
  await screen.findByRole('option', { name: /cart/ })
  await userEvent.keyboard('{Enter}')
  expect(onRun).toHaveBeenCalledWith('service:c')
  expect(screen.queryByRole('listbox')).toBeNull()
})

it('closes the suggestions with Escape and keeps what is typed', async () => {
  const { field } = show({ complete: services })
  await userEvent.type(field, 'service:c')
  await screen.findByRole('listbox')
  await userEvent.keyboard('{Escape}')
  expect(screen.queryByRole('listbox')).toBeNull()
  expect(field.value).toBe('service:c')
})

it('says what is wrong and where, until the text is changed', async () => {
  const { field } = show({ value: 'a OR', problem: { message: 'Something must follow OR.', from: 2, to: 4 } })
  expect(screen.getByRole('alert').textContent).toContain('Something must follow OR.')
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(document.querySelector('.bw-search__wrong')?.textContent).toBe('OR')
  await userEvent.type(field, ' b')
  expect(screen.queryByRole('alert')).toBeNull()
})

it('says that a small operator is looked for as a word, and takes the capitals with a press', async () => {
  const unknown = [{ name: 'or', from: 5, to: 7, meant: [{ name: 'OR', insert: 'OR' }], isWord: true }]
  const { onRun } = show({ value: 'gone or lost', unknown })
  expect(screen.getByRole('status').textContent).toContain('or is looked for as a word')
  await userEvent.click(screen.getByRole('button', { name: 'OR' }))
  expect(onRun).toHaveBeenCalledWith('gone OR lost')
})

it('says that nothing has a name that looks like no other', () => {
  show({ value: 'status:500', unknown: [{ name: 'status', from: 0, to: 6, meant: [] }] })
  expect(screen.getByRole('status').textContent).toBe('Nothing in this range has status.')
})

it('shows another search when the address changes', () => {
  const props = { label: 'Search logs', placeholder: '', problem: null, complete: () => Promise.resolve(null), onRun: () => undefined }
  const { rerender } = render(<SearchInput {...props} value="one" />)
  rerender(<SearchInput {...props} value="two" />)
  expect(screen.getByRole<HTMLTextAreaElement>('textbox').value).toBe('two')
})

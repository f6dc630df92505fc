import { cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Dropdown, MenuGroup, MenuItem } from './Dropdown.tsx'

afterEach(cleanup)

function Sample({ onPick }: { readonly onPick: (what: string) => void }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Dropdown
        kind="menu"
        label="Letters"
        isOpen={isOpen}
        onOpenChange={setOpen}
        trigger={(props) => (
          <button type="button" {...props}>
            Open
          </button>
        )}
      >
        <MenuItem onSelect={() => onPick('a')}>A</MenuItem>
        <MenuItem disabled onSelect={() => onPick('b')}>
          B
        </MenuItem>
        <MenuGroup label="More">
          <MenuItem isChosen staysOpen onSelect={() => onPick('c')}>
            C
          </MenuItem>
        </MenuGroup>
      </Dropdown>
      <button type="button">Elsewhere</button>
    </>
  )
}

describe('Dropdown', () => {
  it('opens on its first item, walks round, skips what is disabled', async () => {
    render(<Sample onPick={() => undefined} />)
    await userEvent.click(screen.getByRole('button', { name: 'Open' }))
    expect(document.activeElement?.textContent).toBe('A')
    await userEvent.keyboard('{ArrowDown}')
    expect(document.activeElement?.textContent).toBe('C')
    await userEvent.keyboard('{ArrowDown}')
    expect(document.activeElement?.textContent).toBe('A')
    await userEvent.keyboard('{End}')
    expect(screen.getByRole('menuitemradio', { name: 'C' }).getAttribute('aria-checked')).toBe('true')
  })

  it('gives the focus back on Esc, and closes after a choice unless it stays', async () => {
    const pick = vi.fn()
    render(<Sample onPick={pick} />)
    const button = screen.getByRole('button', { name: 'Open' })
    await userEvent.click(button)
    await userEvent.keyboard('{Escape}')
    expect(screen.queryByRole('menu')).toBeNull()
    expect(document.activeElement).toBe(button)
    await userEvent.click(button)
    await userEvent.click(screen.getByRole('menuitemradio', { name: 'C' }))
    expect(screen.getByRole('menu')).toBeTruthy()
    await userEvent.click(screen.getByRole('menuitem', { name: 'A' }))
    expect(screen.queryByRole('menu')).toBeNull()
    expect(pick.mock.calls).toEqual([['c'], ['a']])
  })

  it('closes by a press outside', async () => {
    render(<Sample onPick={() => undefined} />)
    await userEvent.click(screen.getByRole('button', { name: 'Open' }))
    await userEvent.click(screen.getByRole('button', { name: 'Elsewhere' }))
    expect(screen.queryByRole('menu')).toBeNull()
  })

  it('leaves the focus with the field of a dialog that asks for it', async () => {
    const shown = (isOpen: boolean) => (
      <Dropdown kind="dialog" label="Names" isOpen={isOpen} onOpenChange={() => undefined} trigger={() => null}>
        <input aria-label="Name" autoFocus />
      </Dropdown>
    )
    const { rerender } = render(shown(false))
    rerender(shown(true))
    expect(document.activeElement).toBe(screen.getByLabelText('Name'))
  })
})

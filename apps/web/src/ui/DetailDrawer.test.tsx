import { MantineProvider } from '@mantine/core'
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { afterEach, expect, it } from 'vitest'
import { DetailDrawer } from './DetailDrawer.tsx'

afterEach(cleanup)

function Page({ keepsOpener }: { readonly keepsOpener: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const [wasOpen, setWasOpen] = useState(false)
  return (
    <MantineProvider>
      <main id="content" tabIndex={-1}>
        {(keepsOpener || !wasOpen) && (
          <button
            type="button"
            onClick={() => {
              setOpen(true)
              setWasOpen(true)
            }}
          >
            Open
          </button>
        )}
        {isOpen && (
          <DetailDrawer title="One of them" onClose={() => setOpen(false)}>
            <button type="button">Inside</button>
          </DetailDrawer>
        )}
      </main>
    </MantineProvider>
  )
}

it('gives the focus back to what opened it', async () => {
  render(<Page keepsOpener />)
  const opener = screen.getByRole('button', { name: 'Open' })
  await userEvent.click(opener)
  const drawer = await screen.findByRole('dialog', { name: 'One of them' })
  await waitFor(() => expect(drawer.contains(document.activeElement)).toBe(true))
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(document.activeElement).toBe(opener))
})

it('gives the focus to the content when what opened it is gone', async () => {
  render(<Page keepsOpener={false} />)
  await userEvent.click(screen.getByRole('button', { name: 'Open' }))
  const drawer = await screen.findByRole('dialog', { name: 'One of them' })
  await waitFor(() => expect(drawer.contains(document.activeElement)).toBe(true))
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('main')))
})

it('has a header that is no second banner of the page', async () => {
  render(<Page keepsOpener />)
  await userEvent.click(screen.getByRole('button', { name: 'Open' }))
  await screen.findByRole('dialog', { name: 'One of them' })
  expect(screen.queryByRole('banner')).toBeNull()
})

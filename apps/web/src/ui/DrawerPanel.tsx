/** What `DetailDrawer` shows; its own chunk, loaded when the first drawer opens. */
import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import { useFocusBack } from './use-focus-back.ts'

export interface DetailDrawerProps {
  readonly title: ReactNode
  readonly onClose: () => void
  /** Wider for what has long lines. */
  readonly sizePx?: number
  readonly children: ReactNode
}

export function DrawerPanel({ title, onClose, sizePx = 480, children }: DetailDrawerProps) {
  useFocusBack()
  return (
    <Drawer.Root opened onClose={onClose} position="right" size={sizePx}>
      <Drawer.Overlay backgroundOpacity={0.15} />
      <Drawer.Content>
        {/* A <header> of its own would be a second banner of the page. */}
        <Drawer.Header role="presentation">
          <Drawer.Title>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </Drawer.Header>
        <Drawer.Body>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

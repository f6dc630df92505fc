/** The one detail drawer: beside the list, closed by Esc, its opening kept in the address by the page. */
import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'

export interface DetailDrawerProps {
  readonly title: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}

export function DetailDrawer({ title, onClose, children }: DetailDrawerProps) {
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={480}
      title={title}
      closeButtonProps={{ 'aria-label': 'Close' }}
      overlayProps={{ backgroundOpacity: 0.15 }}
    >
      {children}
    </Drawer>
  )
}

/** The one detail drawer: beside the list, closed by Esc, its opening kept in the address by the page. */
import { lazy, Suspense, type ReactNode } from 'react'

const DrawerPanel = lazy(async () => ({ default: (await import('./DrawerPanel.tsx')).DrawerPanel }))

export interface DetailDrawerProps {
  readonly title: ReactNode
  readonly onClose: () => void
  /** Wider for what has long lines. */
  readonly sizePx?: number
  readonly children: ReactNode
}

export function DetailDrawer(props: DetailDrawerProps) {
  return (
    <Suspense fallback={null}>
      <DrawerPanel {...props} />
    </Suspense>
  )
}

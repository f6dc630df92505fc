/** The one detail drawer: beside the list, closed by Esc, its opening kept in the address by the page. */
import { lazy, Suspense } from 'react'
import type { DetailDrawerProps } from './DrawerPanel.tsx'

const DrawerPanel = lazy(async () => ({ default: (await import('./DrawerPanel.tsx')).DrawerPanel }))

export function DetailDrawer(props: DetailDrawerProps) {
  return (
    <Suspense fallback={null}>
      <DrawerPanel {...props} />
    </Suspense>
  )
}

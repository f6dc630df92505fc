/** The drawer of a row, loaded when the first one is opened. */
import { lazy, Suspense } from 'react'
import type { LogDrawerProps } from './LogDrawer.tsx'

const LogDrawer = lazy(async () => ({ default: (await import('./LogDrawer.tsx')).LogDrawer }))

export function LazyLogDrawer(props: LogDrawerProps) {
  return (
    <Suspense fallback={null}>
      <LogDrawer {...props} />
    </Suspense>
  )
}

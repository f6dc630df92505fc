/** For what cannot be undone: says what will happen and asks for the name. */
import { lazy, Suspense, type ReactNode } from 'react'

const ConfirmDialog = lazy(async () => ({ default: (await import('./ConfirmDialog.tsx')).ConfirmDialog }))

export interface ConfirmTypedProps {
  readonly title: string
  /** What has to be typed. */
  readonly name: string
  readonly action: string
  readonly busy: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** What will happen. */
  readonly children: ReactNode
}

export function ConfirmTyped(props: ConfirmTypedProps) {
  return (
    <Suspense fallback={null}>
      <ConfirmDialog {...props} />
    </Suspense>
  )
}

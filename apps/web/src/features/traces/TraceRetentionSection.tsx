/** The section about traces of the page about retention; its form is loaded with that page alone. */
import { lazy, Suspense } from 'react'
import { Loading } from '../../ui/states.tsx'

const Form = lazy(async () => ({ default: (await import('./TraceRetention.tsx')).TraceRetention }))

export function TraceRetention() {
  return (
    <Suspense fallback={<Loading label="the retention of traces" rows={2} />}>
      <Form />
    </Suspense>
  )
}

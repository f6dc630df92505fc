/** What was left out of rows, for other pages: loaded with the page that shows it, so that the first page stays small. */
import type { UsageRow } from '@bellwether/protocol'
import { lazy, Suspense } from 'react'
import { Loading } from '../../ui/states.tsx'

const LeftOut = lazy(async () => ({ default: (await import('./LeftOut.tsx')).LeftOut }))

export function LeftOutSection({ rows }: { readonly rows: readonly UsageRow[] }) {
  return (
    <Suspense fallback={<Loading label="what was left out" rows={3} />}>
      <LeftOut rows={rows} />
    </Suspense>
  )
}

/** Deletes a metric: counts first, asks for its name, and says when it is on its way. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { ConfirmTyped } from '../../ui/ConfirmTyped.tsx'
import { may, usePlace } from '../session/index.ts'
import { deleteMetric } from './retention.queries.ts'

/** Nothing for who may not. */
export function DeleteMetric({ name, onDeleted }: { readonly name: string; readonly onDeleted: () => void }) {
  const { projectPath, organization } = usePlace()
  const client = useQueryClient()
  const [open, setOpen] = useState(false)
  const count = useQuery({
    queryKey: ['retention', projectPath, 'count', name],
    queryFn: () => deleteMetric(projectPath, name, true),
    enabled: open,
    staleTime: 0,
    retry: false,
  })
  const remove = useMutation({
    mutationFn: () => deleteMetric(projectPath, name, false),
    onSuccess: async () => {
      // Not what is asked of the metric itself: there is none any more.
      await client.invalidateQueries({ predicate: ({ queryKey }) => !queryKey.includes(name) })
      onDeleted()
    },
  })
  if (!may(organization, 'admin')) return null
  return (
    <>
      <Button icon="trash" onClick={() => setOpen(true)}>
        Delete…
      </Button>
      {open && (
        <ConfirmTyped
          title="Delete this metric?"
          name={name}
          action="Delete metric"
          busy={remove.isPending}
          error={remove.error ?? count.error}
          onConfirm={() => remove.mutate()}
          onClose={() => setOpen(false)}
        >
          <p aria-live="polite">
            {count.data === undefined
              ? 'Counting what would go…'
              : `${formatCount(count.data.series)} series with ${formatCount(count.data.samples)} stored samples go, with their rollups.`}
          </p>
          <p>Nobody sees them from then on, and they cannot be brought back. What is sent afterwards under this name is new data.</p>
        </ConfirmTyped>
      )}
    </>
  )
}

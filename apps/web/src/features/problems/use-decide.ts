/** Deciding about problems: what is on the screen is asked again afterwards. */
import type { ProblemDecision } from '@bellwether/protocol'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { usePlace } from '../session/index.ts'
import { decide } from './problems.queries.ts'

export interface Deciding {
  readonly isBusy: boolean
  readonly error: Error | null
  readonly decide: (ids: readonly string[], decision: ProblemDecision) => void
}

export function useDecide(): Deciding {
  const { projectPath } = usePlace()
  const client = useQueryClient()
  const deciding = useMutation({
    mutationFn: ({ ids, decision }: { readonly ids: readonly string[]; readonly decision: ProblemDecision }) =>
      decide(projectPath, ids, decision),
    onSettled: () => client.invalidateQueries({ queryKey: ['problems', projectPath] }),
  })
  return {
    isBusy: deciding.isPending,
    error: deciding.error,
    decide: (ids, decision) => deciding.mutate({ ids, decision }),
  }
}

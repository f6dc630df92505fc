/** Which names of a search nothing has: asked only when it found nothing, for a name that rows were found by is right. */
import type { SearchSignal } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import type { TimeRange } from '../../lib/time-range.ts'
import type { UnknownSearchName } from '../../ui/SearchInput.tsx'
import { usePlace } from '../session/index.ts'
import { unknownNamesQuery } from './search.queries.ts'

export interface AskedNames {
  readonly text: string
  readonly range: TimeRange
  /** The search has been answered, and nothing was found. */
  readonly isNothing: boolean
}

export function useUnknownNames(signal: SearchSignal, { text, range, isNothing }: AskedNames): readonly UnknownSearchName[] | undefined {
  const { projectPath } = usePlace()
  const { from, to } = range
  const isAsked = isNothing && text !== ''
  const names = useQuery({ ...unknownNamesQuery(projectPath, signal, { text, from, to }), enabled: isAsked })
  return isAsked ? names.data : undefined
}
